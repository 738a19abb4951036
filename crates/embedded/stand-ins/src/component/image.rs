//! Image references as Konflux's controllers cut them, to the letter and with their faults.

/// The repository of a Component's `spec.containerImage`, as build-service gets it: cut at the first `@`, else at the first
/// `:`. A registry with a port therefore loses everything after its host
/// (build-service, `getContainerImageRepository`).
pub(crate) fn build_repository(container_image: &str) -> &str {
    match container_image.split_once('@') {
        Some((repository, _)) => repository,
        None => container_image
            .split_once(':')
            .map_or(container_image, |(repository, _)| repository),
    }
}

/// The image of a Snapshot, as integration-service gets it from a build's results: the text before the first `:` of the URL,
/// and the digest (integration-service, `GetImagePullSpecFromPipelineRun`).
pub(crate) fn snapshot_image(image_url: &str, image_digest: &str) -> String {
    let repository = image_url
        .split_once(':')
        .map_or(image_url, |(repository, _)| repository);
    format!("{repository}@{image_digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_digests_are_cut_off() {
        assert_eq!(
            build_repository("registry.example/ns/c"),
            "registry.example/ns/c"
        );
        assert_eq!(
            build_repository("registry.example/ns/c:tag"),
            "registry.example/ns/c"
        );
        assert_eq!(
            build_repository("registry.example/ns/c@sha256:00"),
            "registry.example/ns/c"
        );
        assert_eq!(
            snapshot_image("registry.example/ns/c:tag", "sha256:00"),
            "registry.example/ns/c@sha256:00"
        );
    }

    #[test]
    fn the_faults_of_the_real_controllers_are_kept() {
        assert_eq!(build_repository("registry:5000/ns/c"), "registry");
        assert_eq!(
            build_repository("registry.example/c:tag@sha256:00"),
            "registry.example/c:tag"
        );
        assert_eq!(
            snapshot_image("registry:5000/ns/c:tag", "sha256:00"),
            "registry@sha256:00"
        );
        assert_eq!(
            snapshot_image("r.example/c@sha256:00", "sha256:00"),
            "r.example/c@sha256@sha256:00"
        );
    }
}
