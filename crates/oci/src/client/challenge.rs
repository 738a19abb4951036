//! What a registry asks for with a 401 (RFC 7235, "WWW-Authenticate").

use reqwest::Response;
use reqwest::header::WWW_AUTHENTICATE;

/// A challenge that we can answer.
#[derive(Clone)]
pub(crate) enum Challenge {
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// The challenges of a response that we can answer.
pub(crate) fn challenges(response: &Response) -> Vec<Challenge> {
    response
        .headers()
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(parse_challenges)
        .collect()
}

fn parse_challenges(text: &str) -> Vec<Challenge> {
    let parsed = http_auth::parse_challenges(text).unwrap_or_default();
    let understood = parsed.iter().filter_map(|challenge| {
        let parameter = |name: &str| {
            let found = challenge
                .params
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        if challenge.scheme.eq_ignore_ascii_case("basic") {
            Some(Challenge::Basic)
        } else if challenge.scheme.eq_ignore_ascii_case("bearer") {
            Some(Challenge::Bearer {
                realm: parameter("realm")?,
                service: parameter("service"),
                scope: parameter("scope").filter(|scope| !scope.is_empty()),
            })
        } else {
            None
        }
    });
    understood.collect()
}

/// Bearer is preferred: it sends the password to the token server alone.
pub(crate) fn choose(challenges: Vec<Challenge>) -> Option<Challenge> {
    challenges
        .into_iter()
        .max_by_key(|challenge| matches!(challenge, Challenge::Bearer { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_challenge_is_preferred_and_its_commas_are_kept() {
        let header = r#"Basic realm="x", Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push""#;
        let Some(Challenge::Bearer {
            realm,
            service,
            scope,
        }) = choose(parse_challenges(header))
        else {
            panic!("no bearer challenge found");
        };
        assert_eq!(realm, "https://auth.example/token");
        assert_eq!(service.as_deref(), Some("reg"));
        assert_eq!(scope.as_deref(), Some("repository:a/b:pull,push"));
    }

    #[test]
    fn damaged_and_unknown_challenges_are_no_challenge() {
        for header in [
            "",
            "Negotiate",
            "Bearer service=\"x\"",
            "Bearer realm=\"",
            "\u{1}",
        ] {
            assert!(choose(parse_challenges(header)).is_none(), "{header}");
        }
    }
}
