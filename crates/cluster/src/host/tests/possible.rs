//! The quick question: would a Kind cluster start here?

use super::super::{ImageLookup, NoKind, NoLookup, Presence, kind_is_possible};
use super::fake_engine::FakeEngine;
use super::fake_host::FakeHost;
use crate::choice::Flavour;

struct Says(Presence);

#[async_trait::async_trait]
impl ImageLookup for Says {
    async fn look_up(&self, _image: &str) -> Presence {
        self.0.clone()
    }
}

async fn asked(host: &FakeHost, lookup: &dyn ImageLookup) -> Result<(), NoKind> {
    kind_is_possible(&host.environment(), &host.wishes(Flavour::StandIns), lookup).await
}

#[tokio::test]
async fn a_cached_or_reachable_node_image_is_enough() {
    let host = FakeHost::good();
    let mut docker = FakeEngine::docker();
    docker.images = vec!["kindest/node:v1.36.1"];
    docker.listen(&host.docker_socket());
    asked(&host, &NoLookup).await.unwrap();
    let host = FakeHost::good();
    FakeEngine::docker().listen(&host.docker_socket());
    asked(&host, &Says(Presence::There)).await.unwrap();
}

#[tokio::test]
async fn every_missing_need_is_a_reason_that_names_it() {
    let host = FakeHost::good();
    let engine = asked(&host, &NoLookup).await.unwrap_err().to_string();
    assert!(engine.starts_with("Docker is not there"), "{engine}");

    FakeEngine::docker().listen(&host.docker_socket());
    let image = asked(&host, &Says(Presence::Unreachable("no route".to_owned()))).await;
    let image = image.unwrap_err().to_string();
    assert!(
        image.contains("kindest/node:v1.36.1") && image.ends_with("no route"),
        "{image}"
    );
    let unknown = asked(&host, &NoLookup).await.unwrap_err().to_string();
    assert!(unknown.contains("nobody can tell"), "{unknown}");

    std::fs::remove_file(host.path("bin/kind")).unwrap();
    let kind = asked(&host, &Says(Presence::There))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(kind, "kind: no `kind` on PATH");
}

#[tokio::test]
async fn a_kind_that_nobody_understands_is_nothing_to_build_on() {
    let host = FakeHost::good();
    FakeEngine::docker().listen(&host.docker_socket());
    host.program("kind", "echo hello");
    let reason = asked(&host, &Says(Presence::There))
        .await
        .unwrap_err()
        .to_string();
    assert!(reason.starts_with("kind: could not tell"), "{reason}");
}

#[tokio::test]
async fn an_engine_on_which_no_node_starts_is_named_before_anything_is_made() {
    let host = FakeHost::good();
    let mut docker = FakeEngine::docker();
    docker.info["CgroupVersion"] = "1".into();
    docker.listen(&host.docker_socket());
    let reason = asked(&host, &Says(Presence::There))
        .await
        .unwrap_err()
        .to_string();
    assert!(reason.starts_with("control-groups: version 1"), "{reason}");
}
