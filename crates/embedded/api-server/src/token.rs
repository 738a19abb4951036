//! Service account tokens: JSON Web Tokens (RFC 7519) signed with a key that only this server has (HS256).
//!
//! A real API server signs with a public key pair so that others can check its tokens; nobody but this server checks these.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// Who issues the tokens, and the audience they are for unless another is asked for.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: Vec<String>,
    /// Seconds since 1970 after which the token is not valid.
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) iss: String,
    pub(crate) sub: String,
    #[serde(rename = "kubernetes.io")]
    pub(crate) kubernetes: KubernetesClaims,
}

/// The objects a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KubernetesClaims {
    pub(crate) namespace: String,
    pub(crate) serviceaccount: BoundObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pod: Option<BoundObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<BoundObject>,
}

/// Name and UID of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoundObject {
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// Signs and checks tokens.
pub(crate) struct Signer {
    key: hmac::Key,
}

impl Signer {
    /// A signer with a secret key.
    pub(crate) fn new(key: &[u8]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// A token that says `claims`.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!(
            "{header}.{}",
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?)
        );
        let signature = hmac::sign(&self.key, signed.as_bytes());
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that this server signed, that is for it, and that is valid at `now` (seconds since 1970).
    pub(crate) fn verify(&self, token: &str, now: i64) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let (_, payload) = signed.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let valid = claims.iss == ISSUER
            && claims.nbf <= now
            && now < claims.exp
            && claims.aud.iter().any(|aud| aud == ISSUER);
        valid.then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            aud: vec![ISSUER.to_owned()],
            exp: 200,
            iat: 100,
            nbf: 100,
            iss: ISSUER.to_owned(),
            sub: "system:serviceaccount:ns:name".to_owned(),
            kubernetes: KubernetesClaims {
                namespace: "ns".to_owned(),
                serviceaccount: BoundObject {
                    name: "name".to_owned(),
                    uid: "uid".to_owned(),
                },
                pod: None,
                secret: None,
            },
        }
    }

    #[test]
    fn a_token_is_valid_until_it_expires() {
        let signer = Signer::new(b"key");
        let token = signer.sign(&claims()).unwrap();
        assert_eq!(signer.verify(&token, 150), Some(claims()));
        assert_eq!(signer.verify(&token, 200), None);
        assert_eq!(signer.verify(&token, 99), None);
    }

    #[test]
    fn a_token_signed_with_another_key_is_refused() {
        let token = Signer::new(b"other").sign(&claims()).unwrap();
        assert_eq!(Signer::new(b"key").verify(&token, 150), None);
    }

    #[test]
    fn a_token_for_another_audience_is_refused() {
        let signer = Signer::new(b"key");
        let token = signer
            .sign(&Claims {
                aud: vec!["registry".to_owned()],
                ..claims()
            })
            .unwrap();
        assert_eq!(signer.verify(&token, 150), None);
    }
}
