//! Images that lie, and what `verify` makes of them.

use oci::{ContentError, Descriptor, Digest, Error, ImageManifest, VerifiedImage};
use serde_json::Value;

use super::fake::{Answer, FakeRegistry};
use super::images::TestImage;
use super::server::Server;

/// What `verify` makes of `REFERENCE` (`:v1`, `@sha256:…`, …) at the fake.
pub async fn verify(fake: FakeRegistry, reference: &str) -> Result<VerifiedImage, ContentError> {
    let server = Server::start(fake.router()).await;
    match server
        .client()
        .verify(&server.image(&format!("team/app{reference}")))
        .await
    {
        Ok(image) => Ok(image),
        Err(Error::Content(error)) => Err(error),
        Err(error) => panic!("not a lie about content: {error}"),
    }
}

pub fn manifest_of(image: &TestImage) -> ImageManifest {
    serde_json::from_slice(&std::fs::read(image.layout.blob_path(&image.root.digest)).unwrap())
        .unwrap()
}

/// The image again with its manifest changed; everything but what `change` does is consistent.
pub fn with_manifest(image: &TestImage, change: impl FnOnce(&mut Value)) -> FakeRegistry {
    let mut fake = FakeRegistry::with(image);
    let mut manifest: Value = serde_json::from_slice(&fake.answer("manifests/v1").body).unwrap();
    change(&mut manifest);
    let body = manifest.to_string().into_bytes();
    let answer = Answer {
        media_type: manifest["mediaType"].as_str().unwrap().to_owned(),
        digest_header: Some(Digest::sha256(&body).to_string()),
        body,
    };
    fake.answers.insert("manifests/v1".to_owned(), answer);
    fake
}

/// Adds a blob under its true digest and returns its descriptor.
pub fn add_blob(fake: &mut FakeRegistry, media_type: &str, body: &[u8]) -> Value {
    let descriptor = Descriptor::of(media_type, body);
    let answer = Answer {
        media_type: media_type.to_owned(),
        digest_header: None,
        body: body.to_vec(),
    };
    fake.answers
        .insert(format!("blobs/{}", descriptor.digest), answer);
    serde_json::to_value(descriptor).unwrap()
}
