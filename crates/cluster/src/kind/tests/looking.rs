//! Listing, existence, kubeconfig and images.

use std::os::unix::fs::PermissionsExt;

use super::fake_kind::{FAULTS, FakeKind, Fault, absent, name};
use crate::kind::{Existence, KindError};

#[tokio::test]
async fn clusters_and_nodes_are_listed() {
    let fake = FakeKind::healthy();
    assert!(fake.kind().list().await.unwrap().is_empty());
    assert!(fake.kind().nodes(&name()).await.unwrap().is_empty());
    assert!(matches!(fake.kind().exists(&name()).await, Existence::No));
    fake.add_cluster("konflux");
    assert_eq!(fake.kind().list().await.unwrap(), [name()]);
    assert_eq!(
        fake.kind().nodes(&name()).await.unwrap(),
        ["konflux-control-plane"]
    );
    assert!(matches!(fake.kind().exists(&name()).await, Existence::Yes));
}

#[tokio::test]
async fn a_kind_that_cannot_be_asked_never_counts_as_no_cluster() {
    for fault in FAULTS {
        let fake = FakeKind::with_fault(&[1], fault, "");
        let Existence::Unknown(error) = fake.impatient(fault).exists(&name()).await else {
            panic!("{fault:?}");
        };
        let text = error.to_string();
        assert!(
            text.starts_with(
                "cannot list Kind clusters: `KIND_EXPERIMENTAL_PROVIDER=docker kind get clusters`"
            ) && text.contains(fault.words()),
            "{text}"
        );
    }
    let Existence::Unknown(error) = absent().exists(&name()).await else {
        panic!("absent");
    };
    insta::assert_snapshot!(error, @"cannot list Kind clusters: `kind` was not found on PATH: install kind v0.26.0 or newer (https://kind.sigs.k8s.io/docs/user/quick-start/#installation)");
}

#[tokio::test]
async fn the_kubeconfig_is_the_deployments_own_and_private() {
    let fake = FakeKind::healthy();
    fake.add_cluster("konflux");
    let path = fake.path("kubeconfig");
    let context = fake.kind().kubeconfig(&name(), &path).await.unwrap();
    assert_eq!(context.context, "kind-konflux");
    assert_eq!(context.server, "https://127.0.0.1:40001");
    assert_eq!(context.kubeconfig, path);
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_had_changes_nothing_and_shows_nothing() {
    for fault in FAULTS {
        let fake = FakeKind::with_fault(&[1], fault, "echo 'client-key-data: aGlkZGVu'");
        let path = fake.path("kubeconfig");
        let kind = fake.impatient(fault);
        let error = kind.kubeconfig(&name(), &path).await.unwrap_err();
        assert!(matches!(error, KindError::Program { .. }));
        let text = format!("{error} {error:?}");
        assert!(
            text.starts_with("cannot get the kubeconfig of Kind cluster konflux: "),
            "{text}"
        );
        assert!(!text.contains("aGlkZGVu"), "{text}");
        if fault == Fault::Nonsense {
            assert!(
                text.contains("not a kubeconfig with context kind-konflux"),
                "{text}"
            );
        }
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_written_names_the_file() {
    let fake = FakeKind::healthy();
    fake.add_cluster("konflux");
    let path = fake.path("missing/kubeconfig");
    let error = fake.kind().kubeconfig(&name(), &path).await.unwrap_err();
    assert!(matches!(error, KindError::File { .. }), "{error}");
    assert!(error.to_string().contains("missing/kubeconfig"), "{error}");
}

#[tokio::test]
async fn images_of_another_engine_are_loaded_by_an_archive_of_it() {
    let fake = FakeKind::healthy();
    fake.add_program("podman");
    let kind = fake.kind_with("podman");
    kind.load(&name(), &["one:1", "two:2"]).await.unwrap();
    let calls: Vec<String> = fake.calls();
    assert_eq!(calls.len(), 4);
    assert!(calls[0].starts_with("save --output /") && calls[0].ends_with("/image.tar one:1"));
    assert!(
        calls[3].starts_with("load image-archive --name konflux /"),
        "{calls:?}"
    );
    let archive = calls[3].rsplit(' ').next().unwrap();
    assert!(!std::path::Path::new(archive).exists());
    let without = FakeKind::healthy();
    let error = without
        .kind_with("nerdctl-of-nobody")
        .load(&name(), &["one:1"])
        .await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "cannot save one:1 for Kind cluster konflux: `nerdctl-of-nobody` was not found on PATH"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn images_are_loaded_by_name_and_from_an_archive() {
    let fake = FakeKind::healthy();
    let kind = fake.kind();
    kind.load(&name(), &[]).await.unwrap();
    assert!(fake.calls().is_empty());
    kind.load(&name(), &["one:1", "two:2"]).await.unwrap();
    let archive = fake.path("images.tar");
    kind.load_archive(&name(), &archive).await.unwrap();
    let calls = fake.without_paths(&fake.calls().join("\n"));
    insta::assert_snapshot!(calls, @r"
    load docker-image --name konflux one:1 two:2
    load image-archive --name konflux FOLDER/images.tar
    ");
    let fault = FakeKind::with_fault(&[1], Fault::Fails, "");
    let error = fault.kind().load(&name(), &["one:1"]).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot load one:1 into Kind cluster konflux: "),
        "{error}"
    );
    let fault = FakeKind::with_fault(&[1], Fault::Dies, "");
    assert!(fault.kind().load_archive(&name(), &archive).await.is_err());
}
