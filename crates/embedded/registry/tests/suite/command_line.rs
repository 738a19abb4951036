//! The program: what it says to wrong use, and that its files are read.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::certificates::Certificates;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_registry"));
    command.kill_on_drop(true);
    command
}

/// Runs it to its end. Returns the exit code and standard error.
async fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program().args(arguments).output().await.unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn wrong_use_is_exit_code_2_and_names_what_is_missing() {
    let (code, error) = run(&["--storage", "memory"]).await;
    assert_eq!(code, Some(2));
    assert!(
        error.contains("--tls-cert <FILE>") && error.contains("--tls-key <FILE>"),
        "{error}"
    );
    for arguments in [
        &["--plain-http"][..],
        &["--plain-http", "--storage", "memory", "--idle-limit", "0"],
        &["--plain-http", "--storage", "memory", "--rules", "rules"],
        &["--plain-http", "--storage", "memory", "--tls-cert", "x"],
    ] {
        assert_eq!(run(arguments).await.0, Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_exit_code_1_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let plain = [
        "--plain-http",
        "--listen",
        "127.0.0.1:0",
        "--storage",
        "memory",
    ];
    let users = file("users", "robot:not bcrypt");
    let good_users = file(
        "good",
        &format!("robot:{}", bcrypt::hash("secret", 4).unwrap()),
    );
    let rules = file("rules", "robot everything *");
    for (arguments, reason) in [
        (
            &["--htpasswd", "/does/not/exist"][..],
            "could not read /does/not/exist",
        ),
        (&["--htpasswd", &users], "is not hashed with bcrypt"),
        (
            &["--htpasswd", &good_users, "--rules", &rules],
            "line 1: \"everything\" is not a right",
        ),
        (&["--listen", "0.0.0.0:0"], "serve it with TLS"),
    ] {
        let arguments: Vec<_> = match arguments {
            ["--listen", address] => {
                vec!["--plain-http", "--listen", address, "--storage", "memory"]
            }
            arguments => plain.iter().chain(arguments).copied().collect(),
        };
        let (code, error) = run(&arguments).await;
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn it_serves_tls_with_a_login_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::new();
    write(folder.path(), "tls.crt", &certificates.certificate);
    write(folder.path(), "tls.key", &certificates.key);
    write(
        folder.path(),
        "users",
        &format!("robot:{}", bcrypt::hash("secret", 4).unwrap()),
    );
    write(folder.path(), "rules", "robot pull team");
    let mut command = program();
    command.current_dir(folder.path()).stdout(Stdio::piped());
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--storage",
        "data",
        "--tls-cert",
        "tls.crt",
        "--tls-key",
        "tls.key",
    ]);
    command.args([
        "--htpasswd",
        "users",
        "--authentication",
        "token",
        "--rules",
        "rules",
    ]);
    let mut child = command.spawn().unwrap();
    let url = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .next_line()
        .await
        .unwrap()
        .unwrap();
    let authority = reqwest::Certificate::from_pem(certificates.authority.as_bytes()).unwrap();
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .tls_certs_only([authority])
        .build()
        .unwrap();
    let challenged = client.get(format!("{url}/v2/")).send().await.unwrap();
    assert_eq!(challenged.status(), 401);
    let challenge = challenged.headers()["www-authenticate"].to_str().unwrap();
    assert_eq!(
        challenge,
        format!("Bearer realm=\"{url}/token\",service=\"registry\"")
    );
    let token = client
        .get(format!("{url}/token"))
        .basic_auth("robot", Some("secret"))
        .send()
        .await
        .unwrap();
    assert_eq!(token.status(), 200);
    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}
