//! A fake registry: it answers what it is told to, true or not.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use oci::Layout;

use super::images::TestImage;

/// What the fake answers: `manifests/REFERENCE` and `blobs/DIGEST`, whatever the repository.
#[derive(Debug, Clone, Default)]
pub struct FakeRegistry {
    pub answers: HashMap<String, Answer>,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub media_type: String,
    pub digest_header: Option<String>,
    pub body: Vec<u8>,
}

impl FakeRegistry {
    /// Tells the truth about `image`, under the tag `v1` and by digest.
    pub fn with(image: &TestImage) -> Self {
        let mut fake = Self::default();
        for path in blobs(&image.layout) {
            let hex = path.file_name().unwrap().to_str().unwrap().to_owned();
            let body = std::fs::read(&path).unwrap();
            let media_type = media_type(&body);
            let answer = Answer {
                media_type,
                digest_header: Some(format!("sha256:{hex}")),
                body,
            };
            fake.answers
                .insert(format!("blobs/sha256:{hex}"), answer.clone());
            fake.answers
                .insert(format!("manifests/sha256:{hex}"), answer);
        }
        let root = fake.answers[&format!("manifests/{}", image.root.digest)].clone();
        fake.answers.insert("manifests/v1".to_owned(), root);
        fake
    }

    pub fn answer(&mut self, key: &str) -> &mut Answer {
        self.answers
            .get_mut(key)
            .unwrap_or_else(|| panic!("the fake has no {key}"))
    }

    pub fn router(self) -> Router {
        Router::new()
            .route("/v2/{*path}", get(serve))
            .with_state(Arc::new(self))
    }
}

async fn serve(
    State(fake): State<Arc<FakeRegistry>>,
    Path(path): Path<String>,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let found = fake
        .answers
        .iter()
        .find(|(key, _)| path.ends_with(&format!("/{key}")));
    let mut headers = HeaderMap::new();
    let Some((_, answer)) = found else {
        return (StatusCode::NOT_FOUND, headers, Vec::new());
    };
    headers.insert("content-type", answer.media_type.parse().unwrap());
    if let Some(digest) = &answer.digest_header {
        headers.insert("docker-content-digest", digest.parse().unwrap());
    }
    (StatusCode::OK, headers, answer.body.clone())
}

fn blobs(layout: &Layout) -> Vec<std::path::PathBuf> {
    let directory = layout.directory().join("blobs/sha256");
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

fn media_type(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let media_type = json
        .as_ref()
        .and_then(|json| json.get("mediaType")?.as_str());
    media_type.unwrap_or("application/octet-stream").to_owned()
}
