//! Continue tokens: where the next page of a list starts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::status::ApiError;
use crate::store::{Key, Range};

/// What a continue token says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContinueToken {
    /// Revision of the first page, which every page reports: a watch from it sees whatever changed between the pages.
    #[serde(rename = "rv")]
    pub(crate) revision: u64,
    /// Key of the last object of the page before.
    #[serde(rename = "after")]
    after: String,
}

impl ContinueToken {
    /// A token to continue behind an object.
    pub(crate) fn after(revision: u64, key: &Key) -> Self {
        Self {
            revision,
            after: key.as_str().to_owned(),
        }
    }

    /// The text clients send back.
    pub(crate) fn encode(&self) -> Result<String, ApiError> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }

    /// Reads a token; it must belong to the range that is listed.
    pub(crate) fn decode(text: &str, range: &Range) -> Result<Self, ApiError> {
        let invalid = || ApiError::bad_request("continue key is not valid");
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let token: Self = serde_json::from_slice(&json).map_err(|_| invalid())?;
        if range.contains(&token.key()) {
            Ok(token)
        } else {
            Err(invalid())
        }
    }

    /// The last object of the page before.
    pub(crate) fn key(&self) -> Key {
        Key::from_stored(&self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_continues_only_the_list_it_came_from() {
        let token = ContinueToken::after(7, &Key::new("", "secrets", "ns", "a"))
            .encode()
            .unwrap();
        assert_eq!(
            ContinueToken::decode(&token, &Range::namespace("", "secrets", "ns"))
                .unwrap()
                .revision,
            7
        );
        assert!(ContinueToken::decode(&token, &Range::namespace("", "secrets", "other")).is_err());
        assert!(ContinueToken::decode("nonsense!", &Range::resource("", "secrets")).is_err());
    }
}
