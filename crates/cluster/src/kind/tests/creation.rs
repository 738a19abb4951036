//! Creating, and what is left when that fails.

use tokio_util::sync::CancellationToken;

use super::fake_kind::{FAULTS, FakeKind, Fault, absent, name};
use crate::kind::{Creation, Kind, KindError};

/// Makes the half of a cluster before the fault strikes.
const HALF: &str = "cat >/dev/null; echo konflux >>\"$here/clusters\"";

async fn create(fake: &FakeKind, kind: &Kind) -> Result<(), KindError> {
    let creation = Creation {
        name: &name(),
        document: "kind: Cluster\n",
        work_folder: &fake.work_folder(),
        kubeconfig: &fake.path("kubeconfig"),
        lines: None,
    };
    kind.create(creation).await
}

#[tokio::test]
async fn a_cluster_is_created_from_the_document_with_a_kubeconfig_of_its_own() {
    let fake = FakeKind::healthy();
    create(&fake, &fake.kind()).await.unwrap();
    assert_eq!(fake.document(), "kind: Cluster\n");
    let calls = fake.without_paths(&fake.calls().join("\n"));
    insta::assert_snapshot!(calls, @r"
    get clusters
    create cluster --name konflux --retain --kubeconfig FOLDER/kubeconfig --config -
    ");
    assert_eq!(fake.work_folder().unfinished().unwrap(), None);
    let kept = std::fs::read_to_string(fake.work_folder().document()).unwrap();
    assert_eq!(kept, "kind: Cluster\n");
}

#[tokio::test]
async fn a_cluster_that_is_there_is_not_touched() {
    let fake = FakeKind::healthy();
    fake.add_cluster("konflux");
    let error = create(&fake, &fake.kind()).await.unwrap_err();
    assert!(matches!(error, KindError::Exists(_)));
    assert_eq!(fake.calls(), ["get clusters"]);
    assert!(error.to_string().contains("it was not touched"), "{error}");
}

#[tokio::test]
async fn nothing_is_begun_when_it_cannot_be_told_whether_the_cluster_exists() {
    for fault in FAULTS {
        let fake = FakeKind::with_fault(&[1], fault, "");
        let error = create(&fake, &fake.impatient(fault)).await.unwrap_err();
        assert!(matches!(error, KindError::Program { .. }), "{error}");
        assert_eq!(fake.calls().len(), 1);
        assert!(!fake.path("work").exists());
    }
    let fake = FakeKind::healthy();
    assert!(matches!(
        create(&fake, &absent()).await,
        Err(KindError::Program { .. })
    ));
}

#[tokio::test]
async fn a_creation_that_fails_half_way_lists_what_is_left_and_is_known_as_unfinished() {
    for fault in [Fault::Hangs, Fault::Fails, Fault::Dies] {
        let fake = FakeKind::with_fault(&[2], fault, HALF);
        let error = create(&fake, &fake.impatient(fault)).await.unwrap_err();
        let KindError::Create { leftovers, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(
            leftovers.nodes,
            Ok(vec!["konflux-control-plane".to_owned()])
        );
        let unfinished = fake.work_folder().unfinished().unwrap();
        assert_eq!(unfinished, Some(name()));
        let calls = fake.calls();
        assert!(
            !calls.iter().any(|call| call.starts_with("delete")),
            "{calls:?}"
        );
    }
}

#[tokio::test]
async fn the_words_of_a_failed_creation() {
    let fake = FakeKind::with_fault(&[2], Fault::Fails, HALF);
    let error = create(&fake, &fake.kind()).await.unwrap_err().to_string();
    insta::with_settings!({filters => vec![(r"PATH=\S+ ", "")]}, {
        insta::assert_snapshot!(fake.without_paths(&error));
    });
}

#[tokio::test]
async fn a_creation_that_left_nothing_says_so_and_is_not_unfinished() {
    let fake = FakeKind::with_fault(&[2], Fault::Fails, "");
    let error = create(&fake, &fake.kind()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("\nnothing is left behind"),
        "{error}"
    );
    assert_eq!(fake.work_folder().unfinished().unwrap(), None);
}

#[tokio::test]
async fn what_is_left_may_be_unknown_and_then_that_is_said() {
    for fault in FAULTS {
        let runs: &[usize] = if fault == Fault::Nonsense {
            &[3]
        } else {
            &[2, 3]
        };
        let fake = if fault == Fault::Nonsense {
            // The creation has to fail before nonsense can be answered.
            let fake = FakeKind::with_fault(runs, fault, "");
            let script = std::fs::read_to_string(fake.path("behaviour")).unwrap();
            let fails = script.replace("    cat >\"$here/document\"", "    exit 9");
            std::fs::write(fake.path("behaviour"), fails).unwrap();
            fake
        } else {
            FakeKind::with_fault(runs, fault, "")
        };
        let error = create(&fake, &fake.impatient(fault)).await.unwrap_err();
        let KindError::Create { leftovers, .. } = &error else {
            panic!("{error}");
        };
        assert!(leftovers.nodes.is_err(), "{fault:?}");
        assert!(error.to_string().contains("could not be told"), "{error}");
        assert!(
            error
                .to_string()
                .contains("kind delete cluster --name konflux")
        );
        assert_eq!(fake.work_folder().unfinished().unwrap(), Some(name()));
    }
}

#[tokio::test]
async fn an_interrupted_creation_still_tells_what_is_left() {
    let fake = FakeKind::with_fault(&[2], Fault::Hangs, &format!("{HALF}; : >\"$here/half\""));
    let token = CancellationToken::new();
    let kind = fake.kind().cancelled_by(token.clone());
    let half = fake.path("half");
    let interrupt = async {
        while !half.exists() {
            tokio::task::yield_now().await;
        }
        token.cancel();
    };
    let (created, ()) = tokio::join!(create(&fake, &kind), interrupt);
    let text = created.unwrap_err().to_string();
    assert!(
        text.contains("was interrupted")
            && text.contains("left behind: container konflux-control-plane"),
        "{text}"
    );
}

#[tokio::test]
async fn a_work_folder_that_cannot_be_used_is_named_before_anything_is_made() {
    let fake = FakeKind::healthy();
    std::fs::write(fake.path("work"), "a file").unwrap();
    let error = create(&fake, &fake.kind()).await.unwrap_err();
    assert!(matches!(error, KindError::File { .. }), "{error}");
    assert_eq!(fake.calls(), ["get clusters"]);
}

#[test]
fn a_mark_that_cannot_be_read_is_not_taken_for_none() {
    let fake = FakeKind::healthy();
    std::fs::create_dir(fake.path("work")).unwrap();
    for content in ["", "{\"cluster\": \"../..\"}"] {
        std::fs::write(fake.path("work/creating.json"), content).unwrap();
        let error = fake.work_folder().unfinished().unwrap_err();
        assert!(error.to_string().contains("creating.json"), "{error}");
    }
}
