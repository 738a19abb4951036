//! What a creation left, and removing it before another try.

use serde_json::json;

use super::fake_engine::{ENGINE_FAULTS, FakeEngine};
use super::fake_kind::{FakeKind, Fault, name};
use crate::kind::KindError;

/// A deployment that was killed while it made a cluster.
fn killed() -> FakeKind {
    let fake = FakeKind::healthy();
    fake.add_cluster("konflux");
    std::fs::create_dir_all(fake.work_folder().certs_d()).unwrap();
    let mark = fake.path("work/creating.json");
    std::fs::write(mark, "{\"cluster\": \"konflux\"}").unwrap();
    fake
}

#[tokio::test]
async fn an_unfinished_cluster_of_ours_is_removed_and_its_folder_stays() {
    let fake = killed();
    let engine = FakeEngine::healthy();
    let bind = format!(
        "{}:/etc/containerd/certs.d:ro",
        fake.work_folder().certs_d().display()
    );
    let ours = json!({"HostConfig": {"Binds": [bind]}});
    engine.add_node("konflux", "control-plane", &ours);
    let kubeconfig = fake.path("kubeconfig");
    let kind = fake.kind();
    let work_folder = fake.work_folder();
    let discarded = kind.discard_unfinished(Some(&engine.client), &work_folder, &kubeconfig);
    assert_eq!(discarded.await.unwrap(), Some(name()));
    assert!(work_folder.certs_d().exists());
    let again = kind.discard_unfinished(Some(&engine.client), &work_folder, &kubeconfig);
    assert_eq!(again.await.unwrap(), None);
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn a_cluster_of_somebody_else_with_the_same_name_is_not_touched() {
    let fake = killed();
    let engine = FakeEngine::healthy();
    engine.add_node("konflux", "control-plane", &json!({}));
    let work_folder = fake.work_folder();
    let kubeconfig = fake.path("kubeconfig");
    let kind = fake.kind();
    let discarded = kind.discard_unfinished(Some(&engine.client), &work_folder, &kubeconfig);
    let error = discarded.await.unwrap_err();
    assert!(matches!(error, KindError::NotOurs { .. }), "{error}");
    assert!(error.to_string().contains("it was not touched"), "{error}");
    assert!(fake.calls().is_empty());
    assert_eq!(work_folder.unfinished().unwrap(), Some(name()));
}

#[tokio::test]
async fn what_cannot_be_told_or_removed_stays_unfinished() {
    for fault in ENGINE_FAULTS {
        let fake = killed();
        let engine = FakeEngine::with_fault(0, fault);
        let work_folder = fake.work_folder();
        let kubeconfig = fake.path("kubeconfig");
        let kind = fake.kind();
        let discarded = kind.discard_unfinished(Some(&engine.client), &work_folder, &kubeconfig);
        let error = discarded.await.unwrap_err();
        assert!(matches!(error, KindError::Engine(_)), "{error}");
        assert!(fake.calls().is_empty());
        assert_eq!(work_folder.unfinished().unwrap(), Some(name()));
    }
    let fake = FakeKind::with_fault(&[1], Fault::Dies, "");
    std::fs::create_dir(fake.path("work")).unwrap();
    std::fs::write(
        fake.path("work/creating.json"),
        "{\"cluster\": \"konflux\"}",
    )
    .unwrap();
    let work_folder = fake.work_folder();
    let kubeconfig = fake.path("kubeconfig");
    let discarded = fake
        .kind()
        .discard_unfinished(None, &work_folder, &kubeconfig)
        .await;
    assert!(matches!(discarded, Err(KindError::Program { .. })));
    assert_eq!(work_folder.unfinished().unwrap(), Some(name()));
}
