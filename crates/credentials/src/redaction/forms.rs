//! In which forms a secret travels: as it is, in a URL, and in base64, alone or within a longer text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

/// Shorter texts stand in many places that hold no secret.
const SHORTEST_FORM: usize = 8;
/// How often base64 is applied: `user:password` becomes the `auth` of a docker config, and the config the `data` of a Secret.
const LAYERS: usize = 2;
/// What URLs keep as it is (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Every form of a secret that can be recognised, itself first, each once.
///
/// A text within another one has one of three beginnings in base64, by its offset modulo three. What is given is the part that the
/// neighbours do not change, so that `base64(user:password)` is recognised whoever the user is, and a whole docker config whatever else it
/// has.
#[must_use]
pub fn forms(secret: &SecretString) -> Vec<SecretString> {
    let mut found = vec![secret.expose_secret().to_owned()];
    let mut layer = found.clone();
    for _ in 0..LAYERS {
        layer = layer.iter().flat_map(|text| in_base64(text)).collect();
        found.extend(layer.iter().cloned());
    }
    let other_alphabets: Vec<String> = found
        .iter()
        .flat_map(|text| {
            [
                utf8_percent_encode(text, ENCODED).to_string(),
                text.replace('+', "-").replace('/', "_"),
            ]
        })
        .collect();
    for text in other_alphabets {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    let long_enough = |text: &String| text.len() >= SHORTEST_FORM;
    found
        .into_iter()
        .filter(long_enough)
        .map(Into::into)
        .collect()
}

/// The unchanging part of a text's base64 at each of the three offsets.
fn in_base64(text: &str) -> Vec<String> {
    // Of the characters that the bytes before take part in, none is known.
    let offsets = [(0, 0), (1, 2), (2, 3)];
    let core = |(before, unknown): (usize, usize)| {
        let bytes = [vec![0; before], text.as_bytes().to_vec()].concat();
        let whole = bytes.len() * 8 / 6;
        let encoded = STANDARD_NO_PAD.encode(&bytes);
        encoded[..whole].get(unknown..).map(str::to_owned)
    };
    offsets.into_iter().filter_map(core).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    /// What a secret looks like in the places where one slips.
    pub(crate) fn disguises(secret: &str) -> Vec<(&'static str, String)> {
        let auth = STANDARD.encode(format!("a-user:{secret}"));
        let config = format!(r#"{{"auths": {{"quay.io": {{"auth": "{auth}"}}}}}}"#);
        let plain = format!(r#"{{"auths": {{"quay.io": {{"password": "{secret}"}}}}}}"#);
        vec![
            ("itself", secret.to_owned()),
            ("Secret of type basic-auth", STANDARD.encode(secret)),
            ("auth of a docker config", auth.clone()),
            ("dumped docker config", STANDARD.encode(config)),
            (
                "dumped docker config with a password",
                STANDARD.encode(plain),
            ),
            ("URL", utf8_percent_encode(secret, ENCODED).to_string()),
            (
                "auth in a URL",
                utf8_percent_encode(&auth, ENCODED).to_string(),
            ),
            (
                "base64 for URLs",
                URL_SAFE.encode(format!("token={secret}")),
            ),
        ]
    }

    #[test]
    fn a_secret_is_recognised_in_every_form_in_which_it_travels() {
        for secret in [
            "hunter2-hunter2-x",
            "p+/=?&%ä correct horse",
            "abcdef123456",
        ] {
            let forms = forms(&secret.into());
            for (place, text) in disguises(secret) {
                let found = forms.iter().any(|form| text.contains(form.expose_secret()));
                assert!(found, "{place}: {text}");
            }
        }
    }

    #[test]
    fn what_is_too_short_to_be_told_from_other_text_is_no_form() {
        let forms = forms(&"abcdef".into());
        assert!(
            forms
                .iter()
                .all(|form| form.expose_secret().len() >= SHORTEST_FORM)
        );
    }
}
