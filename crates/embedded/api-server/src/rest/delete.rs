//! delete and deletecollection.

use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Call};
use super::metadata::{finalizers, has_finalizers, is_deleting, metadata_of, now, set_finalizers};
use super::options::dry_run;
use super::present::{from_stored, present, to_stored};
use super::update::Address;
use super::{Api, WRITE_ATTEMPTS, form};
use crate::custom_resource::CLEANUP_FINALIZER;
use crate::http::negotiate::Form;
use crate::http::{body, response};
use crate::namespace::IMMORTAL;
use crate::resource::Resource;
use crate::status::ApiError;
use crate::store::{Change, CommitError, Expected, Record};

/// What happens to the dependents of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Propagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay, without this owner.
    Orphan,
}

/// `meta/v1` DeleteOptions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeleteOptions {
    pub(crate) preconditions: Preconditions,
    pub(crate) propagation_policy: Option<Propagation>,
    orphan_dependents: Option<bool>,
    dry_run: Vec<String>,
    grace_period_seconds: Option<i64>,
}

/// What must be true of the object for it to be deleted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preconditions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

/// What became of an object that was to be deleted.
pub(crate) enum Deleted {
    /// It is gone.
    Gone(Value),
    /// It waits for its finalizers.
    Waiting(Value),
}

impl Api {
    pub(super) async fn delete(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        let form = Form::negotiate(&call.headers, &call.query)?;
        let options = DeleteOptions::parse(call)?;
        if call.resource.is("", "namespaces") && IMMORTAL.contains(&call.name.as_str()) {
            let subject = call.resource.subject(&call.name);
            return Err(ApiError::forbidden(
                subject,
                "this namespace may not be deleted",
            ));
        }
        match self.delete_object(call.address(), &options).await? {
            Deleted::Gone(object) => {
                let mut details = json!({"name": call.name, "kind": call.resource.plural, "uid": object["metadata"]["uid"]});
                if !call.resource.group.is_empty() {
                    details["group"] = call.resource.group.clone().into();
                }
                let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
                Ok(response::json(StatusCode::OK, &status))
            }
            Deleted::Waiting(object) => Ok(response::json(
                StatusCode::OK,
                &form::object(&call.resource, form, object),
            )),
        }
    }

    pub(super) async fn delete_collection(
        &self,
        call: &Call,
    ) -> Result<Response<response::Body>, ApiError> {
        if call.resource.is("", "namespaces")
            || (call.resource.namespaced && call.namespace.is_empty())
        {
            return Err(ApiError::method_not_allowed());
        }
        let form = Form::negotiate(&call.headers, &call.query)?;
        let options = DeleteOptions::parse(call)?;
        let listed = self.listed(call)?;
        let mut items = Vec::with_capacity(listed.records.len());
        for (key, record) in &listed.records {
            let address = Address {
                resource: &call.resource,
                namespace: &call.namespace,
                name: key.parts().name,
            };
            match self.delete_object(address, &options).await {
                Ok(_) => items.push(present(&call.resource, record)?),
                Err(error) if error.code == StatusCode::NOT_FOUND => {}
                Err(error) => return Err(error),
            }
        }
        let metadata = json!({"resourceVersion": listed.revision.to_string()});
        Ok(response::json(
            StatusCode::OK,
            &form::list(&call.resource, form, items, metadata),
        ))
    }

    /// Deletes an object, or marks it as being deleted while it has finalizers.
    pub(crate) async fn delete_object(
        &self,
        address: Address<'_>,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
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
            options.preconditions.check(resource, name, &existing)?;
            let marked = marked(resource, &existing, options);
            if marked == existing {
                if options.dry_run.is_empty() {
                    self.after_write(resource, name).await?;
                }
                return Ok(Deleted::Waiting(existing));
            }
            let waits = has_finalizers(&marked);
            if !options.dry_run.is_empty() {
                return Ok(if waits {
                    Deleted::Waiting(marked)
                } else {
                    Deleted::Gone(marked)
                });
            }
            match self
                .store
                .commit(vec![change(resource, &record, &key, marked, waits)])
                .await
            {
                Ok(stored) => {
                    let object =
                        from_stored(resource, stored.into_iter().next().unwrap_or_default());
                    self.after_write(resource, name).await?;
                    return Ok(if waits {
                        Deleted::Waiting(object)
                    } else {
                        Deleted::Gone(object)
                    });
                }
                Err(CommitError::Unexpected { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ApiError::stale(resource.subject(name)))
    }
}

fn change(
    resource: &Resource,
    record: &Record,
    key: &crate::store::Key,
    object: Value,
    waits: bool,
) -> Change {
    let (key, object) = (key.clone(), to_stored(resource, object));
    if waits {
        Change::Put {
            key,
            expected: Expected::Revision(record.revision),
            object,
        }
    } else {
        Change::Delete {
            key,
            revision: record.revision,
            object,
        }
    }
}

/// The object as it is while it is being deleted.
fn marked(resource: &Resource, existing: &Value, options: &DeleteOptions) -> Value {
    let mut object = existing.clone();
    let mut remaining: Vec<String> = finalizers(existing)
        .into_iter()
        .filter(|finalizer| {
            options.propagation().is_none()
                || !matches!(*finalizer, "orphan" | "foregroundDeletion")
        })
        .map(str::to_owned)
        .collect();
    match options.propagation() {
        Some(Propagation::Foreground) => remaining.push("foregroundDeletion".to_owned()),
        Some(Propagation::Orphan) => remaining.push("orphan".to_owned()),
        Some(Propagation::Background) | None => {}
    }
    if resource.is("apiextensions.k8s.io", "customresourcedefinitions") && !is_deleting(existing) {
        remaining.push(CLEANUP_FINALIZER.to_owned());
    }
    set_finalizers(&mut object, remaining);
    if !is_deleting(existing) {
        let generation = existing["metadata"]["generation"].as_i64();
        let metadata = metadata_of(&mut object);
        metadata.insert("deletionTimestamp".to_owned(), now().into());
        metadata.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
        if let Some(generation) = generation {
            metadata.insert("generation".to_owned(), (generation + 1).into());
        }
        if resource.is("", "namespaces") {
            object["status"]["phase"] = "Terminating".into();
        }
    }
    object
}

impl DeleteOptions {
    /// The options of the garbage collector: only the very object it has looked at.
    pub(crate) fn of_collector(propagation: Propagation, uid: &str) -> Self {
        let preconditions = Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        };
        Self {
            preconditions,
            propagation_policy: Some(propagation),
            ..Self::default()
        }
    }

    /// Reads the body of the request, or its query where there is no body.
    fn parse(call: &Call) -> Result<Self, ApiError> {
        let mut options = if call.body.is_empty() {
            Self::default()
        } else {
            let value = body::decode(body::media_type(&call.headers), &call.body)?;
            serde_json::from_value(value)
                .map_err(|error| ApiError::bad_request(format!("invalid DeleteOptions: {error}")))?
        };
        if let Some(policy) = call.query.get("propagationPolicy") {
            let policy = serde_json::from_value(policy.into());
            options.propagation_policy = Some(policy.map_err(|error| {
                ApiError::bad_request(format!("invalid propagationPolicy: {error}"))
            })?);
        }
        options
            .dry_run
            .extend(call.query.get("dryRun").map(str::to_owned));
        for value in &options.dry_run {
            dry_run(Some(value))?;
        }
        if options.orphan_dependents.is_some() && options.propagation_policy.is_some() {
            return Err(ApiError::bad_request(
                "orphanDependents and deletionPropagation cannot be both set",
            ));
        }
        if options
            .grace_period_seconds
            .is_some_and(|seconds| seconds < 0)
        {
            return Err(ApiError::bad_request(
                "gracePeriodSeconds must be greater than or equal to 0",
            ));
        }
        Ok(options)
    }

    fn propagation(&self) -> Option<Propagation> {
        self.propagation_policy.or(match self.orphan_dependents {
            Some(true) => Some(Propagation::Orphan),
            Some(false) => Some(Propagation::Background),
            None => None,
        })
    }
}

impl Preconditions {
    fn check(&self, resource: &Resource, name: &str, object: &Value) -> Result<(), ApiError> {
        let checks = [
            ("UID", "uid", &self.uid),
            ("ResourceVersion", "resourceVersion", &self.resource_version),
        ];
        for (what, field, wanted) in checks {
            let found = object["metadata"][field].as_str().unwrap_or_default();
            if let Some(wanted) = wanted
                && wanted != found
            {
                let problem = format!(
                    "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
                );
                return Err(ApiError::conflict(resource.subject(name), &problem));
            }
        }
        Ok(())
    }
}
