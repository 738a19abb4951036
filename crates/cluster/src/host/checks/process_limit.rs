//! Podman limits the processes of a container, and a node is one container for all pods.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::check::{Check, Remedy};
use super::super::engine::{Engine, Facts, Provider};
use super::super::environment::{Environment, Platform};
use super::super::wishes::Wishes;

/// What upstream raises a node to.
const WANTED: i64 = 8192;
/// What Podman does when nobody says anything (containers.conf(5)).
const PODMAN_DEFAULT: i64 = 2048;

#[derive(Deserialize, Default)]
struct Configuration {
    #[serde(default)]
    containers: Containers,
}

#[derive(Deserialize, Default)]
struct Containers {
    pids_limit: Option<i64>,
}

/// The limit that a new Podman container gets, and whether it is raised for the node.
pub(in super::super) fn process_limit(
    environment: &Environment,
    engine: &Engine,
    wishes: &Wishes,
) -> Check {
    judge(environment, engine.facts(), wishes)
}

fn judge(environment: &Environment, facts: &Facts, wishes: &Wishes) -> Check {
    const NAME: &str = "process-limit";
    if facts.provider != Some(Provider::Podman) {
        return Check::skipped(
            NAME,
            "podman",
            "only Podman limits the processes of a container",
        );
    }
    if environment.platform() != Platform::Linux {
        return Check::skipped(NAME, "linux", "the limit is that of Podman's machine");
    }
    let limit = match configured(environment, facts.rootless) {
        Ok(limit) => limit.unwrap_or(PODMAN_DEFAULT),
        Err(problem) => return Check::unknown(NAME, problem),
    };
    // Zero and less are no limit.
    if limit <= 0 || limit >= WANTED {
        return Check::pass(
            NAME,
            if limit <= 0 {
                "none".to_owned()
            } else {
                limit.to_string()
            },
        );
    }
    let seen = format!("{limit} for a container, and a node wants {WANTED}");
    if wishes.raises_process_limit {
        return Check::pass(NAME, format!("{seen}; deploy-local raises it for the node"));
    }
    Check::warn(
        NAME,
        seen,
        Remedy::advice(format!(
            "set pids_limit = {WANTED} in the [containers] table of ~/.config/containers/containers.conf (of root: /etc/containers/containers.conf)"
        )),
    )
}

/// The last file that says it decides, in the order of containers.conf(5).
fn configured(environment: &Environment, rootless: bool) -> Result<Option<i64>, String> {
    let mut limit = None;
    for path in files(environment, rootless) {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let configuration: Configuration = toml::from_str(&text)
            .map_err(|error| format!("{}: {}", path.display(), error.message()))?;
        limit = configuration.containers.pids_limit.or(limit);
    }
    Ok(limit)
}

fn files(environment: &Environment, rootless: bool) -> Vec<PathBuf> {
    if let Some(only) = environment.variable("CONTAINERS_CONF") {
        return vec![only.into()];
    }
    let mut files = vec![
        environment.path("/usr/share/containers/containers.conf"),
        environment.path("/etc/containers/containers.conf"),
    ];
    files.extend(drop_ins(
        environment.path("/etc/containers/containers.conf.d"),
    ));
    let configuration = environment
        .variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(environment.home()?.join(".config")));
    if let Some(folder) = configuration.filter(|_| rootless) {
        files.push(folder.join("containers/containers.conf"));
        files.extend(drop_ins(folder.join("containers/containers.conf.d")));
    }
    files
}

fn drop_ins(folder: PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "conf")
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use crate::choice::Flavour;

    fn with(files: &[(&str, &str)], raises: bool) -> Check {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let home = root.path().join("home").display().to_string();
        let environment = Environment::new(root.path(), Platform::Linux, 1000).with("HOME", home);
        let facts = Facts {
            provider: Some(Provider::Podman),
            rootless: true,
            ..Facts::default()
        };
        let mut wishes = Wishes::new(Flavour::Operator, "/".into());
        wishes.raises_process_limit = raises;
        judge(&environment, &facts, &wishes)
    }

    #[test]
    fn podmans_own_limit_is_a_warning_unless_it_is_raised() {
        let check = with(&[], false);
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.seen.starts_with("2048 for a container"));
        assert_eq!(with(&[], true).verdict, Verdict::Pass);
    }

    #[test]
    fn the_users_file_wins_over_the_systems() {
        let system = (
            "etc/containers/containers.conf",
            "[containers]\npids_limit = 100",
        );
        let user = (
            "home/.config/containers/containers.conf.d/pids.conf",
            "[containers]\npids_limit = 0",
        );
        assert!(with(&[system], false).seen.starts_with("100 "));
        assert_eq!(with(&[system, user], false).seen, "none");
    }

    #[test]
    fn a_file_that_cannot_be_understood_could_not_be_told() {
        let check = with(&[("etc/containers/containers.conf", "[containers")], true);
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.seen.starts_with("could not tell"), "{}", check.seen);
    }
}
