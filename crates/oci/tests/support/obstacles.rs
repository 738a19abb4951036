//! Checks of access, and how a person reads them.

use std::fmt::Write;
use std::time::Duration;

use axum::response::Response;
use oci::access::{AccessReport, Rights};
use oci::{ClientBuilder, Credential, ImageReference, Retry};

use super::scripted::{Asked, scripted};
use super::server::Server;

pub type Lookup = fn(&ImageReference) -> Result<Option<Credential>, String>;

pub const NOBODY: Lookup = |_| Ok(None);
pub const ROBOT: Lookup = |_| {
    Ok(Some(Credential::Password {
        username: "robot".into(),
        password: "pass".into(),
    }))
};
pub const IDENTITY: Lookup = |_| Ok(Some(Credential::IdentityToken("s3cret".into())));
pub const TOKEN: Lookup = |_| Ok(Some(Credential::RegistryToken("s3cret".into())));
pub const DAMAGED: Lookup = |_| Err("auth.json: the entry `localhost` is not base64".to_owned());

/// What the check says about a registry that follows `script`.
pub async fn of_script(lookup: Lookup, script: fn(&Asked) -> Response) -> AccessReport {
    let server = Server::start(scripted(script).0).await;
    check(server.client_builder().credentials(lookup), &server.host).await
}

pub async fn check(builder: ClientBuilder, host: &str) -> AccessReport {
    let retry = Retry {
        attempts: 2,
        first_delay: Duration::ZERO,
        longest_delay: Duration::ZERO,
    };
    let client = builder.retry(retry).build().unwrap();
    let repository = format!("{host}/team/app").parse().unwrap();
    let report = client
        .check_access(&repository, Rights::PULL_AND_PUSH)
        .await;
    let everything = format!(
        "{report:?} {report} {}",
        serde_json::to_string(&report).unwrap()
    );
    assert!(
        ["s3cret", "cm9ib3Q6cGFzcw"]
            .iter()
            .all(|secret| !everything.contains(secret)),
        "a secret is shown: {everything}"
    );
    report
}

pub fn table(reports: &[(&str, AccessReport)]) -> String {
    let mut text = String::new();
    for (name, report) in reports {
        writeln!(text, "# {name}\n{report}\n").unwrap();
    }
    text
}

/// Hides what differs from machine to machine and run to run.
pub fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"(localhost|127\.0\.0\.1):\d+", "$1:PORT");
    settings.add_filter(
        r"lookup address information: [^)\n]*",
        "lookup address information: …",
    );
    settings.add_filter(r"os error \d+", "os error …");
    // How a connection breaks is a matter of microseconds.
    settings.add_filter(r"(broke|TLS handshake) \(.*\)", "$1 (…)");
    settings
}
