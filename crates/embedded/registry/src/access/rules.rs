//! Rights by repository prefix.

use std::str::FromStr;

use crate::name::RepositoryName;

/// Something that can be done with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Reading: blobs, manifests, tags, referrers.
    Pull,
    /// Writing: uploads, manifests, tags, and deleting any of them.
    Push,
}

impl Right {
    /// The name in rules and token scopes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Everyone,
    EveryUser,
    User(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    who: Who,
    rights: Vec<Right>,
    /// `None` stands for every repository.
    prefix: Option<RepositoryName>,
}

/// Why a text is not a list of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: {reason}; a rule is \"WHO RIGHTS PREFIX\", for example \"robot pull,push team/app\""
)]
pub struct RuleError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Who may do what where. What no rule allows is forbidden.
///
/// As text, one rule per line, `WHO RIGHTS PREFIX`; empty lines and lines that begin with `#` say nothing.
///
/// - `WHO`: a user name, `users` for everyone who logged in, `*` for everyone
/// - `RIGHTS`: `pull`, `push` or `pull,push`
/// - `PREFIX`: a repository, which stands for itself and everything below it, or `*` for every repository
///
/// ```
/// use registry::access::Rules;
/// let rules: Rules = "* pull public\nrobot pull,push team/app".parse()?;
/// # Ok::<(), registry::access::RuleError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

impl Rules {
    pub(crate) fn everyone() -> Self {
        Self::all(Who::Everyone)
    }

    pub(crate) fn every_user() -> Self {
        Self::all(Who::EveryUser)
    }

    fn all(who: Who) -> Self {
        Self(vec![Rule {
            who,
            rights: vec![Right::Pull, Right::Push],
            prefix: None,
        }])
    }

    /// Whether `user`, or someone who did not log in, has `right` in `repository`.
    pub(crate) fn allow(
        &self,
        user: Option<&str>,
        right: Right,
        repository: &RepositoryName,
    ) -> bool {
        self.0.iter().any(|rule| {
            rule.who.includes(user)
                && rule.rights.contains(&right)
                && rule
                    .prefix
                    .as_ref()
                    .is_none_or(|prefix| contains(prefix, repository))
        })
    }
}

impl Who {
    fn includes(&self, user: Option<&str>) -> bool {
        match self {
            Self::Everyone => true,
            Self::EveryUser => user.is_some(),
            Self::User(name) => user == Some(name),
        }
    }
}

/// `team` contains `team` and `team/app`, but not `teamwork`.
fn contains(prefix: &RepositoryName, repository: &RepositoryName) -> bool {
    let rest = repository.as_str().strip_prefix(prefix.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl FromStr for Rules {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text
            .lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line.trim()));
        let rules = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        rules
            .map(|(line, text)| rule(text).map_err(|reason| RuleError { line, reason }))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [who, rights, prefix] = fields[..] else {
        return Err(format!("{} fields instead of 3", fields.len()));
    };
    let who = match who {
        "*" => Who::Everyone,
        "users" => Who::EveryUser,
        user => Who::User(user.to_owned()),
    };
    let right = |name| match name {
        "pull" => Ok(Right::Pull),
        "push" => Ok(Right::Push),
        other => Err(format!("{other:?} is not a right, use pull or push")),
    };
    let rights = rights.split(',').map(right).collect::<Result<_, _>>()?;
    let prefix = match prefix {
        "*" => None,
        prefix => Some(
            prefix
                .parse()
                .map_err(|error: crate::ParseNameError| error.to_string())?,
        ),
    };
    Ok(Rule {
        who,
        rights,
        prefix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_itself_and_what_is_below_it() {
        let rules: Rules = "robot push team/app\n\n# a comment\nusers pull team\n* pull public"
            .parse()
            .unwrap();
        let allow =
            |user, right, repository: &str| rules.allow(user, right, &repository.parse().unwrap());
        assert!(allow(Some("robot"), Right::Push, "team/app"));
        assert!(allow(Some("robot"), Right::Push, "team/app/part"));
        assert!(!allow(Some("robot"), Right::Push, "team/apple"));
        assert!(!allow(Some("robot"), Right::Push, "team"));
        assert!(!allow(Some("other"), Right::Push, "team/app"));
        assert!(allow(Some("other"), Right::Pull, "team/app"));
        assert!(!allow(None, Right::Pull, "team/app"));
        assert!(allow(None, Right::Pull, "public"));
        assert!(!allow(None, Right::Push, "public"));
    }

    #[test]
    fn a_bad_rule_is_reported_with_its_line() {
        for (text, reason) in [
            ("robot push", "2 fields instead of 3"),
            (
                "# fine\nrobot delete team",
                "\"delete\" is not a right, use pull or push",
            ),
            ("robot pull ../etc", "\"../etc\" is not a repository name"),
        ] {
            let error = text.parse::<Rules>().unwrap_err();
            assert_eq!(error.line, text.lines().count());
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
