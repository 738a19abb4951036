//! Which login is used for a repository: the rule of Konflux's `select-oci-auth`.
//!
//! It is stricter than that of other steps. Only a key that is written exactly as the repository or as a prefix of it counts:
//! `https://quay.io`, `quay.io/` and other names of Docker Hub do not. Without one, the repository is accessed anonymously.

use credentials::{AuthEntry, DockerConfig};
use oci::{Credential, ImageReference};

use super::shown::shown;
use crate::command::say;
use crate::registry::credential;

/// The entry for a repository with its key: that of the longest prefix. An entry that holds nothing is passed over.
fn select<'a>(config: &'a DockerConfig, repository: &str) -> Option<(String, &'a AuthEntry)> {
    std::iter::successors(Some(repository), |longer| {
        longer.rsplit_once('/').map(|(shorter, _)| shorter)
    })
    .find_map(|key| {
        let entry = config.get(key)?;
        let holds_nothing = matches!(entry.credential(), Ok(None));
        (!holds_nothing).then(|| (key.to_owned(), entry))
    })
}

/// Answers with the logins of `config` by that rule.
pub(crate) fn login(
    config: DockerConfig,
) -> impl Fn(&ImageReference) -> Result<Option<Credential>, String> + Send + Sync {
    move |repository| {
        let Some((key, entry)) = select(&config, &repository.name()) else {
            return Ok(None);
        };
        let found = entry.credential().map_err(|problem| {
            format!("the entry `{key}` of the docker config cannot be used: {problem}")
        })?;
        Ok(found.map(credential))
    }
}

/// Says which login is used for a repository, so that a refusal can be understood.
pub(crate) fn announce(config: &DockerConfig, repository: &ImageReference) {
    let name = repository.name();
    match (select(config, &name), config.matching_key(&name)) {
        (Some((key, _)), _) => say(format_args!(
            "using the login `{key}` of the docker config for {name}"
        )),
        (None, Some(key)) if key != name => say(format_args!(
            "no login for {name}: the key `{}` of the docker config is not written as {name} or a prefix of it, \
             or holds nothing; trusted artifacts use no other",
            shown(key)
        )),
        _ => say(format_args!(
            "no login for {name} in the docker config; it is accessed anonymously"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(config: &str, repository: &str) -> Option<String> {
        let config = DockerConfig::parse(config.as_bytes()).unwrap();
        select(&config, repository).map(|(key, _)| key)
    }

    #[test]
    fn the_longest_key_wins_down_to_the_host() {
        let config = r#"{"auths": {
            "r.example:5000": {"auth": "dTpw"}, "r.example:5000/team": {"auth": "dTpw"},
            "r.example:5000/team/app": {"auth": "dTpw"}}}"#;
        for (repository, key) in [
            ("r.example:5000/team/app", "r.example:5000/team/app"),
            ("r.example:5000/team/app2", "r.example:5000/team"),
            ("r.example:5000/other/app", "r.example:5000"),
        ] {
            assert_eq!(selected(config, repository).as_deref(), Some(key));
        }
        assert_eq!(selected(config, "r.example/team/app"), None);
    }

    #[test]
    fn keys_are_taken_as_they_are_written() {
        for key in [
            "https://quay.io",
            "quay.io/",
            "QUAY.IO",
            "quay.io/team/app:v1",
        ] {
            let config = format!(r#"{{"auths": {{"{key}": {{"auth": "dTpw"}}}}}}"#);
            assert_eq!(selected(&config, "quay.io/team/app"), None, "{key}");
        }
    }

    #[test]
    fn an_entry_that_holds_nothing_does_not_hide_a_shorter_one() {
        let config = r#"{"auths": {"quay.io/team": null, "quay.io": {"auth": "dTpw"}}}"#;
        assert_eq!(
            selected(config, "quay.io/team/app").as_deref(),
            Some("quay.io")
        );
    }

    #[test]
    fn a_damaged_entry_is_told_by_its_key() {
        let config =
            br#"{"auths": {"quay.io/team": {"auth": "!secret!"}, "quay.io": {"auth": "dTpw"}}}"#;
        let lookup = login(DockerConfig::parse(config).unwrap());
        let problem = lookup(&"quay.io/team/app".parse().unwrap()).unwrap_err();
        assert!(problem.contains("`quay.io/team`"), "{problem}");
        assert!(!problem.contains("!secret!"), "{problem}");
    }
}
