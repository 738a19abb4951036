//! update, and the loop that every change of an existing object goes through.

use http::{Response, StatusCode};
use serde_json::Value;

use super::call::{self, Call};
use super::create::{Written, respond};
use super::metadata::{has_finalizers, is_deleting, text};
use super::options::WriteOptions;
use super::present::{from_stored, present, to_stored};
use super::{Api, Stage, WRITE_ATTEMPTS, prepare};
use crate::fields;
use crate::http::negotiate::Form;
use crate::http::{body, response};
use crate::resource::Resource;
use crate::status::{ApiError, StatusCause};
use crate::store::{Change, CommitError, Expected, Record};

/// Which object a change is about.
#[derive(Clone, Copy)]
pub(crate) struct Address<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

/// Whether the change itself has already taken care of `metadata.managedFields`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    Record,
    Recorded,
}

impl Api {
    pub(super) async fn update(
        &self,
        call: &Call,
        stage: Stage,
    ) -> Result<Response<response::Body>, ApiError> {
        let form = Form::negotiate(&call.headers, &call.query)?;
        let options = WriteOptions::parse(&call.query, &call.headers)?;
        let mut object = body::decode(body::media_type(&call.headers), &call.body)?;
        prepare::check_identity(&call.resource, &call.namespace, &mut object)?;
        if call.resource.custom().is_some()
            && text(&object, &["metadata", "resourceVersion"]).is_none()
        {
            let cause = StatusCause::new(
                "FieldValueInvalid",
                "metadata.resourceVersion",
                "Invalid value: 0x0: must be specified for an update",
            );
            return Err(ApiError::invalid(
                call.resource.kind_subject(&call.name),
                &[cause],
            ));
        }
        let written = self
            .modify(call.address(), stage, &options, Ownership::Record, |_| {
                Ok(object.clone())
            })
            .await?;
        Ok(respond(&call.resource, form, StatusCode::OK, written))
    }

    /// Changes an object: reads it, lets `change` make the new one of it, checks that, and stores it if nobody was faster. A change
    /// that carries a `resourceVersion` other than the current one is a conflict; any other is made again on the newer object.
    ///
    /// What follows from the object is brought up to date also when nothing is changed: whoever repeats a write that was cut short
    /// completes it.
    pub(crate) async fn modify(
        &self,
        address: Address<'_>,
        stage: Stage,
        options: &WriteOptions,
        ownership: Ownership,
        change: impl Fn(&Value) -> Result<Value, ApiError> + Send + Sync,
    ) -> Result<Written, ApiError> {
        let written = self
            .modify_stored(address, stage, options, ownership, change)
            .await?;
        if !options.dry_run {
            self.after_write(address.resource, address.name).await?;
        }
        Ok(written)
    }

    /// [`modify`](Self::modify) without what follows from the object.
    pub(crate) async fn modify_stored(
        &self,
        address: Address<'_>,
        stage: Stage,
        options: &WriteOptions,
        ownership: Ownership,
        change: impl Fn(&Value) -> Result<Value, ApiError> + Send + Sync,
    ) -> Result<Written, ApiError> {
        let Address {
            resource,
            namespace,
            name,
        } = address;
        let key = call::key(resource, namespace, name);
        for _ in 0..WRITE_ATTEMPTS {
            let record = self
                .store
                .get(&key)?
                .ok_or_else(|| ApiError::not_found(resource.subject(name)))?;
            let existing = present(resource, &record)?;
            let mut object = change(&existing)?;
            if text(&object, &["metadata", "resourceVersion"])
                .is_some_and(|given| given != record.revision.to_string())
            {
                return Err(ApiError::stale(resource.subject(name)));
            }
            let warnings = prepare::for_update(resource, &existing, &mut object, stage, options)?;
            if ownership == Ownership::Record {
                fields::record_update(resource, Some(&existing), &mut object, stage, options);
            }
            if fields::same_but_for_times(&existing, &object) {
                object = existing;
                return Ok(Written { object, warnings });
            }
            if options.dry_run {
                return Ok(Written { object, warnings });
            }
            match self
                .store
                .commit(vec![replacement(resource, &record, key.clone(), object)])
                .await
            {
                Ok(stored) => {
                    let object = stored.into_iter().next().unwrap_or_default();
                    return Ok(Written {
                        object: from_stored(resource, object),
                        warnings,
                    });
                }
                Err(CommitError::Unexpected { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ApiError::stale(resource.subject(name)))
    }
}

/// The change that stores an object, or removes it when its last finalizer has gone.
fn replacement(
    resource: &Resource,
    record: &Record,
    key: crate::store::Key,
    object: Value,
) -> Change {
    let gone = is_deleting(&object) && !has_finalizers(&object);
    let object = to_stored(resource, object);
    if gone {
        Change::Delete {
            key,
            revision: record.revision,
            object,
        }
    } else {
        Change::Put {
            key,
            expected: Expected::Revision(record.revision),
            object,
        }
    }
}

impl Call {
    /// The object that the request names.
    pub(super) fn address(&self) -> Address<'_> {
        Address {
            resource: &self.resource,
            namespace: &self.namespace,
            name: &self.name,
        }
    }
}
