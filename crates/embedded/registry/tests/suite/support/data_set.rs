//! A set of blobs and manifests, and everything the specification promises about them from push to delete.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use registry::{Algorithm, Digest};
use serde_json::{Value, json};

use super::client::Client;
use super::content::digest_of;

pub struct ManifestToPush {
    pub media_type: String,
    pub bytes: Vec<u8>,
    pub tags: Vec<&'static str>,
}

impl ManifestToPush {
    fn document(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    fn subject(&self) -> Option<String> {
        let document = self.document();
        document["subject"]["digest"].as_str().map(str::to_owned)
    }
}

/// Descriptors in any order.
fn by_digest(descriptors: &Value) -> BTreeMap<String, Value> {
    let key = |descriptor: &Value| descriptor["digest"].as_str().unwrap().to_owned();
    let descriptors = descriptors.as_array().unwrap();
    let sorted: BTreeMap<_, _> = (descriptors.iter())
        .map(|descriptor| (key(descriptor), descriptor.clone()))
        .collect();
    assert_eq!(sorted.len(), descriptors.len(), "something is listed twice");
    sorted
}

/// Content of one repository. Manifests stand in the order in which they can be pushed.
pub struct DataSet {
    pub algorithm: Algorithm,
    pub blobs: Vec<Vec<u8>>,
    pub manifests: Vec<ManifestToPush>,
}

impl DataSet {
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            blobs: Vec::new(),
            manifests: Vec::new(),
        }
    }

    pub fn digest(&self, bytes: &[u8]) -> Digest {
        digest_of(self.algorithm, bytes)
    }

    /// Adds a blob and returns its descriptor.
    pub fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        self.blobs.push(bytes.to_vec());
        self.descriptor(media_type, bytes)
    }

    pub fn descriptor(&self, media_type: &str, bytes: &[u8]) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest(bytes), "size": bytes.len() })
    }

    /// Adds a manifest and returns its descriptor. The media type is the document's own.
    pub fn manifest(&mut self, document: &Value, tags: &[&'static str]) -> Value {
        let media_type = document["mediaType"].as_str().unwrap().to_owned();
        let bytes = serde_json::to_vec_pretty(document).unwrap();
        let descriptor = self.descriptor(&media_type, &bytes);
        self.manifests.push(ManifestToPush {
            media_type,
            bytes,
            tags: tags.to_vec(),
        });
        descriptor
    }

    fn tags(&self) -> Vec<&'static str> {
        let mut tags: Vec<_> = self
            .manifests
            .iter()
            .flat_map(|manifest| manifest.tags.clone())
            .collect();
        tags.sort_unstable();
        tags
    }

    /// Every path at which a manifest can be found, with the manifest.
    fn manifest_paths<'set>(&'set self, repository: &str) -> Vec<(String, &'set ManifestToPush)> {
        let mut paths = Vec::new();
        for manifest in &self.manifests {
            let references = manifest.tags.iter().map(|tag| (*tag).to_owned());
            for reference in references.chain([self.digest(&manifest.bytes).to_string()]) {
                paths.push((format!("/v2/{repository}/manifests/{reference}"), manifest));
            }
        }
        paths
    }

    pub async fn push_blobs(&self, client: &Client, repository: &str) {
        for blob in &self.blobs {
            let digest = self.digest(blob);
            let answer = client
                .push_blob(repository, &digest, blob)
                .await
                .expect(201);
            let pulled = client.get(answer.header("location")).await.expect(200);
            assert_eq!(pulled.body, blob);
        }
    }

    /// Pushes everything: each manifest by digest, then by each of its tags (a tag can only be pushed with sha256).
    pub async fn push(&self, client: &Client, repository: &str) {
        self.push_blobs(client, repository).await;
        for manifest in &self.manifests {
            let digest = self.digest(&manifest.bytes).to_string();
            let tags = manifest.tags.iter().copied();
            for reference in std::iter::once(digest.as_str()).chain(tags) {
                let path = format!("/v2/{repository}/manifests/{reference}");
                let answer = client
                    .push_manifest(&path, &manifest.media_type, &manifest.bytes)
                    .await
                    .expect(201);
                assert_eq!(answer.header("docker-content-digest"), digest);
                // The registry confirms the subject of a manifest, and only of one that has it.
                let confirmed = answer.headers.get("oci-subject");
                let confirmed = confirmed.map(|subject| subject.to_str().unwrap().to_owned());
                assert_eq!(confirmed, manifest.subject());
                let location = answer.header("location");
                let pulled = client.get(location).await.expect(200);
                assert_eq!(pulled.body, manifest.bytes, "{location}");
                if reference == digest {
                    assert_eq!(location, path);
                }
            }
        }
    }

    /// The referrers list of each subject has each of its referrers as the manifest describes itself.
    async fn check_referrers(&self, client: &Client, repository: &str) {
        let subjects: BTreeSet<_> = self
            .manifests
            .iter()
            .filter_map(ManifestToPush::subject)
            .collect();
        for subject in subjects {
            let with_this =
                |manifest: &&ManifestToPush| manifest.subject().as_ref() == Some(&subject);
            let referrers = self.manifests.iter().filter(with_this);
            let expected = referrers.map(|manifest| self.listed(manifest));
            let path = format!("/v2/{repository}/referrers/{subject}");
            let index = client.get(&path).await.expect(200).json();
            assert_eq!(by_digest(&index["manifests"]), expected.collect());
        }
    }

    /// A manifest as its subject's referrers list has it.
    fn listed(&self, manifest: &ManifestToPush) -> (String, Value) {
        let document = manifest.document();
        let mut descriptor = self.descriptor(&manifest.media_type, &manifest.bytes);
        // Without an artifact type of its own, that of an image is its config's; an index has none then.
        let config = &document["config"]["mediaType"];
        for (field, value) in [
            (
                "artifactType",
                document.get("artifactType").unwrap_or(config),
            ),
            ("annotations", &document["annotations"]),
        ] {
            if !value.is_null() {
                descriptor[field] = value.clone();
            }
        }
        (self.digest(&manifest.bytes).to_string(), descriptor)
    }

    /// Everything is listed, described and pulled as it was pushed.
    pub async fn check(&self, client: &Client, repository: &str) {
        let tags = client
            .get(&format!("/v2/{repository}/tags/list"))
            .await
            .expect(200)
            .json();
        assert_eq!(tags, json!({ "name": repository, "tags": self.tags() }));
        self.check_referrers(client, repository).await;
        for (path, manifest) in self.manifest_paths(repository) {
            let digest = self.digest(&manifest.bytes);
            for method in [Method::HEAD, Method::GET] {
                let answer = client.send(method, &path, &[], "").await.expect(200);
                assert_eq!(answer.header("content-type"), manifest.media_type);
                assert_eq!(
                    answer.header("content-length"),
                    manifest.bytes.len().to_string()
                );
                assert_eq!(answer.header("docker-content-digest"), digest.as_str());
            }
            assert_eq!(client.get(&path).await.body, manifest.bytes);
        }
        for blob in &self.blobs {
            let path = format!("/v2/{repository}/blobs/{}", self.digest(blob));
            assert_eq!(
                client
                    .head(&path)
                    .await
                    .expect(200)
                    .header("content-length"),
                blob.len().to_string()
            );
            assert_eq!(client.get(&path).await.expect(200).body, blob);
        }
    }

    /// Deletes tags, then manifests, then blobs; each is gone at once.
    pub async fn delete(&self, client: &Client, repository: &str) {
        for (path, _) in self.manifest_paths(repository) {
            client.delete(&path).await.expect(202);
            client
                .get(&path)
                .await
                .expect_error(404, "MANIFEST_UNKNOWN");
            client
                .delete(&path)
                .await
                .expect_error(404, "MANIFEST_UNKNOWN");
        }
        for blob in &self.blobs {
            let path = format!("/v2/{repository}/blobs/{}", self.digest(blob));
            client.delete(&path).await.expect(202);
            client.get(&path).await.expect_error(404, "BLOB_UNKNOWN");
        }
        for subject in self.manifests.iter().filter_map(ManifestToPush::subject) {
            let path = format!("/v2/{repository}/referrers/{subject}");
            let index = client.get(&path).await.expect(200).json();
            assert_eq!(index["manifests"], json!([]));
        }
    }

    pub async fn whole_life(&self, client: &Client) {
        self.push(client, "team/app").await;
        self.check(client, "team/app").await;
        self.delete(client, "team/app").await;
        let tags = client
            .get("/v2/team/app/tags/list")
            .await
            .expect(200)
            .json();
        assert_eq!(tags, json!({ "name": "team/app", "tags": [] }));
    }
}
