//! `/v2/_catalog`: the names of repositories, as `distribution` lists them. The specification has no such endpoint; people and tools ask for it.

use axum::response::Response;
use http::{Uri, header};
use serde_json::json;

use super::query::Query;
use super::respond;
use crate::access::{Caller, Right};
use crate::error::ApiError;
use crate::registry::Registry;

/// Lists the repositories that the caller may pull, in byte order, in pages of `n` after `last`.
pub(crate) async fn list(
    registry: &Registry,
    caller: &Caller,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(uri);
    let (limit, last) = (query.limit()?, query.get("last"));
    let names = registry.storage.repositories().await?;
    let mut names = names.into_iter().filter(|name| {
        last.is_none_or(|last| name.as_str() > last) && caller.allowed(Right::Pull, name)
    });
    let page: Vec<_> = names.by_ref().take(limit.unwrap_or(usize::MAX)).collect();
    let mut response = respond::json(json!({ "repositories": page }).to_string());
    if let (Some(limit), Some(last), Some(_)) = (limit, page.last(), names.next()) {
        let next = format!("</v2/_catalog?n={limit}&last={last}>; rel=\"next\"");
        respond::set(&mut response, header::LINK, &next);
    }
    Ok(response)
}
