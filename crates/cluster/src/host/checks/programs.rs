//! Programs of others that a Kind deployment runs, or that its user will want.

use std::time::Duration;

use serde::Deserialize;

use super::super::check::{Check, Remedy};
use super::super::environment::{Environment, Platform};
use super::super::programs::{ask, in_a_line};
use super::super::version::Version;
use crate::program::ProgramError;

/// The oldest `kind` that upstream's guide allows.
pub(in super::super) const OLDEST_KIND: Version = Version::new(0, 26, 0);
/// The `kind` with which upstream tests. Older ones bring a Kubernetes without the admission policies of Konflux.
const TESTED_KIND: Version = Version::new(0, 32, 0);
/// The oldest `kubectl` that upstream's guide allows.
const OLDEST_KUBECTL: Version = Version::new(1, 31, 4);
/// How long a program may take to say its version.
const LIMIT: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KubectlVersion {
    client_version: ClientVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientVersion {
    git_version: String,
}

/// `kind` is there, works and is new enough.
pub(in super::super) async fn kind(environment: &Environment) -> Check {
    const NAME: &str = "kind";
    let install = match environment.platform() {
        Platform::MacOs => Remedy::command("install it", "brew install kind"),
        _ => Remedy::command(
            "install it (https://kind.sigs.k8s.io/docs/user/quick-start/), for example with Go",
            format!("go install sigs.k8s.io/kind@v{TESTED_KIND}"),
        ),
    };
    let answer = match ask(environment, "kind", &["version", "-q"], LIMIT).await {
        Ok(answer) => answer,
        Err(ProgramError::NotFound { .. }) => {
            return Check::fail(NAME, "no `kind` on PATH", install);
        }
        Err(error @ ProgramError::TimedOut { .. }) => {
            return Check::unknown(NAME, in_a_line(&error));
        }
        Err(error) => return Check::fail(NAME, in_a_line(&error), install),
    };
    let Some(found) = Version::read(&answer) else {
        let line = answer.lines().next().unwrap_or_default();
        return Check::unknown(NAME, format!("it calls its version {line:?}"));
    };
    if found < OLDEST_KIND {
        let seen = format!("{found} is too old: Konflux needs {OLDEST_KIND}");
        return Check::fail(NAME, seen, install);
    }
    if found < TESTED_KIND {
        let seen = format!(
            "{found}; its Kubernetes may lack the admission policies of Konflux, tested is {TESTED_KIND}"
        );
        return Check::warn(NAME, seen, install);
    }
    Check::pass(NAME, found.to_string())
}

/// `kubectl` is there and new enough. Nothing here runs it; the commands that are printed for pasting do.
pub(in super::super) async fn kubectl(environment: &Environment) -> Check {
    const NAME: &str = "kubectl";
    let install = || {
        Remedy::advice(format!(
            "for looking into the cluster, install {OLDEST_KUBECTL} or newer (https://kubernetes.io/docs/tasks/tools/)"
        ))
    };
    let arguments = ["version", "--client", "--output", "json"];
    let answer = match ask(environment, "kubectl", &arguments, LIMIT).await {
        Ok(answer) => answer,
        Err(ProgramError::NotFound { .. }) => {
            return Check::warn(
                NAME,
                "no `kubectl` on PATH; deploy-local works without",
                install(),
            );
        }
        Err(error) => return Check::unknown(NAME, in_a_line(&error)),
    };
    let text = serde_json::from_str::<KubectlVersion>(&answer)
        .map(|answer| answer.client_version.git_version)
        .unwrap_or_default();
    let Some(found) = Version::read(&text) else {
        return Check::unknown(NAME, "what it says of its version is not what kubectl says");
    };
    if found < OLDEST_KUBECTL {
        return Check::warn(
            NAME,
            format!("{text} is older than the {OLDEST_KUBECTL} that Konflux asks for"),
            install(),
        );
    }
    Check::pass(NAME, text)
}
