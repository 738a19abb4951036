//! list: the objects of a collection, whole or in pages.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::Api;
use super::call::Call;
use super::form;
use super::page::ContinueToken;
use super::present::{is_stored_form, present};
use super::selection::Selection;
use crate::http::negotiate::Form;
use crate::http::response;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::{Key, Record, StoreError};

/// The selected objects of one page.
pub(super) struct Listed {
    pub(super) revision: u64,
    pub(super) records: Vec<(Key, Record)>,
    /// Token of the next page; empty on the last one.
    pub(super) continue_token: String,
}

impl Api {
    pub(super) fn list(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        let form = Form::negotiate(&call.headers, &call.query)?;
        let listed = self.listed(call)?;
        if form == Form::Object && is_stored_form(&call.resource) {
            return Ok(response::bytes(
                StatusCode::OK,
                "application/json",
                joined(&call.resource, &listed),
            ));
        }
        let items = listed
            .records
            .iter()
            .map(|(_, record)| present(&call.resource, record))
            .collect::<Result<_, _>>()?;
        let mut metadata = json!({"resourceVersion": listed.revision.to_string()});
        if !listed.continue_token.is_empty() {
            metadata["continue"] = listed.continue_token.into();
        }
        Ok(response::json(
            StatusCode::OK,
            &form::list(&call.resource, form, items, metadata),
        ))
    }

    /// Reads the page that a request asks for.
    pub(super) fn listed(&self, call: &Call) -> Result<Listed, ApiError> {
        let selection = Selection::parse(call)?;
        let range = call.range();
        let limit: usize = call.query.parsed("limit")?.unwrap_or(0);
        let token = call
            .query
            .get("continue")
            .map(|token| ContinueToken::decode(token, &range))
            .transpose()?;
        let mut after = token.as_ref().map(ContinueToken::key);
        let mut records = Vec::new();
        let (revision, more) = loop {
            let page = match selection.only_name() {
                Some(name) if !call.namespace.is_empty() || !call.resource.namespaced => {
                    self.only(&super::call::key(&call.resource, &call.namespace, name))?
                }
                _ => {
                    self.store
                        .list(&range, after.as_ref(), limit.saturating_sub(records.len()))?
                }
            };
            after = page.records.last().map(|(key, _)| key.clone());
            for (key, record) in page.records {
                if selection.is_everything()
                    || selection.matches(&present(&call.resource, &record)?)
                {
                    records.push((key, record));
                }
            }
            if !page.more || records.len() >= limit {
                break (page.revision, page.more);
            }
        };
        let revision = self.checked_revision(call, token.as_ref(), revision)?;
        let continue_token = match (&after, more) {
            (Some(after), true) => ContinueToken::after(revision, after).encode()?,
            _ => String::new(),
        };
        Ok(Listed {
            revision,
            records,
            continue_token,
        })
    }

    fn only(&self, key: &Key) -> Result<crate::store::Page, StoreError> {
        let (revision, record) = self.store.get_with_revision(key)?;
        Ok(crate::store::Page {
            revision,
            records: record
                .map(|record| (key.clone(), record))
                .into_iter()
                .collect(),
            more: false,
        })
    }

    /// The revision that the list reports: that of the store, or that of the first page.
    fn checked_revision(
        &self,
        call: &Call,
        token: Option<&ContinueToken>,
        current: u64,
    ) -> Result<u64, ApiError> {
        if let Some(token) = token {
            // A watch from the first page's revision has to see what changed between the pages.
            return self.store.window().after(token.revision).map(|_| token.revision).map_err(|_| {
                ApiError::expired("The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.")
            });
        }
        let asked: Option<u64> = call.query.parsed("resourceVersion")?;
        match (call.query.get("resourceVersionMatch"), asked) {
            (Some("Exact"), Some(asked)) if asked != current => Err(ApiError::expired(format!(
                "The resourceVersion for the provided list is too old: {asked} is not the current {current}, and older states are not kept"
            ))),
            (None | Some("Exact" | "NotOlderThan"), Some(asked)) if asked > current => {
                Err(ApiError::new(
                    StatusCode::GATEWAY_TIMEOUT,
                    "Timeout",
                    format!("Too large resource version: {asked}, current: {current}"),
                ))
            }
            (Some("Exact" | "NotOlderThan"), Some(_)) | (None, _) => Ok(current),
            (Some(other), _) => Err(ApiError::bad_request(format!(
                "resourceVersionMatch: {other:?} is not one of Exact and NotOlderThan together with a resourceVersion"
            ))),
        }
    }
}

/// A list whose items are the stored bytes, so that a big list is never parsed.
fn joined(resource: &Resource, listed: &Listed) -> Bytes {
    let size: usize = listed
        .records
        .iter()
        .map(|(_, record)| record.json.len() + 1)
        .sum();
    let mut body = Vec::with_capacity(size + 256);
    let mut metadata = json!({"resourceVersion": listed.revision.to_string()});
    if !listed.continue_token.is_empty() {
        metadata["continue"] = listed.continue_token.clone().into();
    }
    let start = format!(
        r#"{{"kind":{},"apiVersion":{},"metadata":{metadata},"items":["#,
        Value::from(resource.list_kind.as_str()),
        Value::from(resource.api_version()),
    );
    body.extend_from_slice(start.as_bytes());
    for (index, (_, record)) in listed.records.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&record.json);
    }
    body.extend_from_slice(b"]}");
    body.into()
}

/// Whether a plain object will not do.
pub(super) fn wants_table(call: &Call) -> Result<bool, ApiError> {
    Ok(Form::negotiate(&call.headers, &call.query)? != Form::Object)
}

/// One object in the form that the client asked for.
pub(super) fn respond_object(
    call: &Call,
    object: Value,
) -> Result<Response<response::Body>, ApiError> {
    let form = Form::negotiate(&call.headers, &call.query)?;
    Ok(response::json(
        StatusCode::OK,
        &form::object(&call.resource, form, object),
    ))
}
