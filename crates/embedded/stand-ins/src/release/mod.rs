//! release-service: a Release is validated and runs its pipelines.
