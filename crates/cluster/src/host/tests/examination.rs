//! The whole examination of hosts that were made up.

use serde_json::json;

use super::super::{HostPort, ImageLookup, NoLookup, Presence, Report, Verdict, examine};
use super::fake_engine::{self, FakeEngine};
use super::fake_host::FakeHost;
use crate::choice::Flavour;

/// Every registry has every image.
struct Everything;

#[async_trait::async_trait]
impl ImageLookup for Everything {
    async fn look_up(&self, _image: &str) -> Presence {
        Presence::There
    }
}

/// A registry that takes the question and never answers.
struct Silence;

#[async_trait::async_trait]
impl ImageLookup for Silence {
    async fn look_up(&self, _image: &str) -> Presence {
        std::future::pending().await
    }
}

async fn examined(host: &FakeHost) -> Report {
    let wishes = host.wishes(Flavour::Operator);
    examine(&host.environment(), &wishes, &Everything).await
}

fn verdict(report: &Report, name: &str) -> Verdict {
    let check = report.checks().iter().find(|check| check.name == name);
    check.unwrap_or_else(|| panic!("no check {name}")).verdict
}

/// The text without what differs between machines and runs: taken out first, because it decides where lines end.
fn text(host: &FakeHost, report: &Report) -> String {
    let checks = report.checks().iter().cloned().map(|mut check| {
        check.seen = host.without_folder(&check.seen);
        if let Some(place) = check.seen.find(" GiB are free below") {
            check.seen = format!("N{}", &check.seen[place..]);
        }
        check
    });
    Report::new(checks.collect()).to_string()
}

#[tokio::test]
async fn a_host_with_everything_passes() {
    let host = FakeHost::good();
    // Somewhere that exists in the fake and has the room of the real disk.
    let mut docker = FakeEngine::docker();
    docker.info["DockerRootDir"] = host.root().to_str().unwrap().into();
    docker.listen(&host.docker_socket());
    let report = examined(&host).await;
    for check in report.checks() {
        // How full the disk of the machine is that runs this test is no matter of the test.
        if check.name != "image-disk" {
            assert!(
                matches!(check.verdict, Verdict::Pass | Verdict::Skipped),
                "{check}"
            );
        }
    }
}

#[tokio::test]
async fn without_an_engine_the_rest_is_judged_and_what_needs_one_is_skipped_by_its_name() {
    let host = FakeHost::good();
    let report = examined(&host).await;
    assert_eq!(report.verdict(), Verdict::Fail);
    assert_eq!(report.failed().count(), 1);
    let skipped = report
        .checks()
        .iter()
        .filter(|check| check.missing.as_deref() == Some("engine"));
    assert_eq!(skipped.count(), 11);
    insta::assert_snapshot!(text(&host, &report));
}

#[tokio::test]
async fn a_host_that_lacks_much_is_told_everything_at_once() {
    let host = FakeHost::bare();
    host.file("proc/sys/fs/inotify/max_user_watches", "8192");
    host.file("proc/sys/fs/inotify/max_user_instances", "128");
    let mut engine = FakeEngine::docker();
    engine.version["Version"] = "19.3.15".into();
    engine.info["MemTotal"] = json!(4_u64 << 30);
    engine.info["NCPU"] = 2.into();
    engine.info["CgroupVersion"] = "1".into();
    engine.info["Driver"] = "vfs".into();
    engine.info["DockerRootDir"] = serde_json::Value::Null;
    engine.info["SystemTime"] = "yesterday".into();
    engine.listen(&host.docker_socket());
    let environment = host
        .environment()
        .with("HTTPS_PROXY", "http://user:s3cret@proxy:3128");
    let mut wishes = host.wishes(Flavour::Operator);
    wishes.images = vec!["quay.io/nobody/nothing:1".to_owned()];
    let report = examine(&environment, &wishes, &NoLookup).await;
    assert!(!format!("{report:?}").contains("s3cret"));
    insta::assert_snapshot!(text(&host, &report));
}

#[tokio::test]
async fn podman_on_dockers_socket_is_told_to_kind() {
    let host = FakeHost::good();
    FakeEngine::podman().listen(&host.docker_socket());
    let report = examined(&host).await;
    assert_eq!(verdict(&report, "engine"), Verdict::Warn);
    assert_eq!(verdict(&report, "rootless"), Verdict::Pass);
    assert_eq!(verdict(&report, "process-limit"), Verdict::Warn);
}

#[tokio::test]
async fn another_engine_that_is_there_is_named_beside_the_one_that_is_not() {
    let host = FakeHost::good();
    FakeEngine::podman().listen(&host.podman_socket());
    let report = examined(&host).await;
    let engine = report.failed().next().unwrap();
    assert!(
        engine
            .seen
            .ends_with("set KIND_EXPERIMENTAL_PROVIDER=podman"),
        "{}",
        engine.seen
    );
}

#[tokio::test]
async fn an_image_in_the_engines_store_needs_no_registry() {
    let host = FakeHost::good();
    let mut docker = FakeEngine::docker();
    docker.images = vec!["kindest/node:v1.36.1"];
    docker.listen(&host.docker_socket());
    let wishes = host.wishes(Flavour::Operator);
    let report = examine(&host.environment(), &wishes, &Silence).await;
    assert_eq!(verdict(&report, "images"), Verdict::Pass);
}

/// Time jumps to the next limit whenever nothing else can go on, so that only the limits add up.
#[tokio::test(start_paused = true)]
async fn whoever_hangs_the_whole_ends_in_less_than_5_seconds() {
    let host = FakeHost::good();
    fake_engine::hangs(&host.docker_socket());
    for name in ["docker", "kind", "kubectl", "podman", "nerdctl"] {
        host.program(name, "trap '' TERM; while :; do /bin/sleep 600; done");
    }
    let wishes = host.wishes(Flavour::Operator);
    let environment = host.environment();
    let start = tokio::time::Instant::now();
    let report = examine(&environment, &wishes, &Silence).await;
    let elapsed = start.elapsed();
    assert!(elapsed < std::time::Duration::from_secs(5), "{elapsed:?}");
    assert_eq!(verdict(&report, "engine"), Verdict::Fail);
    for name in ["kind", "kubectl", "images"] {
        assert_eq!(verdict(&report, name), Verdict::Warn, "{name}");
    }
    assert_eq!(verdict(&report, "inotify"), Verdict::Pass);
}

#[tokio::test]
async fn a_port_that_a_container_holds_is_named_by_the_container() {
    let host = FakeHost::good();
    let mut docker = FakeEngine::docker();
    docker.containers = json!([{
        "Id": "0", "Names": ["/other-control-plane"],
        "Labels": {"io.x-k8s.kind.cluster": "other"},
        "Ports": [{"PrivatePort": 30001, "PublicPort": 5001, "Type": "tcp"}],
    }]);
    docker.listen(&host.docker_socket());
    let mut wishes = host.wishes(Flavour::Operator);
    wishes.ports = vec![HostPort {
        port: 5001,
        purpose: "the internal registry",
        setting: Some("REGISTRY_HOST_PORT"),
    }];
    let report = examine(&host.environment(), &wishes, &Everything).await;
    assert_eq!(verdict(&report, "port-5001"), Verdict::Fail);
    wishes.cluster = "other".to_owned();
    let report = examine(&host.environment(), &wishes, &Everything).await;
    assert_eq!(verdict(&report, "port-5001"), Verdict::Pass);
}
