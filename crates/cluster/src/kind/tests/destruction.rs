//! Destroying, and the proof.

use serde_json::json;

use super::fake_engine::{ENGINE_FAULTS, EngineFault, FakeEngine};
use super::fake_kind::{FAULTS, FakeKind, name};
use crate::kind::Kind;
use crate::kind::destroy::{Belongings, DestroyError, Destroyed, destroy};
use crate::kind::network::{NetworkFate, NetworkRecord};

async fn run(
    fake: &FakeKind,
    kind: &Kind,
    engine: Option<&FakeEngine>,
) -> Result<Destroyed, DestroyError> {
    let belongings = Belongings {
        name: &name(),
        kubeconfig: &fake.path("kubeconfig"),
        work_folder: &fake.work_folder(),
        network: &NetworkRecord::at(fake.path("network.json")),
    };
    destroy(kind, engine.map(|engine| &engine.client), belongings).await
}

/// A cluster in `kind`'s memory, with files and a network of ours; its containers are gone as soon as `kind` has run.
fn cluster() -> FakeKind {
    let fake = FakeKind::healthy();
    fake.add_cluster("konflux");
    std::fs::create_dir(fake.path("work")).unwrap();
    std::fs::write(fake.path("network.json"), "{\"id\": \"ours\"}").unwrap();
    fake
}

#[tokio::test]
async fn a_destroyed_cluster_leaves_nothing() {
    let fake = cluster();
    let engine = FakeEngine::healthy();
    engine.add_network("ours", &[]);
    let destroyed = run(&fake, &fake.kind(), Some(&engine)).await.unwrap();
    assert_eq!(destroyed.network, Some(NetworkFate::Removed));
    assert!(!fake.path("work").exists() && !fake.path("network.json").exists());
    let calls = fake.without_paths(&fake.calls().join("\n"));
    assert_eq!(
        calls,
        "delete cluster --name konflux --kubeconfig FOLDER/kubeconfig"
    );
    let again = run(&fake, &fake.kind(), Some(&engine)).await.unwrap();
    assert_eq!(again.network, Some(NetworkFate::Absent));
}

#[tokio::test]
async fn what_kind_left_behind_is_named_with_the_command_that_removes_it() {
    let fake = cluster();
    let engine = FakeEngine::healthy();
    engine.add_node("konflux", "control-plane", &json!({}));
    let error = run(&fake, &fake.kind(), Some(&engine)).await.unwrap_err();
    insta::assert_snapshot!(error, @"Kind cluster konflux was deleted, and this is left: container konflux-control-plane; `docker rm --force --volumes konflux-control-plane` removes it");
    assert!(fake.path("work").exists());
}

#[tokio::test]
async fn without_an_api_kind_itself_is_asked_whether_nodes_are_left() {
    let fake = cluster();
    let destroyed = run(&fake, &fake.kind(), None).await.unwrap();
    assert_eq!(destroyed.network, None);
    let calls = fake.calls();
    assert_eq!(calls[1], "get nodes --name konflux");

    let fake = cluster();
    let script = std::fs::read_to_string(fake.path("behaviour")).unwrap();
    let script = script.replace("mv \"$here/clusters.new\"", ": \"$here/clusters.new\"");
    std::fs::write(fake.path("behaviour"), script).unwrap();
    let error = run(&fake, &fake.kind(), None).await.unwrap_err();
    assert!(matches!(error, DestroyError::Left { .. }), "{error}");
}

#[tokio::test]
async fn a_kind_that_goes_wrong_proves_nothing_and_keeps_the_files() {
    for fault in FAULTS {
        // Nonsense is said of a deletion without being read, so it is the list of nodes that tells.
        let runs = [1, 2];
        let fake = FakeKind::with_fault(&runs, fault, "");
        std::fs::create_dir(fake.path("work")).unwrap();
        let error = run(&fake, &fake.impatient(fault), None).await.unwrap_err();
        assert!(matches!(error, DestroyError::Kind(_)), "{error}");
        assert!(error.to_string().contains(fault.words()), "{error}");
        assert!(fake.path("work").exists());
    }
}

#[tokio::test]
async fn an_engine_that_goes_wrong_proves_nothing_and_keeps_the_files() {
    let healthy = FakeEngine::healthy();
    healthy.add_network("ours", &[]);
    let fake = cluster();
    run(&fake, &fake.kind(), Some(&healthy)).await.unwrap();
    let calls = healthy.state().calls.clone();
    for (number, call) in calls.iter().enumerate() {
        for fault in ENGINE_FAULTS {
            if call.starts_with("DELETE")
                && matches!(fault, EngineFault::Nonsense | EngineFault::HangsUp)
            {
                continue;
            }
            let engine = FakeEngine::with_fault(number, fault);
            engine.add_network("ours", &[]);
            let fake = cluster();
            let error = run(&fake, &fake.kind(), Some(&engine)).await.unwrap_err();
            assert!(
                matches!(error, DestroyError::Engine(_) | DestroyError::Network(_)),
                "{call} {fault:?}: {error}"
            );
            assert!(fake.path("work").exists() && fake.path("network.json").exists());
        }
    }
}
