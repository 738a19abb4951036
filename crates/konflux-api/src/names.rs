//! Names that Konflux derives from other names.

/// The ConfigMap of build-service that lists the known build pipelines under the key `config.yaml`.
pub const BUILD_PIPELINE_CONFIG: &str = "build-pipeline-config";
/// The namespace of [`BUILD_PIPELINE_CONFIG`].
pub const BUILD_SERVICE_NAMESPACE: &str = "build-service";
/// The key of [`BUILD_PIPELINE_CONFIG`]'s content.
pub const BUILD_PIPELINE_CONFIG_KEY: &str = "config.yaml";
/// The RoleBinding, one per tenant, whose subjects are the tenant's build ServiceAccounts.
pub const BUILD_ROLE_BINDING: &str = "konflux-pipelines-runner-bindings";
/// The ClusterRole that [`BUILD_ROLE_BINDING`] refers to.
pub const BUILD_CLUSTER_ROLE: &str = "appstudio-pipelines-runner";
/// The ReleaseServiceConfig that release-service reads.
pub const RELEASE_SERVICE_CONFIG: &str = "release-service-config";
/// The namespace of [`RELEASE_SERVICE_CONFIG`].
pub const RELEASE_SERVICE_NAMESPACE: &str = "release-service";
/// The ClusterRole that a managed pipeline's ServiceAccount gets in the tenant's namespace.
pub const RELEASE_CLUSTER_ROLE: &str = "release-pipeline-resource-role";
/// The workspace that release-service binds in every release PipelineRun, unless configured otherwise.
pub const RELEASE_WORKSPACE: &str = "release-workspace";
/// The ConfigMap, one per namespace, with the certificate authorities that pipelines must trust.
pub const TRUSTED_CA: &str = "trusted-ca";
/// The key of [`TRUSTED_CA`]'s bundle of PEM certificates.
pub const TRUSTED_CA_KEY: &str = "ca-bundle.crt";

/// The ConfigMap, in the namespace of a run, that says where registries answer, for steps that are processes of a host without a
/// cluster network: our own, not Konflux's. Where there are pods, DNS and Services say it.
pub const REGISTRY_ENDPOINTS: &str = "registry-endpoints";
/// The key of [`REGISTRY_ENDPOINTS`]'s content, `HOST=ADDRESS:PORT,…`.
pub const REGISTRY_ENDPOINTS_KEY: &str = "endpoints";

/// The ServiceAccount that builds a component. Konflux neither shortens nor hashes it, so a component's name of more
/// than 238 characters makes the API server refuse the ServiceAccount.
pub fn build_pipeline_service_account(component: &str) -> String {
    format!("build-pipeline-{component}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_service_account_carries_the_whole_component_name() {
        let component = "a".repeat(80);
        assert_eq!(
            build_pipeline_service_account(&component),
            format!("build-pipeline-{component}")
        );
    }
}
