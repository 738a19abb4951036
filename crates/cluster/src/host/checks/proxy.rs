//! Proxy variables: what goes to this machine or stays in the cluster must not go to a proxy.

use super::super::check::{Check, Remedy};
use super::super::environment::Environment;

/// Each in both spellings; some programs read one, some the other.
const PROXIES: [(&str, &str); 3] = [
    ("HTTP_PROXY", "http_proxy"),
    ("HTTPS_PROXY", "https_proxy"),
    ("ALL_PROXY", "all_proxy"),
];
/// Names that must be reached directly, with the entry of `NO_PROXY` that does it.
const DIRECT: [(&str, &str); 5] = [
    ("localhost", "localhost"),
    ("127.0.0.1", "127.0.0.1"),
    ("registry-service.kind-registry", ".kind-registry"),
    ("registry-service.kind-registry.svc", ".svc"),
    (
        "registry-service.kind-registry.svc.cluster.local",
        ".cluster.local",
    ),
];

/// Where a proxy is set, `NO_PROXY` must name this machine and the cluster. No value is shown: it may hold a password.
pub(in super::super) fn proxy(environment: &Environment) -> Check {
    const NAME: &str = "proxy";
    let set: Vec<&str> = PROXIES
        .iter()
        .flat_map(|(upper, lower)| [*upper, *lower])
        .filter(|name| environment.variable(name).is_some())
        .collect();
    if set.is_empty() {
        return Check::pass(NAME, "none is set");
    }
    let seen = format!(
        "{} {} set",
        set.join(", "),
        if set.len() == 1 { "is" } else { "are" }
    );
    for (upper, lower) in PROXIES.iter().chain(&[("NO_PROXY", "no_proxy")]) {
        let both = environment.variable(upper).zip(environment.variable(lower));
        if both.is_some_and(|(one, other)| one != other) {
            return Check::warn(
                NAME,
                format!("{upper} and {lower} differ, and programs read one or the other"),
                Remedy::command(
                    "let them say the same",
                    format!("export {lower}=\"${upper}\""),
                ),
            );
        }
    }
    let (variable, entries) = match (
        environment.variable("NO_PROXY"),
        environment.variable("no_proxy"),
    ) {
        (Some(entries), _) => ("NO_PROXY", entries),
        (None, Some(entries)) => ("no_proxy", entries),
        (None, None) => ("NO_PROXY", ""),
    };
    let lacking: Vec<&str> = DIRECT
        .iter()
        .filter(|(host, _)| !entries.split([',', ' ']).any(|entry| covers(entry, host)))
        .map(|(_, entry)| *entry)
        .collect();
    if lacking.is_empty() {
        return Check::pass(
            NAME,
            format!("{seen}; {variable} excepts this machine and the cluster"),
        );
    }
    let before = if entries.is_empty() {
        String::new()
    } else {
        format!("${variable},")
    };
    Check::warn(
        NAME,
        format!("{seen}; {variable} lacks {}", lacking.join(", ")),
        Remedy::command(
            "except what must be reached directly",
            format!(
                "export NO_PROXY=\"{before}{}\"; export no_proxy=\"$NO_PROXY\"",
                lacking.join(",")
            ),
        ),
    )
}

/// Does an entry of `NO_PROXY` except this host? As Go and curl read it: a name covers what is below it.
fn covers(entry: &str, host: &str) -> bool {
    let entry = entry.trim();
    if entry == "*" {
        return true;
    }
    if host == "127.0.0.1" && entry == "127.0.0.0/8" {
        return true;
    }
    let name = entry.trim_start_matches('*').trim_start_matches('.');
    let name = name.split(':').next().unwrap_or(name);
    let below = host
        .strip_suffix(name)
        .is_some_and(|rest| rest.ends_with('.'));
    !name.is_empty() && (host.eq_ignore_ascii_case(name) || below)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::super::super::environment::Platform;
    use super::*;
    use std::path::Path;

    fn with(variables: &[(&str, &str)]) -> Check {
        let empty = Environment::new(Path::new("/"), Platform::Linux, 1000);
        proxy(&variables.iter().fold(empty, |environment, (name, value)| {
            environment.with(*name, *value)
        }))
    }

    #[test]
    fn a_proxy_without_exceptions_is_a_warning_with_the_export_to_paste() {
        let check = with(&[
            ("https_proxy", "http://user:s3cret@proxy:3128"),
            ("no_proxy", "10.0.0.0/8,localhost"),
        ]);
        assert_eq!(check.verdict, Verdict::Warn);
        assert_eq!(
            check.seen,
            "https_proxy is set; no_proxy lacks 127.0.0.1, .kind-registry, .svc, .cluster.local"
        );
        assert!(!format!("{check:?}").contains("s3cret"));
        let command = check.remedy.unwrap().command.unwrap();
        assert!(
            command.starts_with("export NO_PROXY=\"$no_proxy,127.0.0.1,"),
            "{command}"
        );
    }

    #[test]
    fn the_command_makes_the_warning_go_away() {
        let entries = DIRECT.map(|(_, entry)| entry).join(",");
        let check = with(&[("HTTP_PROXY", "http://proxy"), ("NO_PROXY", &entries)]);
        assert_eq!(check.verdict, Verdict::Pass);
        assert_eq!(
            with(&[("HTTP_PROXY", "http://proxy"), ("NO_PROXY", "*")]).verdict,
            Verdict::Pass
        );
        assert_eq!(with(&[]).seen, "none is set");
    }

    #[test]
    fn two_spellings_that_differ_are_a_warning() {
        let check = with(&[("HTTP_PROXY", "http://one"), ("http_proxy", "http://two")]);
        assert!(
            check.seen.contains("HTTP_PROXY and http_proxy differ"),
            "{}",
            check.seen
        );
    }

    #[test]
    fn a_name_covers_what_is_below_it_and_nothing_beside_it() {
        assert!(covers(".svc", "a.b.svc") && covers("svc", "a.svc") && covers("*.svc", "a.svc"));
        assert!(!covers("svc", "notsvc") && !covers("", "a") && !covers("10.0.0.0/8", "127.0.0.1"));
    }
}
