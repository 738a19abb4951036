//! Bearer tokens: JSON Web Tokens (RFC 7519) that this registry signs for itself, with HMAC-SHA-256.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::{hmac, rand};
use serde::{Deserialize, Serialize};

use super::NoRandomness;

/// The only header that is written or accepted: there is no choice of algorithm that a forger could abuse.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The registry it is for.
    pub(crate) aud: String,
    /// The user, or nothing for someone who did not log in.
    pub(crate) sub: String,
    /// End of its life, in seconds since 1970.
    pub(crate) exp: u64,
    pub(crate) access: Vec<Grant>,
}

/// Actions in one repository, as the Docker registry protocol writes them in scopes and tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) r#type: String,
    pub(crate) name: String,
    pub(crate) actions: Vec<String>,
}

impl Grant {
    /// The right to list repositories.
    pub(crate) fn catalog() -> Self {
        Self {
            r#type: "registry".to_owned(),
            name: "catalog".to_owned(),
            actions: vec!["*".to_owned()],
        }
    }
}

/// As a scope is written.
impl fmt::Display for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = self.actions.join(",");
        write!(formatter, "{}:{}:{actions}", self.r#type, self.name)
    }
}

/// Signs and checks tokens.
pub(crate) struct Signer(hmac::Key);

impl Signer {
    pub(crate) fn new() -> Result<Self, NoRandomness> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new());
        key.map(Self).map_err(|_| NoRandomness)
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let claims = BASE64.encode(serde_json::to_vec(claims)?);
        let signed = format!("{}.{claims}", BASE64.encode(HEADER));
        let signature = BASE64.encode(hmac::sign(&self.0, signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }

    /// The claims of a token that this signer signed for `audience` and that has not expired.
    pub(crate) fn check(&self, token: &str, audience: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        hmac::verify(&self.0, signed.as_bytes(), &BASE64.decode(signature).ok()?).ok()?;
        if BASE64.decode(header).ok()? != HEADER.as_bytes() {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        (claims.aud == audience && claims.exp > now()).then_some(claims)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signer")
    }
}

/// When a token ends that is issued now.
pub(crate) fn expiry(lifetime: Duration) -> u64 {
    now().saturating_add(lifetime.as_secs())
}

/// Seconds since 1970; 0 while the clock is before that, which lets no token expire.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: u64) -> Claims {
        Claims {
            aud: "registry".to_owned(),
            sub: "robot".to_owned(),
            exp,
            access: Vec::new(),
        }
    }

    #[test]
    fn a_token_is_accepted_by_its_signer_only_for_its_audience_and_time() {
        let (signer, other) = (Signer::new().unwrap(), Signer::new().unwrap());
        let good = claims(expiry(Duration::from_secs(60)));
        let token = signer.sign(&good).unwrap();
        assert_eq!(signer.check(&token, "registry"), Some(good));
        assert_eq!(signer.check(&token, "another"), None);
        assert_eq!(other.check(&token, "registry"), None);
        assert_eq!(
            signer.check(&signer.sign(&claims(now())).unwrap(), "registry"),
            None
        );
    }

    #[test]
    fn a_changed_token_is_refused() {
        let signer = Signer::new().unwrap();
        let token = signer.sign(&claims(u64::MAX)).unwrap();
        for position in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[position] = if changed[position] == b'A' {
                b'B'
            } else {
                b'A'
            };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of the signature has bits that say nothing; strict decoding refuses them all the same.
            assert_eq!(signer.check(&changed, "registry"), None, "{changed}");
        }
        for text in ["", ".", "..", "a.b.c", &token[..token.len() - 1]] {
            assert_eq!(signer.check(text, "registry"), None, "{text}");
        }
    }
}
