//! The `kind` of the machine that runs the tests, where there is one with an engine: as far as it goes without a node image.

use crate::kind::configuration::render;
use crate::kind::{ClusterName, Creation, Kind, KindError, KindSettings, NodeMemory, WorkFolder};

#[tokio::test]
async fn the_real_kind_accepts_every_variation_up_to_the_image() {
    let kind = Kind::new("docker");
    let before = match kind.list().await {
        Ok(clusters) => clusters,
        Err(error) => return eprintln!("skipped: needs kind and Docker: {error}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let work_folder = WorkFolder::at(folder.path().join("kind"));
    let name: ClusterName = format!("konflux-test-{}", std::process::id())
        .parse()
        .unwrap();
    let everything = KindSettings {
        node_image: Some("image.invalid/there/is:none".to_owned()),
        memory: Some(NodeMemory::new(8, 32 << 30)),
        registry_port: Some(5002),
        workers: 2,
        certs_d: Some(work_folder.certs_d()),
        ..KindSettings::new(name.clone())
    };
    let creation = Creation {
        name: &name,
        document: &render(&everything).unwrap(),
        work_folder: &work_folder,
        kubeconfig: &folder.path().join("kubeconfig"),
        lines: None,
    };
    let error = kind.create(creation).await.unwrap_err();
    assert!(matches!(error, KindError::Create { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("failed to pull image") && text.ends_with("nothing is left behind"),
        "{text}"
    );
    assert_eq!(work_folder.unfinished().unwrap(), None);
    assert_eq!(kind.list().await.unwrap(), before);
}
