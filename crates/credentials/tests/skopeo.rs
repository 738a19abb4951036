//! Debian's `skopeo` understands what we write, and we understand what it writes.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use credentials::{AuthEntry, DockerConfig, Environment, Search};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use registry::access::Access;
use registry::storage::Memory;
use registry::{Options, Registry};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

const PASSWORD: &str = "pass:word with + and \u{e9}";

/// Runs skopeo; its standard output, or its standard error when it failed.
async fn skopeo(arguments: &[&str], input: &str) -> Result<String, String> {
    let mut child = Command::new("skopeo")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("skopeo can be started: install Debian's package skopeo, this suite needs it");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

/// A registry with one user, over TLS: its host, and a folder with its authority.
async fn registry_with_login() -> (String, TempDir) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.crt"), authority.pem()).unwrap();

    let line = format!("robot:{}\n", bcrypt::hash(PASSWORD, 4).unwrap());
    let options = Options {
        access: Access::htpasswd(line.parse().unwrap()),
        ..Options::default()
    };
    let tls = registry::tls::server_config(&certificate.pem(), &key.serialize_pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let router = Registry::new(Arc::new(Memory::new()), options).router();
    let forever = CancellationToken::new();
    tokio::spawn(registry::serve(listener, tls, router, forever));
    (host, folder)
}

async fn user_of(file: &Path, key: &str) -> Result<String, String> {
    let file = file.display().to_string();
    skopeo(&["login", "--get-login", "--authfile", &file, key], "").await
}

#[tokio::test]
async fn skopeo_finds_the_entries_that_we_wrote_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let mut config = DockerConfig::new();
    for (key, user) in [
        ("quay.io", "general"),
        ("quay.io/team", "special"),
        ("localhost:5001", "local"),
        ("https://index.docker.io/v1/", "hub"),
    ] {
        config.insert(key, AuthEntry::login(user, &PASSWORD.into()));
    }
    config.write_to(&file).unwrap();
    for (key, user) in [
        ("quay.io", "general"),
        ("quay.io/team", "special"),
        ("quay.io/team/application", "special"),
        ("quay.io/other", "general"),
        ("localhost:5001", "local"),
        ("docker.io", "hub"),
    ] {
        assert_eq!(user_of(&file, key).await.as_deref(), Ok(user), "{key}");
        // We agree with skopeo about each of them.
        let credential = config.lookup(key).unwrap().unwrap();
        assert_eq!(credential.username, user, "{key}");
    }
    let error = user_of(&file, "ghcr.io").await.unwrap_err();
    assert!(error.contains("not logged into ghcr.io"), "{error}");
}

#[tokio::test]
async fn a_merge_into_what_skopeo_login_wrote_keeps_it_and_skopeo_reads_the_result() {
    let (host, certificates) = registry_with_login().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let (file_text, certificates) = (
        file.display().to_string(),
        certificates.path().display().to_string(),
    );
    skopeo(
        &[
            "login",
            "--cert-dir",
            &certificates,
            "--authfile",
            &file_text,
            "--username",
            "robot",
            "--password-stdin",
            &host,
        ],
        PASSWORD,
    )
    .await
    .unwrap();

    let repository = format!("{host}/team/application");
    let found = Search::new(Some(&file), &Environment::default())
        .find(&repository)
        .await
        .unwrap();
    assert_eq!(found.credential.username, "robot");
    assert_eq!(found.credential.password.expose_secret(), PASSWORD);

    let (merged, changes) = DockerConfig::from_file(&file)
        .unwrap()
        .merged_with(&DockerConfig::for_push([&found]).unwrap());
    assert!(changes.is_nothing(), "{changes:?}");
    let mut other = DockerConfig::new();
    other.insert("quay.io/team", AuthEntry::login("other", &"a".into()));
    let (merged, changes) = merged.merged_with(&other);
    assert_eq!(changes.kept, std::slice::from_ref(&host));
    merged.write_to(&file).unwrap();
    assert_eq!(user_of(&file, &host).await.as_deref(), Ok("robot"));
    assert_eq!(user_of(&file, "quay.io/team").await.as_deref(), Ok("other"));
    // The registry lets skopeo in with the file as we wrote it: it says that nothing is there, and not that somebody must log in.
    let image = format!("docker://{repository}");
    let error = skopeo(
        &[
            "list-tags",
            "--cert-dir",
            &certificates,
            "--authfile",
            &file_text,
            &image,
        ],
        "",
    )
    .await
    .unwrap_err();
    assert!(error.contains("404 (Not Found)"), "{error}");
}

#[tokio::test]
async fn a_file_that_a_person_wrote_is_read_as_skopeo_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    std::fs::write(
        &file,
        r#"{"auths": {"https://quay.io/v2/team": {"auth": "YTpi"}, "ghcr.io/team": {"auth": "Yzpk"}, "example.com": {}}}"#,
    )
    .unwrap();
    for (key, user) in [
        ("quay.io/other", Some("a")),
        ("ghcr.io/team/x", Some("c")),
        ("ghcr.io/teams", None),
        ("example.com", None),
    ] {
        let ours = Search::new(Some(&file), &Environment::default())
            .find(key)
            .await;
        let ours = ours.ok().map(|found| found.credential.username);
        assert_eq!(ours.as_deref(), user, "{key}");
        assert_eq!(user_of(&file, key).await.ok().as_deref(), user, "{key}");
    }
}

/// A config with some of the keys; each entry's user name is its key's place in the list.
fn config_of(keys: &[Option<&str>]) -> DockerConfig {
    let mut config = DockerConfig::new();
    for (place, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            let user = format!("user{place}");
            config.insert(*key, AuthEntry::login(&user, &PASSWORD.into()));
        }
    }
    config
}

async fn agree(config: &DockerConfig, repositories: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    config.write_to(&file).unwrap();
    for repository in repositories {
        let ours = config.lookup(repository).unwrap();
        let ours = ours.map(|credential| credential.username);
        let theirs = user_of(&file, repository).await.ok();
        let keys: Vec<_> = config.entries().map(|(key, _)| key).collect();
        assert_eq!(ours, theirs, "{repository} with {keys:?}");
    }
}

#[tokio::test]
async fn whatever_entries_there_are_we_choose_the_one_that_skopeo_chooses() {
    // At most one key of a registry has a scheme: of two, skopeo takes any.
    let addresses = [
        None,
        Some("https://quay.io"),
        Some("http://quay.io/v1/"),
        Some("https://quay.io/v2/team"),
    ];
    for (choice, address) in addresses.into_iter().cycle().take(32).enumerate() {
        let present = |bit: usize, key| (((choice / 4) >> bit) & 1 == 1).then_some(key);
        let keys = [
            address,
            present(0, "quay.io"),
            present(1, "quay.io/team"),
            present(2, "quay.io/team/application"),
        ];
        let repositories = ["quay.io/team/application", "quay.io/team/b", "quay.io/b"];
        agree(&config_of(&keys), &repositories).await;
    }
    let hub = ["docker.io", "https://index.docker.io/v1/"];
    for keys in [
        [Some(hub[0]), Some(hub[1]), None],
        [Some(hub[1]), None, Some("docker.io/team")],
        [None, Some("registry-1.docker.io"), None],
        [None, Some("index.docker.io"), None],
    ] {
        agree(&config_of(&keys), &["docker.io/team/a", "docker.io/b"]).await;
    }
}

/// The text of a config with one entry.
fn one_entry(key: &str, entry: &str) -> String {
    format!(r#"{{"auths": {{"{key}": {entry}}}}}"#)
}

#[tokio::test]
async fn however_a_key_is_written_we_read_it_where_skopeo_does_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let auth = r#"{"auth": "YTpi"}"#;
    let quay = "quay.io/team/application";
    let hub = "docker.io/team/application";
    for (key, repository, is_read) in [
        ("quay.io", quay, true),
        ("quay.io/", quay, false),
        ("quay.io/v1", quay, false),
        ("quay.io/v1/", quay, false),
        ("quay.io/v2", quay, false),
        ("quay.io/v2/", quay, false),
        ("quay.io/v2", "quay.io/v2/application", true),
        ("quay.io/v2/", "quay.io/v2/application", false),
        ("quay.io/team/", quay, false),
        ("https://quay.io", quay, true),
        ("https://quay.io/", quay, true),
        ("https://quay.io/v1/", quay, true),
        ("https://quay.io/v2/other", quay, true),
        ("http://quay.io/v2", quay, true),
        ("Quay.IO", quay, false),
        ("https://Quay.IO", quay, false),
        ("quay.io", "quay.io:443/team", false),
        ("quay.io:443", "quay.io/team", false),
        ("https://quay.io:443/v1/", "quay.io:443/team", true),
        ("docker.io", hub, true),
        ("index.docker.io", hub, true),
        ("registry-1.docker.io", hub, true),
        ("https://index.docker.io/v1/", hub, true),
        ("https://docker.io", hub, true),
        ("docker.io/v1", hub, false),
        ("docker.io/", hub, false),
        ("index.docker.io/team", hub, false),
        ("registry.hub.docker.com", hub, false),
        ("docker.io", "registry-1.docker.io/team/a", true),
        ("docker.io/team", "registry-1.docker.io/team/a", false),
    ] {
        let text = one_entry(key, auth);
        std::fs::write(&file, &text).unwrap();
        let theirs = user_of(&file, repository).await.is_ok();
        let config = DockerConfig::parse(text.as_bytes()).unwrap();
        let ours = config.lookup(repository).unwrap().is_some();
        assert_eq!((theirs, ours), (is_read, is_read), "{key}, {repository}");
    }
}

#[tokio::test]
async fn whatever_an_entry_has_in_place_of_auth_logs_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    for (entry, is_login) in [
        (r#"{"auth": "YTpi"}"#, true),
        (
            r#"{"auth": "YTpi", "username": "c", "password": "d"}"#,
            true,
        ),
        (r#"{"username": "a", "password": "b"}"#, false),
        (r#"{"username": "a", "password": "b", "auth": ""}"#, false),
        (r#"{"identitytoken": "t"}"#, false),
        (r#"{"registrytoken": "t"}"#, false),
        ("{}", false),
    ] {
        let text = one_entry("quay.io", entry);
        std::fs::write(&file, &text).unwrap();
        let theirs = user_of(&file, "quay.io/a").await.ok();
        let config = DockerConfig::parse(text.as_bytes()).unwrap();
        let ours = config.lookup("quay.io/a").unwrap();
        let ours = ours.map(|credential| credential.username);
        assert_eq!(ours, theirs, "{entry}");
        assert_eq!(ours.is_some(), is_login, "{entry}");
    }
}

#[tokio::test]
async fn what_a_person_wrote_in_a_form_of_their_own_lets_skopeo_in_after_we_wrote_it() {
    let (host, certificates) = registry_with_login().await;
    let folder = tempfile::tempdir().unwrap();
    let certificates = certificates.path().display().to_string();
    let image = format!("docker://{host}/team/application");
    let list = async |file: &Path| {
        let file = file.display().to_string();
        let arguments = [
            "list-tags",
            "--cert-dir",
            &certificates,
            "--authfile",
            &file,
            &image,
        ];
        skopeo(&arguments, "").await.unwrap_err()
    };
    let pair = format!(r#"{{"username": "robot", "password": "{PASSWORD}"}}"#);
    let login = AuthEntry::login("robot", &PASSWORD.into());
    let auth = login.auth.unwrap();
    let auth = format!(r#"{{"auth": "{}"}}"#, auth.expose_secret());
    for (key, entry) in [
        (host.clone(), &pair),
        (format!("https://{host}/v1/"), &pair),
        (format!("{host}/"), &auth),
        (host.to_ascii_uppercase(), &auth),
        (format!("{}/team/", host.to_ascii_uppercase()), &pair),
    ] {
        let theirs = folder.path().join("theirs.json");
        std::fs::write(&theirs, one_entry(&key, entry)).unwrap();
        let refused = list(&theirs).await;
        assert!(refused.contains("unauthorized"), "{key}: {refused}");

        let found = Search::new(Some(&theirs), &Environment::default())
            .find(&format!("{host}/team/application"))
            .await
            .unwrap();
        let ours = folder.path().join("ours.json");
        let config = DockerConfig::for_push([&found]).unwrap();
        config.write_to(&ours).unwrap();
        // Let in, it hears that nothing is there.
        let answer = list(&ours).await;
        assert!(answer.contains("404 (Not Found)"), "{key}: {answer}");
    }
}
