//! A registry over TLS, and images to push to it.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]
#![allow(unreachable_pub, reason = "each test is a crate of its own")]

use std::sync::Arc;

use harness::Source;
use harness::images::{Description, PushedImage};
use oci::image::{ImageBuilder, LayerFiles};
use oci::{Client, Digest, ImageReference, Layout, Platform};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use registry::storage::{Memory, Storage};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub struct Registry {
    pub client: Client,
    host: String,
    storage: Arc<Memory>,
    _until_dropped: DropGuard,
}

impl Registry {
    pub async fn start() -> Self {
        let (authority, chain, key) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let tls = registry::tls::server_config(&chain, &key).unwrap();
        let storage = Arc::new(Memory::new());
        let served = registry::Registry::new(storage.clone(), registry::Options::default());
        let shutdown = CancellationToken::new();
        tokio::spawn(registry::serve(
            listener,
            tls,
            served.router(),
            shutdown.clone(),
        ));
        let client = Client::builder()
            .ca_certificate_pem(authority)
            .build()
            .unwrap();
        Self {
            client,
            host,
            storage,
            _until_dropped: shutdown.drop_guard(),
        }
    }

    pub fn reference(&self, rest: &str) -> ImageReference {
        format!("{}/{rest}", self.host).parse().unwrap()
    }

    /// Pushes the image of a source as an honest build would, and says so.
    pub async fn build(&self, source: &Source, tagged: &str) -> PushedImage {
        let tagged = self.reference(tagged);
        let folder = tempfile::tempdir().unwrap();
        assemble(&source.image(), folder.path());
        let digest = self
            .client
            .push_layout(folder.path(), &tagged)
            .await
            .unwrap();
        PushedImage::new(self.client.clone(), tagged, digest)
    }

    /// Stores files as a trusted artifact, an archive named by its digest, and gives its URI. A layer of an image is just that.
    pub async fn store(&self, source: &Source, repository: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        let mut image = ImageBuilder::scratch(&layout, Platform::linux_host());
        let mut files = LayerFiles::new();
        for (path, content) in source.files() {
            files.add_content(path, content.clone()).unwrap();
        }
        image.add_layer(&files, "COPY").unwrap();
        image.finish().unwrap();
        let repository = self.reference(repository);
        let digest = self.client.push_layout(folder.path(), &repository).await;
        let image = repository.with_digest(digest.unwrap());
        let verified = self.client.verify(&image).await.unwrap();
        let archive = verified.platforms[0].layers[0].digest.clone();
        format!("oci:{}", repository.with_digest(archive))
    }

    /// What no honest registry does: a blob is gone that a manifest names.
    pub async fn lose_blob(&self, repository: &str, digest: &Digest) {
        let (name, digest) = (
            repository.parse().unwrap(),
            digest.to_string().parse().unwrap(),
        );
        assert!(self.storage.delete_blob(&name, &digest).await.unwrap());
    }
}

fn assemble(description: &Description, folder: &std::path::Path) {
    let layout = Layout::create(folder).unwrap();
    let mut image = ImageBuilder::scratch(&layout, Platform::linux_host());
    for (path, content) in &description.files {
        let mut files = LayerFiles::new();
        files.add_content(path, content.clone()).unwrap();
        image.add_layer(&files, "COPY").unwrap();
    }
    let settings = image.settings_mut();
    for (name, value) in &description.environment {
        settings.set_environment(name, value.clone());
    }
    settings.labels = description.labels.clone();
    settings.working_directory = description.working_directory.clone().unwrap_or_default();
    settings.user = description.user.clone().unwrap_or_default();
    settings.exposed_ports = description.exposed_ports.clone();
    settings.entrypoint = Some(description.entrypoint.clone());
    image.finish().unwrap();
}

/// Authority, certificate for `localhost`, and its key, as PEM.
fn certificates() -> (String, String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}
