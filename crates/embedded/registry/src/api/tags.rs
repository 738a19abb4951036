//! `/v2/<name>/tags/list`.

use axum::response::Response;
use http::{Uri, header};
use serde_json::json;

use super::query::Query;
use super::respond;
use crate::error::{ApiError, ErrorCode};
use crate::name::RepositoryName;
use crate::registry::Registry;

pub(crate) async fn list(
    registry: &Registry,
    repository: &RepositoryName,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(uri);
    let limit = query.limit()?;
    let page = registry
        .storage
        .tags(repository, query.get("last"), limit.unwrap_or(usize::MAX))
        .await?;
    let page = page.ok_or_else(|| {
        ApiError::not_found(
            ErrorCode::NameUnknown,
            format!("there is no repository {repository}"),
        )
    })?;
    let mut response = respond::json(json!({ "name": repository, "tags": page.tags }).to_string());
    if let (true, Some(limit), Some(last)) = (page.more, limit, page.tags.last()) {
        respond::set(
            &mut response,
            header::LINK,
            &format!("</v2/{repository}/tags/list?n={limit}&last={last}>; rel=\"next\""),
        );
    }
    Ok(response)
}
