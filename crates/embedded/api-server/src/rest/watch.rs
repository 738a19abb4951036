//! watch: the changes of a collection as they happen.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::Response;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Api;
use super::call::Call;
use super::form;
use super::present::{from_stored, is_stored_form, present};
use super::selection::Selection;
use crate::http::negotiate::Form;
use crate::http::response;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::{Event, EventKind, Range};

/// How long a watch lasts when its client does not say.
const DEFAULT_LIMIT: Duration = Duration::from_secs(30 * 60);
/// How often a client that wants bookmarks learns of a revision at which nothing it watches had changed.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(30);

impl Api {
    pub(super) fn watch(
        self: &Arc<Self>,
        call: &Call,
    ) -> Result<Response<response::Body>, ApiError> {
        let selection = Selection::parse(call)?;
        let form = Form::negotiate(&call.headers, &call.query)?;
        let bookmarks = call.query.flag("allowWatchBookmarks")?;
        let limit = call
            .query
            .parsed("timeoutSeconds")?
            .map_or(DEFAULT_LIMIT, Duration::from_secs);
        let mut watcher = Watcher {
            api: Arc::clone(self),
            resource: Arc::clone(&call.resource),
            range: call.range(),
            selection,
            form,
            bookmarks,
            cursor: 0,
            told: 0,
            changes: self.store.window().subscribe(),
            deadline: Instant::now() + limit,
            bookmark_at: Instant::now() + BOOKMARK_INTERVAL,
        };
        let initial = watcher.start(call)?;
        let initial = (!initial.is_empty()).then(|| Bytes::from(initial));
        let changes = stream::unfold(watcher, |mut watcher| async move {
            watcher.next().await.map(|chunk| (chunk, watcher))
        });
        use futures::StreamExt as _;
        Ok(response::stream(
            "application/json",
            stream::iter(initial).chain(changes),
        ))
    }
}

struct Watcher {
    api: Arc<Api>,
    resource: Arc<Resource>,
    range: Range,
    selection: Selection,
    form: Form,
    bookmarks: bool,
    /// Every event up to this revision has been looked at.
    cursor: u64,
    /// The last revision the client has heard of.
    told: u64,
    changes: tokio::sync::watch::Receiver<u64>,
    deadline: Instant,
    bookmark_at: Instant,
}

impl Watcher {
    /// Finds out where to start, and gives back what the client gets right away.
    fn start(&mut self, call: &Call) -> Result<Vec<u8>, ApiError> {
        let asked: Option<u64> = call.query.parsed("resourceVersion")?;
        let initial_events = call.query.get("sendInitialEvents").is_some()
            && call.query.flag("sendInitialEvents")?;
        let wants_state = match call.query.get("sendInitialEvents") {
            Some(_) if call.query.get("resourceVersionMatch") != Some("NotOlderThan") => {
                let message = "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                return Err(ApiError::new(
                    http::StatusCode::UNPROCESSABLE_ENTITY,
                    "Invalid",
                    message,
                ));
            }
            Some(_) => initial_events,
            None => asked.unwrap_or(0) == 0,
        };
        let mut chunk = Vec::new();
        if wants_state {
            let page = self.api.store.list(&self.range, None, 0)?;
            for (_, record) in &page.records {
                let object = present(&self.resource, record)?;
                if self.selection.matches(&object) {
                    self.write(&mut chunk, "ADDED", object);
                }
            }
            self.cursor = page.revision;
            if initial_events && self.bookmarks {
                self.write_bookmark(&mut chunk, true);
            }
        } else {
            self.cursor = asked
                .filter(|revision| *revision > 0)
                .unwrap_or_else(|| self.api.store.window().latest());
        }
        self.told = self.cursor;
        // A watch from too long ago is refused before it starts.
        self.api
            .store
            .window()
            .after(self.cursor)
            .map_err(|error| ApiError::expired(error.to_string()))?;
        Ok(chunk)
    }

    /// The next events, or nothing when the watch has ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let chunk = self.collect();
            if !chunk.is_empty() {
                return Some(chunk.into());
            }
            if self.cursor == u64::MAX || Instant::now() >= self.deadline || self.is_gone() {
                return None;
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.deadline.min(self.bookmark_at)) => {
                    self.bookmark_at = Instant::now() + BOOKMARK_INTERVAL;
                    if self.bookmarks && self.cursor > self.told {
                        let mut chunk = Vec::new();
                        self.write_bookmark(&mut chunk, false);
                        self.told = self.cursor;
                        return Some(chunk.into());
                    }
                }
                () = self.api.shutdown.cancelled() => return None,
            }
        }
    }

    /// Whether the resource has stopped being served, as when its CustomResourceDefinition is deleted.
    fn is_gone(&self) -> bool {
        let catalog = self.api.catalog.snapshot();
        catalog
            .find(
                &self.resource.group,
                &self.resource.version,
                &self.resource.plural,
            )
            .is_none()
    }

    fn collect(&mut self) -> Vec<u8> {
        let mut chunk = Vec::new();
        self.changes.borrow_and_update();
        match self.api.store.window().after(self.cursor) {
            Ok(events) => {
                for event in events {
                    self.cursor = event.revision;
                    if self.range.contains(&event.key)
                        && let Err(error) = self.write_event(&mut chunk, &event)
                    {
                        return self.failed(chunk, &error);
                    }
                }
                if !chunk.is_empty() {
                    self.told = self.cursor;
                }
                chunk
            }
            Err(error) => self.failed(chunk, &ApiError::expired(error.to_string())),
        }
    }

    /// Tells the client why the watch ends.
    fn failed(&mut self, mut chunk: Vec<u8>, error: &ApiError) -> Vec<u8> {
        self.cursor = u64::MAX;
        self.deadline = Instant::now();
        write_line(&mut chunk, "ERROR", &error.to_status());
        chunk
    }

    fn write_event(&self, chunk: &mut Vec<u8>, event: &Event) -> Result<(), ApiError> {
        let everything = self.selection.is_everything();
        if everything && self.form == Form::Object && is_stored_form(&self.resource) {
            let kind = match event.kind {
                EventKind::Created => "ADDED",
                EventKind::Updated => "MODIFIED",
                EventKind::Deleted => "DELETED",
            };
            chunk.extend_from_slice(format!(r#"{{"type":"{kind}","object":"#).as_bytes());
            chunk.extend_from_slice(&event.object);
            chunk.extend_from_slice(b"}\n");
            return Ok(());
        }
        let object = from_stored(&self.resource, serde_json::from_slice(&event.object)?);
        let was_selected = match event.kind {
            EventKind::Created => false,
            _ if everything => true,
            _ => self.selection.matches(&from_stored(
                &self.resource,
                serde_json::from_slice(&event.previous)?,
            )),
        };
        let is_selected =
            event.kind != EventKind::Deleted && (everything || self.selection.matches(&object));
        match (was_selected, is_selected) {
            (false, true) => self.write(chunk, "ADDED", object),
            (true, true) => self.write(chunk, "MODIFIED", object),
            (true, false) => self.write(chunk, "DELETED", object),
            (false, false) => {}
        }
        Ok(())
    }

    fn write(&self, chunk: &mut Vec<u8>, kind: &str, object: Value) {
        write_line(
            chunk,
            kind,
            &form::object(&self.resource, self.form, object),
        );
    }

    fn write_bookmark(&self, chunk: &mut Vec<u8>, ends_initial_events: bool) {
        let mut metadata =
            json!({"resourceVersion": self.cursor.to_string(), "creationTimestamp": null});
        if ends_initial_events {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        write_line(
            chunk,
            "BOOKMARK",
            &form::bookmark(&self.resource, self.form, &metadata),
        );
    }
}

fn write_line(chunk: &mut Vec<u8>, kind: &str, object: &Value) {
    chunk.extend_from_slice(
        json!({"type": kind, "object": object})
            .to_string()
            .as_bytes(),
    );
    chunk.push(b'\n');
}
