//! What a new cluster lacks where nothing may be fetched: told all at once, before anything is made.

use std::collections::BTreeSet;

use cluster::host::Wishes;
use cluster::host::engine::{self, Engine};
use cluster::kind::image_cache::{IMAGE, ImageCache, Version};
use oci::ImageReference;

use super::KindPlace;
use crate::plan::StepError;
use crate::sources::{Catalog, SourceError, SourceStore, patch};
use crate::steps::tekton::RELEASE;

/// What is missing, one line each, and what nobody could tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stock {
    pub(super) missing: Vec<String>,
    pub(super) untold: Option<String>,
}

/// Looks at the node image, at the files of other projects, and at what the image cache holds of what the nodes will pull.
pub(super) async fn stock(
    place: &KindPlace,
    sources: &SourceStore,
    wishes: &Wishes,
) -> Result<Stock, StepError> {
    const ATTEMPTED: &str = "look for what is needed without a network";
    let mut stock = Stock::default();
    // That there is no engine is found out by whoever judges the host.
    let Ok(engine) = engine::find(&place.environment).await else {
        return Ok(stock);
    };
    if let Some(image) = &wishes.node_image {
        in_the_engine(&engine, image, &mut stock).await;
    }
    let mut images: BTreeSet<String> = wishes.images.iter().cloned().collect();
    let catalog = Catalog::of_this_project().map_err(StepError::because(ATTEMPTED))?;
    let file = catalog
        .file(RELEASE)
        .map_err(StepError::because(ATTEMPTED))?;
    match sources.check_offline(&[file]) {
        Ok(()) => {
            let fetched = sources
                .get(file)
                .await
                .map_err(StepError::because(ATTEMPTED))?;
            let documents = patch::documents(RELEASE, &fetched.content)
                .map_err(StepError::because(ATTEMPTED))?;
            images.extend(patch::images(&documents));
        }
        Err(SourceError::Missing(missing)) => {
            stock
                .missing
                .extend(missing.iter().map(|one| format!("file {one}")));
            stock.untold = Some(format!("the images of {RELEASE} are named in its file"));
        }
        Err(error) => return Err(StepError::because(ATTEMPTED)(error)),
    }
    let Some(client) = engine.client().filter(|_| place.image_cache) else {
        stock.untold = Some(format!(
            "the nodes will need {}; without the image cache (ENABLE_IMAGE_CACHE=1) they must be in the node image",
            images.into_iter().collect::<Vec<_>>().join(", ")
        ));
        return Ok(stock);
    };
    in_the_engine(&engine, IMAGE, &mut stock).await;
    let cache = ImageCache::of(client, &place.root);
    for image in images {
        let Ok(reference) = image.parse::<ImageReference>() else {
            stock.missing.push(format!(
                "image {image}: it is no full name of an image, so that no cache can hold it"
            ));
            continue;
        };
        let digest = reference.digest().map(ToString::to_string);
        let version = match (&digest, reference.tag()) {
            (Some(digest), _) => Version::Digest(digest),
            (None, tag) => Version::Tag(tag.unwrap_or("latest")),
        };
        let held = cache.holds(reference.registry(), reference.repository(), version);
        if !held.await.map_err(StepError::because(ATTEMPTED))? {
            stock
                .missing
                .push(format!("image {image}: not in the image cache"));
        }
    }
    Ok(stock)
}

async fn in_the_engine(engine: &Engine, image: &str, stock: &mut Stock) {
    if engine.has_image(image).await == Some(false) {
        stock
            .missing
            .push(format!("image {image}: not in the engine's store"));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::sync::Arc;

    use cluster::host::Environment;
    use cluster::{Flavour, StateRoot};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::UnixListener;

    use super::*;
    use crate::settings::{Settings, Sources};
    use crate::sources::{Cache, LockFile, Origin};

    const RELEASE_FILE: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller}
spec:
  template:
    spec:
      containers:
        - name: controller
          image: ghcr.io/tektoncd/controller:v1.15.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          args: ["-entrypoint-image", "ghcr.io/tektoncd/entrypoint:v1.15.0"]
"#;

    /// A fake of an engine: it is Docker, has the images and the files that are named here, and nothing else.
    async fn fake_engine(folder: &Path, has: &'static [&'static str]) -> Environment {
        let socket = folder.join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (read, mut write) = stream.split();
                    let mut lines = BufReader::new(read).lines();
                    let request = lines.next_line().await.unwrap().unwrap_or_default();
                    while lines
                        .next_line()
                        .await
                        .unwrap()
                        .is_some_and(|line| !line.is_empty())
                    {}
                    let request = request.replace("%2F", "/").replace("%3A", ":");
                    let (status, body) = match &request {
                        asked if asked.contains("/version") => (
                            200,
                            r#"{"Version": "27.0.0", "ApiVersion": "1.44", "MinAPIVersion": "1.24"}"#,
                        ),
                        asked if asked.contains("/info") => (
                            200,
                            r#"{"ServerVersion": "27.0.0", "MemTotal": 8000000000, "NCPU": 2}"#,
                        ),
                        asked if has.iter().any(|one| asked.contains(one)) => (200, "{}"),
                        _ => (404, r#"{"message": "no such thing"}"#),
                    };
                    // {"name":"link"} in Base64, for whoever asks after a file.
                    let stat = "X-Docker-Container-Path-Stat: eyJuYW1lIjoibGluayIsInNpemUiOjEsIm1vZGUiOjEsIm10aW1lIjoiIiwibGlua1RhcmdldCI6IiJ9";
                    let length = if request.starts_with("HEAD") {
                        0
                    } else {
                        body.len()
                    };
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{stat}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{}",
                        &body[..length]
                    );
                    let _client_left = write.write_all(answer.as_bytes()).await;
                });
            }
        });
        let docker = folder.join("docker");
        std::fs::write(&docker, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&docker, PermissionsExt::from_mode(0o755)).unwrap();
        Environment::of_this_process()
            .with("PATH", folder.to_str().unwrap())
            .with(
                "DOCKER_HOST",
                format!("unix://{}", socket.display()).as_str(),
            )
            .with("KIND_EXPERIMENTAL_PROVIDER", "docker")
    }

    async fn look(has: &'static [&'static str], cache: bool, file: bool) -> Stock {
        let folder = tempfile::tempdir().unwrap();
        let environment = fake_engine(folder.path(), has).await;
        let settings = Settings::resolve(&Sources::default()).unwrap();
        let root = StateRoot::at(folder.path().join("state"));
        let mut place = KindPlace::new(&settings, environment, root).unwrap();
        place.image_cache = cache;
        place.offline = true;
        place.registry_image = Some("quay.io/team/zot:1".to_owned());
        place.node_image = Some("docker.io/team/node:1".to_owned());
        let sources = folder.path().join("sources");
        if file {
            let into = sources.join("tekton-pipelines/v1.15.0");
            std::fs::create_dir_all(&into).unwrap();
            std::fs::write(into.join("release.yaml"), RELEASE_FILE).unwrap();
        }
        let store = SourceStore::new(
            Cache::at(folder.path().join("cache")),
            LockFile::at(folder.path().join("sources.lock")),
        )
        .origin(Origin::Directory(sources))
        .offline(true);
        let wishes = place.wishes(Flavour::StandIns).unwrap();
        stock(&Arc::new(place), &store, &wishes).await.unwrap()
    }

    #[tokio::test]
    async fn everything_that_is_missing_is_told_at_once() {
        let stock = look(&[], true, true).await;
        let beginnings: Vec<&str> = stock
            .missing
            .iter()
            .map(|line| line.split('@').next().unwrap())
            .collect();
        assert_eq!(
            beginnings,
            [
                "image docker.io/team/node:1: not in the engine's store",
                "image docker.io/library/registry:2",
                "image ghcr.io/tektoncd/controller:v1.15.0",
                "image ghcr.io/tektoncd/entrypoint:v1.15.0: not in the image cache",
                "image quay.io/team/zot:1: not in the image cache",
            ]
        );
        assert_eq!(stock.untold, None);
    }

    #[tokio::test]
    async fn what_the_engine_and_the_cache_have_is_not_missing() {
        let has = &[
            "/images/docker.io/team/node:1/json",
            "/images/docker.io/library/registry:2",
            "/containers/konflux-local-cache-ghcr-io/archive?path=/var/lib/registry/docker/registry/v2/repositories/tektoncd/controller/_manifests/revisions/sha256/aaaa",
            "/containers/konflux-local-cache-ghcr-io/archive?path=/var/lib/registry/docker/registry/v2/repositories/tektoncd/entrypoint/_manifests/tags/v1.15.0/current/link",
        ];
        let stock = look(has, true, true).await;
        assert_eq!(
            stock.missing,
            ["image quay.io/team/zot:1: not in the image cache"]
        );
    }

    #[tokio::test]
    async fn a_missing_file_and_what_nobody_can_tell_are_told() {
        let stock = look(&["/images/docker.io/"], false, false).await;
        assert_eq!(stock.missing.len(), 1);
        assert!(
            stock.missing[0].starts_with("file tekton-pipelines v1.15.0: "),
            "{:?}",
            stock.missing
        );
        let untold = stock.untold.unwrap();
        assert!(
            untold.contains("quay.io/team/zot:1") && untold.contains("must be in the node image"),
            "{untold}"
        );
    }
}
