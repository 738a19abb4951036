//! Parameters of queries and forms.

use http::Uri;

use crate::error::{ApiError, ErrorCode};

/// Decoded `name=value` pairs.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        Self::parse(uri.query().unwrap_or_default().as_bytes())
    }

    /// Reads `application/x-www-form-urlencoded` text, as in queries and forms.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// `n`, the most entries that a page of a list may have.
    ///
    /// # Errors
    /// 400 when it is not a number.
    pub(crate) fn limit(&self) -> Result<Option<usize>, ApiError> {
        let limit = self.get("n").map(str::parse).transpose();
        limit.map_err(|_| {
            ApiError::bad_request(
                ErrorCode::Unsupported,
                "the query parameter n is a number of entries, 0 or more",
            )
        })
    }

    /// Every value of a parameter, in order.
    pub(crate) fn all<'query>(&'query self, name: &str) -> impl Iterator<Item = &'query str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
