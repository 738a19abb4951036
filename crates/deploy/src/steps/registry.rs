//! The registry is announced, and proven by a push and a pull by digest.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use cluster::DeploymentRecord;
use credentials::DockerConfig;
use kube::core::DynamicObject;
use oci::image::{ImageBuilder, LayerFiles};
use oci::{Client, Endpoints, ImageReference, Layout};
use serde_json::json;

use super::DeployContext;
use crate::apply;
use crate::plan::{Outcome, Progress, Step, StepError};

pub(super) struct RegistryHosting;
pub(super) struct RegistryProof;

/// The deployment's registry cannot be talked to for a reason that lies on this host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryAccessError {
    #[error("cannot read {path}: {source}")]
    Ca {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Login(#[from] credentials::FileError),
    #[error(transparent)]
    Endpoints(#[from] oci::EndpointsError),
    #[error(transparent)]
    Client(#[from] oci::Error),
}

/// A client of the deployment's registry, which trusts the deployment's authority and logs in where a login is asked.
pub(crate) fn client(record: &DeploymentRecord) -> Result<Client, RegistryAccessError> {
    let path = record.ca_file.clone();
    let ca = std::fs::read(&path).map_err(|source| RegistryAccessError::Ca { path, source })?;
    let mut endpoints = Endpoints::new();
    for (host, address) in record.registry.addresses() {
        endpoints = endpoints.with(host, address)?;
    }
    let mut builder = Client::builder()
        .endpoints(endpoints)
        .ca_certificate_pem(ca);
    if let Some(path) = &record.registry.auth_file {
        let config = DockerConfig::from_file(path)?;
        builder = builder.credentials(move |repository: &ImageReference| {
            let found = config.lookup(&repository.name());
            let found = found.map_err(|error| error.to_string())?;
            Ok(found.map(|login| oci::Credential::Password {
                username: login.username,
                password: login.password,
            }))
        });
    }
    Ok(builder.build()?)
}

/// The image that proves the registry.
pub(crate) fn proof_reference() -> ImageReference {
    let reference = format!(
        "{}/konflux-local/registry-proof:latest",
        konflux_api::INTERNAL_REGISTRY_HOST
    );
    reference.parse().expect("a literal reference is valid")
}

#[async_trait]
impl Step<DeployContext> for RegistryHosting {
    fn name(&self) -> &'static str {
        "registry-hosting"
    }

    fn title(&self) -> &'static str {
        "announce the registry in ConfigMap kube-public/local-registry-hosting (KEP-1755)"
    }

    async fn run(
        &self,
        context: &DeployContext,
        _progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let connection = context.connection()?;
        let registry = &connection.record.registry;
        // The three keys of KEP-1755's LocalRegistryHostingV1; `help` is a URL or text for people.
        let hosting = format!(
            "host: \"{}\"\nhostFromContainerRuntime: \"{}\"\nhostFromClusterNetwork: \"{}\"\nhelp: \"cargo xtask status\"\n",
            registry.host_endpoint, registry.host_endpoint, registry.in_cluster_host
        );
        let object: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "local-registry-hosting", "namespace": "kube-public"},
            "data": {"localRegistryHosting.v1": hosting},
        }))
        .expect("a literal ConfigMap is an object");
        let changed = apply::one(&connection.client, object).await;
        match changed.map_err(StepError::because("announce the registry"))? {
            true => Ok(Outcome::Changed("announced".to_owned())),
            false => Ok(Outcome::Unchanged),
        }
    }
}

#[async_trait]
impl Step<DeployContext> for RegistryProof {
    fn name(&self) -> &'static str {
        "registry-proof"
    }

    fn title(&self) -> &'static str {
        "push an image to the registry and pull it back by digest"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let connection = context.connection()?;
        let client = client(&connection.record).map_err(StepError::because("use the registry"))?;
        let folder =
            tempfile::tempdir().map_err(StepError::because("make a folder for the image"))?;
        let layout = assemble(folder.path()).map_err(StepError::because("assemble the image"))?;
        let digest = layout
            .image()
            .map_err(StepError::because("assemble the image"))?
            .digest;

        let tagged = proof_reference();
        let by_digest = tagged.with_digest(digest.clone());
        // The same image has the same digest each time: one that is there, whole and tagged needs no push.
        let resolved = client
            .resolve(&tagged)
            .await
            .map_err(StepError::because(format!("resolve {tagged}")))?;
        if resolved.as_ref() == Some(&digest) && client.verify(&by_digest).await.is_ok() {
            return Ok(Outcome::Unchanged);
        }
        progress.waiting("the push of the image");
        let pushed = client.push_layout(layout.directory(), &tagged).await;
        pushed.map_err(StepError::because(format!("push {tagged}")))?;
        progress.waiting("the pull of the image");
        let verified = client.verify(&by_digest).await;
        verified.map_err(StepError::because(format!(
            "pull {by_digest}, which was just pushed"
        )))?;
        Ok(Outcome::Changed(
            "pushed an image and pulled it by digest".to_owned(),
        ))
    }
}

/// The image that proves the registry: one file, and the same bytes each time.
fn assemble(folder: &Path) -> Result<Layout, oci::Error> {
    let layout = Layout::create(folder.join("layout"))?;
    let mut files = LayerFiles::new();
    files.add_content(
        "proof",
        b"this registry gives back what it was given\n".to_vec(),
    )?;
    let mut image = ImageBuilder::scratch(&layout, oci::Platform::linux_host());
    image.add_layer(&files, "proof of the registry")?;
    image.finish()?;
    Ok(layout)
}
