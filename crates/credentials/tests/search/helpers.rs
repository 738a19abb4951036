//! Credential helpers, played by shell scripts.

use std::time::Duration;

use credentials::{CredentialHelper, FindError, HelperError, Origin};
use secrecy::ExposeSecret;

use crate::computer::Computer;

/// A helper that answers with the server that it was asked for as user name.
const ECHO: &str = r#"[ "$1" = get ] || exit 9
server=$(cat)
printf '{"ServerURL": "%s", "Username": "%s", "Secret": "hunter2"}' "$server" "$server""#;
/// A helper that has nothing.
const NOTHING: &str = "cat >/dev/null; echo credentials not found in native keychain; exit 1";

fn helper_error(error: FindError) -> HelperError {
    match error {
        FindError::Helper { source, .. } => source,
        other => panic!("expected a helper's error, got {other}"),
    }
}

#[tokio::test]
async fn the_helper_of_a_registry_comes_before_entries_and_the_store() {
    let computer = Computer::new();
    computer.helper("mine", ECHO);
    let path = computer.file(
        "home/.docker/config.json",
        r#"{"auths": {"quay.io/team": {"auth": "YTpi"}}, "credsStore": "missing", "credHelpers": {"quay.io": "mine"}}"#,
    );
    let found = computer.find("quay.io/team/application").await.unwrap();
    assert_eq!(found.credential.username, "quay.io");
    assert_eq!(found.credential.password.expose_secret(), "hunter2");
    assert_eq!(found.scope, "quay.io");
    let program = "docker-credential-mine".to_owned();
    let server = "quay.io".to_owned();
    assert_eq!(
        found.origin,
        Origin::Helper {
            path,
            program,
            server
        }
    );
}

#[tokio::test]
async fn a_helper_for_docker_hub_is_found_by_any_of_its_names_and_asked_by_the_name_it_is_configured_for()
 {
    for key in ["docker.io", "https://index.docker.io/v1/"] {
        let computer = Computer::new();
        computer.helper("mine", ECHO);
        let config = format!(r#"{{"credHelpers": {{"{key}": "mine"}}}}"#);
        computer.file("home/.docker/config.json", &config);
        let found = computer.find("docker.io/library/busybox").await.unwrap();
        assert_eq!(found.credential.username, key);
        assert_eq!(found.scope, "docker.io");
    }
}

#[tokio::test]
async fn an_entry_with_content_comes_before_the_store() {
    let computer = Computer::new();
    computer.file(
        "home/.docker/config.json",
        r#"{"auths": {"quay.io": {"auth": "YTpi"}}, "credsStore": "missing"}"#,
    );
    let found = computer.find("quay.io/team/application").await.unwrap();
    assert_eq!(found.credential.username, "a");
}

#[tokio::test]
async fn the_store_is_asked_for_the_address_that_docker_left_an_empty_entry_for() {
    for (auths, repository, server) in [
        ("{}", "quay.io/a", "quay.io"),
        ("{}", "docker.io/a/b", "https://index.docker.io/v1/"),
        (r#"{"https://quay.io": {}}"#, "quay.io/a", "https://quay.io"),
        (r#"{"quay.io/a": {}}"#, "quay.io/a", "quay.io"),
    ] {
        let computer = Computer::new();
        computer.helper("all", ECHO);
        let config = format!(r#"{{"auths": {auths}, "credsStore": "all"}}"#);
        computer.file("home/.docker/config.json", &config);
        let found = computer.find(repository).await.unwrap();
        assert_eq!(found.credential.username, server, "{auths}");
    }
}

#[tokio::test]
async fn a_helper_that_has_nothing_is_no_error_and_the_next_file_is_searched() {
    let computer = Computer::new();
    computer.helper("empty", NOTHING);
    computer.file(
        "runtime/containers/auth.json",
        r#"{"credHelpers": {"quay.io": "empty"}}"#,
    );
    let missing = computer.failure("quay.io/a").await;
    assert!(
        missing.contains("docker-credential-empty has none for quay.io"),
        "{missing}"
    );
    computer.logins("home/.docker/config.json", &[("quay.io", "docker")]);
    let found = computer.find("quay.io/a").await.unwrap();
    assert_eq!(found.credential.username, "docker");
}

#[tokio::test]
async fn the_user_name_token_marks_an_identity_token() {
    let computer = Computer::new();
    computer.helper(
        "mine",
        r#"cat >/dev/null; echo '{"Username": "<token>", "Secret": "refresh"}'"#,
    );
    computer.file("home/.docker/config.json", r#"{"credsStore": "mine"}"#);
    let credential = computer.find("quay.io/a").await.unwrap().credential;
    assert!(credential.username.is_empty());
    assert_eq!(
        credential.identity_token.unwrap().expose_secret(),
        "refresh"
    );
}

/// The failure of a helper that is a script.
async fn failure_of(script: &str) -> String {
    let computer = Computer::new();
    computer.helper("mine", script);
    computer.file(
        "home/.docker/config.json",
        r#"{"credHelpers": {"quay.io": "mine"}}"#,
    );
    computer.failure("quay.io/a").await
}

#[tokio::test]
async fn what_every_helper_says_is_shown_with_its_status_and_its_own_words_are_not() {
    insta::assert_snapshot!(
        failure_of("echo 'no credentials server URL'; echo 'the key is s3same' >&2; exit 3").await,
        @"/computer/home/.docker/config.json: `docker-credential-mine get` failed for quay.io (exit status: 3): no credentials server URL"
    );
    insta::assert_snapshot!(
        failure_of("echo 'the key store is locked' >&2; exit 3").await,
        @"/computer/home/.docker/config.json: `docker-credential-mine get` failed for quay.io (exit status: 3): what it wrote is not shown, because the secret may be in it; to see it, run: echo quay.io | docker-credential-mine get"
    );
}

#[tokio::test]
async fn a_secret_that_a_failing_helper_wrote_is_not_shown_wherever_it_stands() {
    for script in [
        "echo hunter2; exit 1",
        "echo hunter2 >&2; exit 1",
        "echo correct hunter2 staple; exit 1",
        "set -x; TOKEN=hunter2; false",
        "set -x; echo hunter2; exit 1",
        "echo no credentials username hunter2; exit 1",
        "echo no credentials username; echo hunter2; exit 1",
        r#"echo '{"Username": "a", "Secret": "hunter2"}' >&2; exit 1"#,
        "printf 'credentials not found in native keychain\\nhunter2'; exit 1",
    ] {
        let shown = failure_of(script).await;
        assert!(!shown.contains("hunter2"), "{script}: {shown}");
        assert!(shown.contains("failed for quay.io"), "{script}: {shown}");
    }
}

#[tokio::test]
async fn an_answer_counts_when_the_helper_has_ended_whoever_still_holds_its_output() {
    for (script, user) in [
        (
            r#"cat >/dev/null; sleep 600 & printf '{"Username": "robot", "Secret": "a"}'"#,
            "robot",
        ),
        // What comes after the end of the helper itself belongs to the answer while that is not whole.
        (
            r#"cat >/dev/null; printf '{"Username": '; (sleep 0.2; printf '"late", "Secret": "a"}'; sleep 600) &"#,
            "late",
        ),
    ] {
        let computer = Computer::new();
        computer.helper(
            "mine",
            &format!("echo $$ >'{}'\n{script}", computer.path("group").display()),
        );
        computer.file("home/.docker/config.json", r#"{"credsStore": "mine"}"#);
        let search = computer.search().with_helper_limit(Duration::from_secs(20));
        let found = search.find("quay.io/a").await;
        let group = std::fs::read_to_string(computer.path("group")).unwrap();
        let group = rustix::process::Pid::from_raw(group.trim().parse().unwrap()).unwrap();
        let killed = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        assert_eq!(found.unwrap().credential.username, user);
        assert_eq!(killed, Ok(()), "what it left behind was running");
    }
}

#[tokio::test]
async fn a_failure_counts_when_the_helper_has_ended_too() {
    let computer = Computer::new();
    computer.helper("mine", "sleep 60 & exit 7");
    computer.file("home/.docker/config.json", r#"{"credsStore": "mine"}"#);
    let search = computer.search().with_helper_limit(Duration::from_secs(20));
    let error = helper_error(search.find("quay.io/a").await.unwrap_err());
    assert!(matches!(error, HelperError::Failed { .. }), "{error}");
}

#[tokio::test]
async fn what_could_be_the_secret_is_never_shown() {
    for (script, text) in [
        (
            r#"echo '{"Username": "a", "Secret": "hunter2"}'; exit 1"#,
            "what it wrote is not shown, because the secret may be in it",
        ),
        ("exit 1", "it said nothing"),
        ("echo hunter2", "something that is not a JSON object"),
        (
            r#"echo '["hunter2"]'"#,
            "something that is not a JSON object",
        ),
        ("true", "nothing"),
        (
            r#"echo '{"Username": "a", "Secret": ["hunter2"]}'"#,
            "is not a string",
        ),
        (r#"echo '{"Password": "hunter2"}'"#, "without `Username`"),
        (
            r#"echo '{"Username": "a", "Secret": ""}'"#,
            "`Secret` is empty",
        ),
        ("yes hunter2", "more than 64 KiB"),
    ] {
        let computer = Computer::new();
        computer.helper("mine", script);
        computer.file("home/.docker/config.json", r#"{"credsStore": "mine"}"#);
        let error = computer.find("quay.io/a").await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(text), "{script}: {shown}");
        assert!(!shown.contains("hunter2"), "{script}: {shown}");
    }
}

#[tokio::test]
async fn a_helper_that_complains_without_end_is_heard_to_its_end() {
    let shown = failure_of("yes complaint | head -c 300000 >&2; exit 5").await;
    assert!(shown.contains("exit status: 5"), "{shown}");
}

#[tokio::test]
async fn a_helper_that_hangs_is_killed_with_all_that_it_started() {
    let computer = Computer::new();
    let (fifo, process) = (computer.path("held"), computer.path("process"));
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    // The descendant holds the pipe open as long as it lives.
    let script = format!(
        "echo $$ >'{}'; sleep 600 3>'{}' & wait",
        process.display(),
        fifo.display()
    );
    computer.helper("slow", &script);
    computer.file("home/.docker/config.json", r#"{"credsStore": "slow"}"#);
    let (sender, all_ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || sender.send(std::fs::read(fifo)));
    let search = computer
        .search()
        .with_helper_limit(Duration::from_millis(1500));
    let error = search.find("quay.io/a").await.unwrap_err();
    insta::assert_snapshot!(
        computer.shown(&error),
        @"/computer/home/.docker/config.json: `docker-credential-slow get` did not answer for quay.io within 1.5s and was killed; it may be waiting for a locked key store: unlock it, or log in where no helper is configured"
    );
    let ended = tokio::time::timeout(Duration::from_secs(30), all_ended).await;
    assert!(ended.is_ok(), "a process of the helper still runs");
    let id: i32 = std::fs::read_to_string(process)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let gone = rustix::process::test_kill_process(rustix::process::Pid::from_raw(id).unwrap());
    assert_eq!(gone, Err(rustix::io::Errno::SRCH), "it was not reaped");
}

#[tokio::test]
async fn a_missing_program_and_an_impossible_name_are_told_apart() {
    let computer = Computer::new();
    computer.file("home/.docker/config.json", r#"{"credsStore": "absent"}"#);
    let error = helper_error(computer.find("quay.io/a").await.unwrap_err());
    assert!(
        matches!(&error, HelperError::NotOnPath { program } if program == "docker-credential-absent")
    );
    for name in ["../evil", "a/b", "", "a\\b"] {
        assert!(
            matches!(CredentialHelper::named(name), Err(HelperError::BadName { name: seen }) if seen == name)
        );
    }
    let program = computer.file("bin/docker-credential-absent", "not executable");
    assert!(program.is_file());
    let error = helper_error(computer.find("quay.io/a").await.unwrap_err());
    assert!(matches!(error, HelperError::Run { .. }), "{error}");
}

#[tokio::test]
async fn a_program_of_the_current_folder_is_not_run() {
    let mut computer = Computer::new();
    computer.environment.path = Some(".:bin:".into());
    computer.file("home/.docker/config.json", r#"{"credsStore": "absent"}"#);
    let error = helper_error(computer.find("quay.io/a").await.unwrap_err());
    assert!(matches!(error, HelperError::NotOnPath { .. }));
}
