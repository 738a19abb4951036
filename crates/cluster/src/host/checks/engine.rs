//! Does the engine answer, is it new enough, can Kind drive it?

use super::super::check::{Check, Remedy};
use super::super::engine::{Engine, EngineError, Provider, others_that_exist};
use super::super::environment::{Environment, Platform};
use super::super::version::Version;

/// The oldest engines with which Kind works (its guide to rootless engines), and the oldest that Konflux asks for.
const fn oldest(provider: Provider) -> (Version, Version) {
    match provider {
        Provider::Docker => (Version::new(20, 10, 0), Version::new(27, 0, 1)),
        Provider::Podman => (Version::new(3, 0, 0), Version::new(5, 3, 1)),
        Provider::Nerdctl => (Version::new(1, 7, 0), Version::new(1, 7, 0)),
    }
}

/// The engine that Kind would use answers, and it is on this machine.
pub(in super::super) fn answers(
    environment: &Environment,
    found: &Result<Engine, EngineError>,
) -> Check {
    const NAME: &str = "engine";
    let engine = match found {
        Ok(engine) => engine,
        Err(error) => return failed(NAME, environment, error),
    };
    let (located, facts) = (engine.located(), engine.facts());
    let asked = engine.selected().provider;
    let answered = facts.provider.unwrap_or(asked);
    let product = facts.product.as_deref();
    let seen = format!(
        "{answered} answers at {} ({}){}",
        located.address,
        located.origin,
        product.map_or_else(String::new, |product| format!(" on {product}"))
    );
    if facts
        .system
        .as_deref()
        .is_some_and(|system| system != "linux")
    {
        return Check::fail(
            NAME,
            format!("{seen}; it runs no Linux containers"),
            Remedy::advice("switch it to Linux containers"),
        );
    }
    if answered == Provider::Podman && asked == Provider::Docker {
        return Check::warn(
            NAME,
            format!("{seen}, and kind takes it for Docker"),
            Remedy::command(
                "tell kind what it is",
                "export KIND_EXPERIMENTAL_PROVIDER=podman",
            ),
        );
    }
    Check::pass(NAME, seen)
}

fn failed(name: &'static str, environment: &Environment, error: &EngineError) -> Check {
    let remedy = error.remedy(environment);
    let there = match error {
        EngineError::Absent { address, .. }
        | EngineError::Refused { address, .. }
        | EngineError::Silent { address, .. }
        | EngineError::Denied { address, .. } => others_that_exist(environment, address),
        _ => Vec::new(),
    };
    let mut seen = error.to_string();
    if let Some((provider, path)) = there.first() {
        let variable = match provider {
            Provider::Podman => "KIND_EXPERIMENTAL_PROVIDER=podman".to_owned(),
            _ => format!("DOCKER_HOST=unix://{}", path.display()),
        };
        seen.push_str(&format!(
            "; there is also {} of {provider}: to use it, set {variable}",
            path.display()
        ));
    }
    Check::fail(name, seen, remedy)
}

/// The engine is new enough.
pub(in super::super) fn version(engine: &Engine) -> Check {
    const NAME: &str = "engine-version";
    let provider = engine
        .facts()
        .provider
        .unwrap_or(engine.selected().provider);
    let text = engine.facts().version.as_deref().unwrap_or_default();
    let Some(found) = Version::read(text) else {
        return Check::unknown(NAME, format!("{provider} calls its version {text:?}"));
    };
    let (usable, wanted) = oldest(provider);
    let remedy =
        Remedy::advice("install a newer one from its maker: distributions may be far behind");
    if provider == Provider::Nerdctl {
        // nerdctl tells containerd's version here, which nobody states a minimum of.
        return Check::pass(NAME, format!("containerd {text}"));
    }
    if found < usable {
        return Check::fail(
            NAME,
            format!("{provider} {text} is too old: kind needs {usable}"),
            remedy,
        );
    }
    if found < wanted {
        return Check::warn(
            NAME,
            format!("{provider} {text} is older than the {wanted} that Konflux asks for"),
            remedy,
        );
    }
    Check::pass(NAME, format!("{provider} {text}"))
}

/// Kind drives the engine by its command, never by its socket.
pub(in super::super) fn command(environment: &Environment, engine: &Engine) -> Check {
    const NAME: &str = "engine-command";
    let command = &engine.selected().command;
    match environment.program(command) {
        Some(path) => Check::pass(
            NAME,
            format!("{} ({})", path.display(), engine.selected().because),
        ),
        None => Check::fail(
            NAME,
            format!(
                "kind drives {} by its `{command}` command, which is not on PATH",
                engine.selected().provider
            ),
            match environment.platform() {
                Platform::MacOs => Remedy::command("install it", format!("brew install {command}")),
                _ => Remedy::advice(
                    "install the engine's command line package, or put its folder on PATH",
                ),
            },
        ),
    }
}
