//! `deploy-local --cluster kind` with programs and an engine that go wrong: exit code, message, and what is left.
//!
//! `kind`, `kubectl` and the engine are fakes: scripts on a `PATH` of their own, and a socket that answers as Docker's API does, with no
//! container. What goes wrong at every single call of the real ones is tested in `crates/cluster`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Ran, Sandbox};

/// How an engine goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Hangs,
    Refuses,
    Nonsense,
    HangsUp,
}

const FAULTS: [Fault; 4] = [
    Fault::Hangs,
    Fault::Refuses,
    Fault::Nonsense,
    Fault::HangsUp,
];

/// A host of fakes.
struct Host {
    sandbox: Sandbox,
    programs: PathBuf,
    socket: PathBuf,
}

const KIND: &str = r#"case "$1 $2" in
"version -q") echo 0.32.0 ;;
"create cluster") CREATE ;;
"get kubeconfig") echo "ERROR: could not locate any control plane nodes" >&2; exit 1 ;;
"delete cluster") echo 'Deleted nodes: []' >&2 ;;
*) exit 0 ;;
esac"#;

impl Host {
    /// Everything is there and well, but that `kind create cluster` does this.
    fn creating(create: &str) -> Self {
        let host = Self::with_engine(None);
        host.program("kind", &KIND.replace("CREATE", create));
        host
    }

    /// The engine goes wrong where the path of a request has these words.
    fn with_engine(fault: Option<(&'static str, Fault)>) -> Self {
        let sandbox = Sandbox::new();
        let programs = sandbox.folder().join("programs");
        std::fs::create_dir(&programs).unwrap();
        let socket = sandbox.folder().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || answer(stream, fault));
            }
        });
        let host = Self {
            sandbox,
            programs,
            socket,
        };
        host.program("kind", &KIND.replace("CREATE", ":"));
        host.program(
            "kubectl",
            r#"echo '{"clientVersion": {"gitVersion": "v1.36.1"}}'"#,
        );
        host.program("docker", ":");
        let sources = host
            .sandbox
            .folder()
            .join("sources/tekton-pipelines/v1.15.0");
        std::fs::create_dir_all(&sources).unwrap();
        let release = "apiVersion: v1\nkind: Namespace\nmetadata: {name: tekton-pipelines}\n";
        std::fs::write(sources.join("release.yaml"), release).unwrap();
        host
    }

    fn program(&self, name: &str, script: &str) {
        // Made whole under another name: a file that is open for writing cannot be executed.
        let (path, new) = (self.programs.join(name), self.programs.join("new"));
        std::fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&new, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command
            .env("PATH", format!("{}:/usr/bin:/bin", self.programs.display()))
            .env("DOCKER_HOST", format!("unix://{}", self.socket.display()))
            .env("KIND_EXPERIMENTAL_PROVIDER", "docker")
            .env("ENABLE_REGISTRY_PORT", "0")
            .env("KIND_MEMORY_GB", "1");
        command
    }

    fn deploy(&self) -> Ran {
        Ran::from(self.command(DEPLOY).output().unwrap())
    }

    /// What an earlier run left goes, all of it.
    fn destroy(&self) {
        let ran = Ran::from(self.command(&["destroy"]).output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(!self.sandbox.state().exists(), "{}", ran.stderr);
    }
}

/// The host is judged first, and the ports of a deployment that somebody uses are taken.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn has_taken_ports() -> bool {
    let configuration = include_str!("../../../kind-config/cluster.yaml");
    let ports = configuration
        .lines()
        .filter_map(|line| line.trim().strip_prefix("hostPort: "));
    // The registry's is not asked for here.
    let ports = ports.filter(|port| *port != "5001");
    let taken = ports.filter(|port| TcpListener::bind(format!("127.0.0.1:{port}")).is_err());
    let taken: Vec<&str> = taken.collect();
    if !taken.is_empty() {
        eprintln!("skipped: needs the ports {} of this host", taken.join(", "));
    }
    !taken.is_empty()
}

const DEPLOY: &[&str] = &[
    "deploy-local",
    "--cluster",
    "kind",
    "--konflux",
    "stand-ins",
    "--offline",
    "--sources",
    "sources",
];

fn answer(stream: UnixStream, fault: Option<(&str, Fault)>) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    for line in lines {
        if line.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let fault = fault.filter(|(words, _)| path.contains(words));
    let (status, body) = match fault.map(|(_, fault)| fault) {
        Some(Fault::Hangs) => loop {
            std::thread::park();
        },
        Some(Fault::HangsUp) => return,
        Some(Fault::Refuses) => (500, r#"{"message": "no space left on device"}"#),
        Some(Fault::Nonsense) => (200, "<html>nothing here</html>"),
        None if path.ends_with("/version") => (
            200,
            r#"{"Version": "27.5.1", "ApiVersion": "1.47", "MinAPIVersion": "1.24"}"#,
        ),
        None if path.ends_with("/info") => (
            200,
            r#"{"ServerVersion": "27.5.1", "MemTotal": 16000000000, "NCPU": 4, "CgroupVersion": "2", "Driver": "overlay2"}"#,
        ),
        None if path.contains("/images/") => (200, "{}"),
        None if path.contains("/containers/json") => (200, "[]"),
        None => (404, r#"{"message": "no such object"}"#),
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _client_left = (&stream).write_all(answer.as_bytes());
}

fn expect(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "no `{word}` in:\n{}", ran.stderr);
    }
}

#[test]
fn a_kind_that_does_not_start_is_a_fault_of_the_host_and_leaves_nothing() {
    for (version, words) in [
        ("echo 'cannot start' >&2; exit 1", "kind: "),
        ("kill -9 $$", "kind: "),
        ("echo 0.20.0", "kind: 0.20.0 is too old"),
    ] {
        let host = Host::with_engine(None);
        host.program("kind", version);
        expect(
            &host.deploy(),
            3,
            &["step host failed", words, "cargo xtask doctor"],
        );
        assert!(!host.sandbox.state().exists(), "{version}");
    }
}

#[test]
fn an_engine_that_goes_wrong_is_a_fault_of_the_host_and_leaves_nothing() {
    for fault in FAULTS {
        let host = Host::with_engine(Some(("/info", fault)));
        expect(&host.deploy(), 3, &["step host failed", "engine:"]);
        assert!(!host.sandbox.state().exists(), "{fault:?}");
    }
    let host = Host::with_engine(None);
    std::fs::remove_file(&host.socket).unwrap();
    expect(&host.deploy(), 3, &["step host failed", "engine:"]);
    assert!(!host.sandbox.state().exists());
}

#[test]
fn a_kind_that_makes_no_cluster_is_told_with_its_words_and_destroy_removes_what_is_left() {
    if has_taken_ports() {
        return;
    }
    for (create, words) in [
        (
            "cat >/dev/null; echo 'ERROR: failed to create cluster: no space left' >&2; exit 1",
            &["failed (exit 1)", "no space left"][..],
        ),
        ("cat >/dev/null; kill -9 $$", &["failed (signal 9)"]),
        // It says that all is well, and there is no cluster.
        (
            "cat >/dev/null; echo '<html>'",
            &["could not locate any control plane nodes"],
        ),
    ] {
        let host = Host::creating(create);
        let ran = host.deploy();
        expect(&ran, 1, words);
        expect(
            &ran,
            1,
            &[
                "step kind-cluster failed",
                "skipped    registry ",
                "evidence: ",
                "run the same command again to continue",
            ],
        );
        // Again: what is left of the first run is in nobody's way.
        expect(&host.deploy(), 1, words);
        host.destroy();
    }
}

#[test]
fn an_engine_that_goes_wrong_later_is_told_with_its_words() {
    if has_taken_ports() {
        return;
    }
    for (fault, words) in [
        (Fault::Refuses, "refused it (500): no space left on device"),
        (Fault::Nonsense, "answered something that is not its API"),
        (Fault::HangsUp, "could not be asked"),
    ] {
        let host = Host::with_engine(Some(("/containers/json", fault)));
        expect(&host.deploy(), 1, &["step kind-cluster failed", words]);
        // No cluster was begun, so that nothing but files can be left.
        host.destroy();
    }
}

#[test]
fn what_was_begun_is_not_forgotten_while_nobody_can_tell_what_is_left_of_it() {
    if has_taken_ports() {
        return;
    }
    let host = Host::creating("cat >/dev/null; exit 1");
    expect(&host.deploy(), 1, &["failed (exit 1)"]);
    let aside = host.socket.with_extension("aside");
    std::fs::rename(&host.socket, &aside).unwrap();
    let ran = Ran::from(host.command(&["destroy"]).output().unwrap());
    expect(&ran, 1, &["engine"]);
    assert!(host.sandbox.deployment().exists());
    std::fs::rename(&aside, &host.socket).unwrap();
    host.destroy();
}

#[test]
fn an_interrupt_ends_a_kind_that_hangs_and_says_what_is_left() {
    if has_taken_ports() {
        return;
    }
    let host = Host::creating("cat >/dev/null; : >\"${0%/*}/begun\"; sleep 300");
    let child = host
        .command(DEPLOY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = host.programs.join("begun");
    for _ in 0..600 {
        if begun.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    expect(
        &ran,
        1,
        &["interrupted", "cut short  kind-cluster", "not begun  "],
    );
    host.destroy();
}
