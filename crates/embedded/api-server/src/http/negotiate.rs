//! What form of an object the client wants: the `Accept` header with Kubernetes' `as` parameter.

use http::HeaderMap;
use http::header::ACCEPT;

use crate::http::query::Query;
use crate::status::ApiError;
use crate::table::IncludeObject;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object itself.
    Object,
    /// `meta.k8s.io/v1` Table, for people.
    Table {
        /// Whether the client knows the table as `v1beta1` only.
        beta: bool,
        rows: IncludeObject,
    },
    /// `meta.k8s.io/v1` PartialObjectMetadata: nothing but metadata.
    Metadata,
}

impl Form {
    /// The first form of the `Accept` header that can be served; JSON is the only encoding of objects.
    pub(crate) fn negotiate(headers: &HeaderMap, query: &Query) -> Result<Self, ApiError> {
        let Some(accept) = headers.get(ACCEPT) else {
            return Ok(Self::Object);
        };
        let accept = accept.to_str().map_err(|_| not_acceptable())?;
        accept
            .split(',')
            .find_map(|clause| form_of(clause, query).transpose())
            .unwrap_or_else(|| Err(not_acceptable()))
    }
}

fn form_of(clause: &str, query: &Query) -> Result<Option<Form>, ApiError> {
    let mut parts = clause.split(';').map(str::trim);
    if !matches!(
        parts.next(),
        Some("application/json" | "application/*" | "*/*" | "")
    ) {
        return Ok(None);
    }
    let parameter = |name: &str| {
        parts
            .clone()
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let (kind, group, version) = (parameter("as"), parameter("g"), parameter("v"));
    Ok(match (kind, group, version) {
        (None, ..) => Some(Form::Object),
        (Some("Table"), Some("meta.k8s.io"), Some("v1")) => Some(Form::Table {
            beta: false,
            rows: row_objects(query)?,
        }),
        (Some("Table"), Some("meta.k8s.io"), Some("v1beta1")) => Some(Form::Table {
            beta: true,
            rows: row_objects(query)?,
        }),
        (
            Some("PartialObjectMetadata" | "PartialObjectMetadataList"),
            Some("meta.k8s.io"),
            Some("v1"),
        ) => Some(Form::Metadata),
        _ => None,
    })
}

fn row_objects(query: &Query) -> Result<IncludeObject, ApiError> {
    let asked = query.get("includeObject").unwrap_or_default();
    IncludeObject::parse(asked).ok_or_else(|| {
        ApiError::bad_request(format!("unrecognized includeObject value: {asked:?}"))
    })
}

fn not_acceptable() -> ApiError {
    ApiError::new(
        http::StatusCode::NOT_ACCEPTABLE,
        "NotAcceptable",
        "only the following media types are accepted: application/json",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(accept: &'static str) -> Result<Form, ApiError> {
        let headers = HeaderMap::from_iter([(ACCEPT, http::HeaderValue::from_static(accept))]);
        Form::negotiate(&headers, &Query::default())
    }

    #[test]
    fn the_first_form_that_can_be_served_wins() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(
            negotiate(kubectl).unwrap(),
            Form::Table {
                beta: false,
                rows: IncludeObject::Metadata
            }
        );
        assert_eq!(
            negotiate("application/vnd.kubernetes.protobuf, application/json").unwrap(),
            Form::Object
        );
        assert_eq!(
            negotiate("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").unwrap(),
            Form::Metadata
        );
    }

    #[test]
    fn a_client_that_reads_only_protobuf_is_refused() {
        assert_eq!(
            negotiate("application/vnd.kubernetes.protobuf")
                .unwrap_err()
                .code,
            http::StatusCode::NOT_ACCEPTABLE
        );
    }
}
