//! konflux-api.
