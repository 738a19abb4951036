//! Looking at nodes, starting them, limiting them.

use futures::FutureExt as _;
use serde_json::json;

use super::fake_engine::FakeEngine;
use super::fake_kind::name;
use super::faults::at_every_call;
use crate::kind::inspect::{FoundPort, inspect};
use crate::kind::nodes::{limit_memory, start_stopped};
use crate::kind::{EngineError, NodeMemory};

const GIB: u64 = 1 << 30;

fn add_two_stopped_nodes(engine: &FakeEngine) {
    let stopped = json!({"State": {"Status": "exited"}});
    engine.add_node("konflux", "worker", &stopped);
    engine.add_node("konflux", "control-plane", &stopped);
    engine.add_node("other", "control-plane", &json!({}));
}

#[tokio::test]
async fn a_cluster_is_found_with_what_its_containers_tell() {
    let engine = FakeEngine::healthy();
    assert_eq!(inspect(&engine.client, &name()).await.unwrap(), None);
    engine.add_node(
        "konflux",
        "control-plane",
        &json!({
            "HostConfig": {"Memory": 4 * GIB, "Binds": ["/state/certs.d:/etc/containerd/certs.d:ro", "abc:/var"], "PortBindings": {
                "30001/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5001"}],
                "6443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "40001"}],
            }},
            "Mounts": [
                {"Type": "volume", "Name": "abc", "Destination": "/var"},
                {"Type": "bind", "Source": "/host_mnt/state/certs.d", "Destination": "/etc/containerd/certs.d"},
            ],
        }),
    );
    let found = inspect(&engine.client, &name()).await.unwrap().unwrap();
    let node = &found.nodes[0];
    assert_eq!(node.name, "konflux-control-plane");
    assert_eq!(node.role, "control-plane");
    assert!(node.running && node.state == "running");
    assert_eq!(node.volumes, ["abc"]);
    assert_eq!(node.memory_limit, Some(4 * GIB));
    let mount = (
        "/state/certs.d".to_owned(),
        "/etc/containerd/certs.d".to_owned(),
    );
    assert_eq!(node.mounts, [mount]);
    assert_eq!(
        node.ports[1],
        FoundPort {
            container_port: 30001,
            address: "127.0.0.1".to_owned(),
            host_port: 5001
        }
    );
}

#[tokio::test]
async fn stopped_nodes_are_started_the_control_plane_first_and_others_left_alone() {
    let engine = FakeEngine::healthy();
    add_two_stopped_nodes(&engine);
    let found = inspect(&engine.client, &name()).await.unwrap().unwrap();
    let started = start_stopped(&engine.client, &found).await.unwrap();
    assert_eq!(started, ["konflux-control-plane", "konflux-worker"]);
    let found = inspect(&engine.client, &name()).await.unwrap().unwrap();
    assert!(
        start_stopped(&engine.client, &found)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_memory_of_every_node_is_limited_once_and_the_limit_can_be_lifted() {
    let engine = FakeEngine::healthy();
    add_two_stopped_nodes(&engine);
    for (memory, limit) in [
        (NodeMemory::new(8, 32 * GIB), json!(8 * GIB)),
        (NodeMemory::new(32, 32 * GIB), json!(-1)),
    ] {
        let found = inspect(&engine.client, &name()).await.unwrap().unwrap();
        let changed = limit_memory(&engine.client, &found, memory).await.unwrap();
        assert_eq!(changed.len(), 2);
        {
            let state = engine.state();
            let host = &state.containers["konflux-worker"]["HostConfig"];
            assert_eq!(host["Memory"], limit);
            assert_eq!(host["MemorySwap"], limit);
            let other = &state.containers["other-control-plane"]["HostConfig"];
            assert_eq!(other["Memory"], 0);
        }
        let found = inspect(&engine.client, &name()).await.unwrap().unwrap();
        assert!(
            limit_memory(&engine.client, &found, memory)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn an_engine_that_goes_wrong_while_nodes_are_looked_at_or_changed_is_told() {
    at_every_call(add_two_stopped_nodes, |engine| {
        async move {
            let words = |error: EngineError| error.to_string();
            let found = inspect(&engine.client, &name()).await.map_err(words)?;
            let found = found.ok_or("left: no cluster was found")?;
            start_stopped(&engine.client, &found).await.map_err(words)?;
            let memory = NodeMemory::new(8, 32 * GIB);
            limit_memory(&engine.client, &found, memory)
                .await
                .map_err(words)?;
            Ok(())
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_never_counts_as_no_cluster() {
    let error = inspect(&FakeEngine::absent(), &name()).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(
            "cannot look at Kind cluster konflux: the container engine could not be asked"
        ),
        "{text}"
    );
}
