//! What is asked of a registry, and how often it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use registry::{Algorithm, Digest, VerifiedDigest};
use reqwest::{Client, Response};
use serde_json::json;

use crate::servers::Server;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Content with its digest, computed before anything is timed.
pub struct Blob {
    digest: Digest,
    bytes: Bytes,
}

/// Different blobs of one size, which do not compress.
pub fn blobs(size: usize, count: usize) -> Arc<Vec<Blob>> {
    let mut state = size as u64 | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let common: Vec<u8> = (0..size.div_ceil(8))
        .flat_map(|_| next().to_le_bytes())
        .take(size)
        .collect();
    let blob = |_| {
        let mut bytes = common.clone();
        bytes[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Blob {
            digest: digest(&bytes),
            bytes: bytes.into(),
        }
    };
    Arc::new((0..count).map(blob).collect())
}

fn digest(bytes: &[u8]) -> Digest {
    VerifiedDigest::of(Algorithm::Sha256, bytes)
        .digest()
        .clone()
}

/// Requests to one registry.
#[derive(Clone)]
pub struct Load {
    url: String,
    builder: Arc<dyn Fn() -> reqwest::Result<Client> + Send + Sync>,
}

impl Load {
    pub fn new(server: &Server) -> anyhow::Result<Self> {
        let authority = server
            .authority
            .as_deref()
            .map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()))
            .transpose()?;
        let builder = move || {
            let builder = Client::builder().http1_only().tcp_nodelay(true);
            authority
                .iter()
                .fold(builder, |builder, authority| {
                    builder.tls_certs_only([authority.clone()])
                })
                .build()
        };
        Ok(Self {
            url: server.url.clone(),
            builder: Arc::new(builder),
        })
    }

    /// Pushes every blob as clients do, POST then PUT. Returns how many per second.
    pub async fn push(
        &self,
        repository: &str,
        blobs: &Arc<Vec<Blob>>,
        connections: usize,
    ) -> anyhow::Result<f64> {
        let (load, repository) = (self.clone(), repository.to_owned());
        spread(
            blobs,
            connections,
            move |client, blobs, number| {
                let (load, repository) = (load.clone(), repository.clone());
                async move { load.push_blob(&client, &repository, &blobs[number]).await }
            },
            &*self.builder,
        )
        .await
    }

    /// Pulls every blob to its last byte. Returns how many per second.
    pub async fn pull(
        &self,
        repository: &str,
        blobs: &Arc<Vec<Blob>>,
        connections: usize,
    ) -> anyhow::Result<f64> {
        let prefix = format!("{}/v2/{repository}/blobs/", self.url);
        spread(
            blobs,
            connections,
            move |client, blobs, number| {
                let path = format!("{prefix}{}", blobs[number].digest);
                async move {
                    let mut response = expect(client.get(path).send().await?, 200).await?;
                    let mut length = 0;
                    while let Some(chunk) = response.chunk().await? {
                        length += chunk.len();
                    }
                    ensure!(
                        length == blobs[number].bytes.len(),
                        "{length} bytes arrived"
                    );
                    Ok(())
                }
            },
            &*self.builder,
        )
        .await
    }

    async fn push_blob(
        &self,
        client: &Client,
        repository: &str,
        blob: &Blob,
    ) -> anyhow::Result<()> {
        let begun = client
            .post(format!("{}/v2/{repository}/blobs/uploads/", self.url))
            .send()
            .await?;
        let begun = expect(begun, 202).await?;
        let location = begun
            .headers()
            .get("location")
            .context("no location")?
            .to_str()?;
        let location = if location.starts_with('/') {
            format!("{}{location}", self.url)
        } else {
            location.to_owned()
        };
        let separator = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{separator}digest={}", blob.digest);
        let request = client
            .put(path)
            .header("content-type", "application/octet-stream");
        expect(request.body(blob.bytes.clone()).send().await?, 201).await?;
        Ok(())
    }

    async fn push_manifest(
        &self,
        client: &Client,
        path: String,
        media_type: &str,
        bytes: String,
    ) -> anyhow::Result<Response> {
        let request = client
            .put(format!("{}{path}", self.url))
            .header("content-type", media_type);
        expect(request.body(bytes).send().await?, 201).await
    }

    /// Pushes one small image under `count` tags, one after the other. Returns how many per second.
    pub async fn push_tags(
        &self,
        repository: &str,
        first: usize,
        count: usize,
    ) -> anyhow::Result<f64> {
        let client = (self.builder)()?;
        let config = Blob {
            digest: digest(b"{}"),
            bytes: Bytes::from_static(b"{}"),
        };
        self.push_blob(&client, repository, &config).await?;
        let begin = Instant::now();
        for number in first..first + count {
            let manifest = image(
                &config,
                json!({ "annotations": { "number": number.to_string() } }),
            );
            self.push_manifest(
                &client,
                format!("/v2/{repository}/manifests/tag-{number}"),
                MANIFEST,
                manifest,
            )
            .await?;
        }
        Ok(count as f64 / begin.elapsed().as_secs_f64())
    }

    /// Pushes `count` artifacts that refer to one subject. `None`: the registry does not know referrers.
    pub async fn push_referrers(
        &self,
        repository: &str,
        count: usize,
    ) -> anyhow::Result<Option<Digest>> {
        let client = (self.builder)()?;
        let config = Blob {
            digest: digest(b"{}"),
            bytes: Bytes::from_static(b"{}"),
        };
        self.push_blob(&client, repository, &config).await?;
        let subject = digest(b"subject");
        for number in 0..count {
            let manifest = image(
                &config,
                json!({
                    "artifactType": "application/vnd.example.sbom",
                    "subject": { "mediaType": INDEX, "digest": subject, "size": 7 },
                    "annotations": { "org.opencontainers.image.created": "2026-01-01T00:00:00Z", "number": number.to_string() },
                }),
            );
            let path = format!("/v2/{repository}/manifests/{}", digest(manifest.as_bytes()));
            let answer = self
                .push_manifest(&client, path, MANIFEST, manifest)
                .await?;
            if !answer.headers().contains_key("oci-subject") {
                return Ok(None);
            }
        }
        Ok(Some(subject))
    }

    /// Fetches a list `count` times. Returns how often per second.
    pub async fn list(&self, path: &str, count: usize) -> anyhow::Result<f64> {
        let client = (self.builder)()?;
        let begin = Instant::now();
        for _ in 0..count {
            expect(client.get(format!("{}{path}", self.url)).send().await?, 200)
                .await?
                .bytes()
                .await?;
        }
        Ok(count as f64 / begin.elapsed().as_secs_f64())
    }
}

fn image(config: &Blob, fields: serde_json::Value) -> String {
    let config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.digest, "size": config.bytes.len() });
    let mut manifest =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
    if let (Some(manifest), serde_json::Value::Object(fields)) = (manifest.as_object_mut(), fields)
    {
        manifest.extend(fields);
    }
    manifest.to_string()
}

/// Does `work` for every blob, on as many connections as asked for. Returns how many per second.
async fn spread<F, W>(
    blobs: &Arc<Vec<Blob>>,
    connections: usize,
    work: W,
    client: &(dyn Fn() -> reqwest::Result<Client> + Send + Sync),
) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
    W: Fn(Client, Arc<Vec<Blob>>, usize) -> F + Clone + Send + Sync + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let clients = (0..connections)
        .map(|_| client())
        .collect::<Result<Vec<_>, _>>()?;
    let begin = Instant::now();
    let workers = clients.into_iter().map(|client| {
        let (next, blobs, work) = (Arc::clone(&next), Arc::clone(blobs), work.clone());
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= blobs.len() {
                    return anyhow::Ok(());
                }
                work(client.clone(), Arc::clone(&blobs), number).await?;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await??;
    }
    Ok(blobs.len() as f64 / begin.elapsed().as_secs_f64())
}

async fn expect(response: Response, status: u16) -> anyhow::Result<Response> {
    if response.status().as_u16() == status {
        return Ok(response);
    }
    let (found, url) = (response.status(), response.url().clone());
    anyhow::bail!(
        "{url} answered {found} instead of {status}: {}",
        response.text().await?
    )
}
