//! Engines that are well, and every way in which one is not.

use axum::http::StatusCode;
use serde_json::json;

use super::super::Platform;
use super::super::engine::{EngineError, Provider, find};
use super::fake_engine::{self, FakeEngine};
use super::fake_host::FakeHost;

async fn problem(host: &FakeHost) -> EngineError {
    find(&host.environment()).await.unwrap_err()
}

#[tokio::test]
async fn docker_is_found_at_its_default_socket_and_says_what_it_is() {
    let host = FakeHost::bare();
    FakeEngine::docker().listen(&host.docker_socket());
    let engine = find(&host.environment()).await.unwrap();
    let facts = engine.facts();
    assert_eq!(facts.provider, Some(Provider::Docker));
    assert_eq!(facts.version.as_deref(), Some("28.2.2"));
    assert_eq!(facts.memory, Some(32 << 30));
    assert_eq!(facts.cgroup_version.as_deref(), Some("2"));
    assert_eq!(facts.cgroup_driver.as_deref(), Some("systemd"));
    assert!(!facts.rootless && !facts.apparmor);
    assert_eq!(engine.located().origin, "the default socket");
}

#[tokio::test]
async fn docker_host_wins_over_the_default_socket() {
    let host = FakeHost::bare();
    FakeEngine::docker().listen(&host.docker_socket());
    let mut other = FakeEngine::docker();
    other.version["Version"] = "27.5.1".into();
    other.listen(&host.path("other.sock"));
    let address = format!("unix://{}", host.path("other.sock").display());
    let environment = host.environment().with("DOCKER_HOST", address);
    let engine = find(&environment).await.unwrap();
    assert_eq!(engine.facts().version.as_deref(), Some("27.5.1"));
    assert_eq!(engine.located().origin, "DOCKER_HOST");
}

#[tokio::test]
async fn the_podman_of_this_user_is_found_when_kind_is_told_to_use_it() {
    let host = FakeHost::good();
    FakeEngine::docker().listen(&host.docker_socket());
    FakeEngine::podman().listen(&host.podman_socket());
    let environment = host
        .environment()
        .with("KIND_EXPERIMENTAL_PROVIDER", "podman");
    let engine = find(&environment).await.unwrap();
    assert_eq!(engine.facts().provider, Some(Provider::Podman));
    assert!(engine.facts().rootless);
    assert_eq!(engine.located().origin, "the socket of this user");
}

#[tokio::test]
async fn a_docker_command_that_is_podman_in_disguise_is_no_docker() {
    let host = FakeHost::bare();
    host.program("docker", "echo podman version 5.4.0");
    host.program("podman", "echo podman version 5.4.0");
    FakeEngine::podman().listen(&host.podman_socket());
    let engine = find(&host.environment()).await.unwrap();
    assert_eq!(engine.selected().provider, Provider::Podman);
}

#[tokio::test]
async fn on_a_mac_podmans_machine_says_where_its_socket_is() {
    let host = FakeHost::bare();
    FakeEngine::podman().listen(&host.path("machine.sock"));
    let socket = host.path("machine.sock").display().to_string();
    let machines = json!([{"Name": "big", "ConnectionInfo": {"PodmanSocket": {"Path": socket}}}]);
    host.program(
        "podman",
        &format!("case $1 in machine) echo '{machines}';; *) echo podman version 5.4.0;; esac"),
    );
    let engine = find(&host.environment_of(Platform::MacOs)).await.unwrap();
    assert_eq!(engine.located().origin, "podman machine big");
}

#[tokio::test]
async fn nerdctl_is_asked_by_its_command() {
    let host = FakeHost::bare();
    let info = FakeEngine::docker().info;
    host.program(
        "nerdctl",
        &format!("case $1 in info) echo '{info}';; *) echo nerdctl version 2.1.2;; esac"),
    );
    // nerdctl names containerd's version in the same document.
    let error = problem(&host).await;
    assert!(matches!(error, EngineError::Nonsense { .. }), "{error}");
    let mut info = FakeEngine::docker().info;
    info["ServerVersion"] = "v2.1.1".into();
    host.program(
        "nerdctl",
        &format!("case $1 in info) echo '{info}';; *) echo nerdctl version 2.1.2;; esac"),
    );
    let engine = find(&host.environment()).await.unwrap();
    assert_eq!(engine.selected().provider, Provider::Nerdctl);
    assert!(engine.client().is_none());
}

#[tokio::test]
async fn without_any_sign_of_an_engine_there_is_none() {
    assert!(matches!(
        problem(&FakeHost::bare()).await,
        EngineError::None
    ));
}

#[tokio::test]
async fn an_absent_socket_is_told_from_one_that_nobody_listens_on() {
    let host = FakeHost::good();
    let absent = problem(&host).await;
    assert!(matches!(absent, EngineError::Absent { .. }), "{absent}");
    fake_engine::refuses(&host.docker_socket());
    let refused = problem(&host).await;
    assert!(matches!(refused, EngineError::Refused { .. }), "{refused}");
    let remedy = refused.remedy(&host.environment());
    assert_eq!(
        remedy.command.as_deref(),
        Some("sudo systemctl start docker")
    );
}

/// Time stands still while the fake can do something, and jumps to the limit when it does nothing.
#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_is_given_up() {
    let host = FakeHost::bare();
    fake_engine::hangs(&host.docker_socket());
    let error = problem(&host).await;
    assert!(matches!(error, EngineError::Silent { .. }), "{error}");
    assert!(
        error.to_string().contains("gave no answer within 3 s"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_engine_is_called_so() {
    for body in ["<html>hello</html>", "{}", "[1, 2]", ""] {
        let host = FakeHost::bare();
        fake_engine::answers_always(&host.docker_socket(), StatusCode::OK, body);
        let error = problem(&host).await;
        assert!(
            matches!(error, EngineError::Nonsense { .. }),
            "{body:?}: {error}"
        );
    }
}

#[tokio::test]
async fn an_engine_in_trouble_is_quoted() {
    let host = FakeHost::bare();
    let body = r#"{"message": "Docker Desktop is paused"}"#;
    fake_engine::answers_always(
        &host.docker_socket(),
        StatusCode::INTERNAL_SERVER_ERROR,
        body,
    );
    let error = problem(&host).await.to_string();
    assert!(
        error.contains("status 500, Docker Desktop is paused"),
        "{error}"
    );
}

#[tokio::test]
async fn addresses_that_cannot_work_name_the_variable_and_nothing_secret() {
    let host = FakeHost::bare();
    for (address, words) in [
        (
            "ssh://me:s3cret@far",
            "DOCKER_HOST reaches the engine by ssh, which is not supported",
        ),
        (
            "npipe:////./pipe/docker",
            "DOCKER_HOST has the scheme `npipe`",
        ),
        ("tcp://far.example:2376", "is on another machine"),
    ] {
        let environment = host.environment().with("DOCKER_HOST", address);
        let error = find(&environment).await.unwrap_err().to_string();
        assert!(
            error.contains(words) && !error.contains("s3cret"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_tcp_port_of_this_machine_is_an_engine_like_any_other() {
    let host = FakeHost::bare();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", taken.local_addr().unwrap());
    drop(taken);
    let environment = host.environment().with("DOCKER_HOST", address);
    let error = find(&environment).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn who_asks_for_tls_is_never_answered_in_the_clear() {
    let host = FakeHost::bare();
    let environment = host
        .environment()
        .with("DOCKER_HOST", "tcp://127.0.0.1:2376")
        .with("DOCKER_TLS_VERIFY", "1");
    let error = find(&environment).await.unwrap_err().to_string();
    assert!(
        error.starts_with("DOCKER_TLS_VERIFY asks for TLS"),
        "{error}"
    );
}

/// In real time: where time jumps, the command may be ended before it has begun to refuse that.
#[tokio::test]
async fn a_command_that_hangs_and_cannot_be_ended_is_given_up_too() {
    let host = FakeHost::bare();
    host.program("nerdctl", "trap '' TERM; while :; do /bin/sleep 600; done");
    let environment = host
        .environment()
        .with("KIND_EXPERIMENTAL_PROVIDER", "nerdctl");
    let error = find(&environment).await.unwrap_err();
    assert!(matches!(error, EngineError::Undecided { .. }), "{error}");
}

#[tokio::test]
async fn a_command_that_fails_is_quoted() {
    let host = FakeHost::bare();
    host.program(
        "nerdctl",
        "echo rootless containerd not running >&2; exit 1",
    );
    let environment = host
        .environment()
        .with("KIND_EXPERIMENTAL_PROVIDER", "nerdctl");
    let error = find(&environment).await.unwrap_err().to_string();
    assert!(error.contains("rootless containerd not running"), "{error}");
}
