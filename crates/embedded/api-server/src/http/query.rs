//! Query parameters.

use std::str::FromStr;

use crate::http::path::decode;
use crate::status::ApiError;

/// The parameters of a request in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses the part of a URI behind `?`.
    pub(crate) fn parse(query: &str) -> Result<Self, ApiError> {
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode_plus(name)?, decode_plus(value)?))
            });
        pairs
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| ApiError::bad_request("the query of the request is not UTF-8"))
    }

    /// A parameter, unless it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A boolean parameter; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(other) => Err(ApiError::bad_request(format!(
                "invalid boolean {other:?} in query parameter {name}"
            ))),
        }
    }

    /// A number or anything else that parses.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.get(name)
            .map(|value| {
                value.parse().map_err(|_| {
                    ApiError::bad_request(format!(
                        "invalid value {value:?} in query parameter {name}"
                    ))
                })
            })
            .transpose()
    }
}

fn decode_plus(text: &str) -> Option<String> {
    decode(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("labelSelector=a%3Db%2Cc+in+%28d%29&watch=1&empty=").unwrap();
        assert_eq!(query.get("labelSelector"), Some("a=b,c in (d)"));
        assert!(query.flag("watch").unwrap());
        assert_eq!(query.get("empty"), None);
        assert!(query.flag("labelSelector").is_err());
    }
}
