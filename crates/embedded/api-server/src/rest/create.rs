//! create.

use http::{Response, StatusCode};
use serde_json::Value;

use super::call::{self, Call};
use super::metadata::{is_deleting, metadata_of, text};
use super::options::WriteOptions;
use super::prepare;
use super::present::{from_stored, to_stored};
use super::update::Ownership;
use super::{Api, Stage, WRITE_ATTEMPTS, form, namespace_key};
use crate::http::negotiate::Form;
use crate::http::{body, response};
use crate::resource::Resource;
use crate::status::{ApiError, StatusCause};
use crate::store::{Change, CommitError, Expected};
use crate::{fields, namespace, random};

/// Longest part of a generated name in front of its random letters.
/// Source: k8s.io/apiserver/pkg/storage/names `MaxGeneratedNameLength`.
const MAXIMUM_GENERATED_BASE: usize = 58;

/// A finished write, with what to warn the client of.
pub(crate) struct Written {
    /// The object as the resource shows it.
    pub(crate) object: Value,
    pub(crate) warnings: Vec<String>,
}

impl Api {
    pub(super) async fn create(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        if call.resource.namespaced && call.namespace.is_empty() {
            return Err(ApiError::method_not_allowed());
        }
        let form = Form::negotiate(&call.headers, &call.query)?;
        let options = WriteOptions::parse(&call.query, &call.headers)?;
        let object = body::decode(body::media_type(&call.headers), &call.body)?;
        let written = self
            .create_object(
                &call.resource,
                &call.namespace,
                object,
                &options,
                Ownership::Record,
            )
            .await?;
        Ok(respond(&call.resource, form, StatusCode::CREATED, written))
    }

    /// Creates an object, unless it exists.
    pub(crate) async fn create_object(
        &self,
        resource: &Resource,
        namespace: &str,
        mut object: Value,
        options: &WriteOptions,
        ownership: Ownership,
    ) -> Result<Written, ApiError> {
        prepare::check_identity(resource, namespace, &mut object)?;
        let generated_base = match (
            text(&object, &["metadata", "name"]),
            text(&object, &["metadata", "generateName"]),
        ) {
            (None, Some(base)) => Some(
                base.chars()
                    .take(MAXIMUM_GENERATED_BASE)
                    .collect::<String>(),
            ),
            _ => None,
        };
        let mut warnings = None;
        for _ in 0..WRITE_ATTEMPTS {
            if let Some(base) = &generated_base {
                metadata_of(&mut object).insert(
                    "name".to_owned(),
                    format!("{base}{}", random::name_suffix()).into(),
                );
            }
            let name = text(&object, &["metadata", "name"])
                .unwrap_or_default()
                .to_owned();
            let mut changes = Vec::new();
            if !namespace.is_empty() {
                changes.push(self.require_open_namespace(resource, namespace, &name)?);
            }
            let warnings = match &warnings {
                Some(warnings) => Vec::clone(warnings),
                None => {
                    let found = prepare::for_create(resource, &mut object, options)?;
                    if ownership == Ownership::Record {
                        fields::record_update(resource, None, &mut object, Stage::Object, options);
                    }
                    warnings.insert(found).clone()
                }
            };
            let key = call::key(resource, namespace, &name);
            if options.dry_run {
                if self.store.get(&key)?.is_some() {
                    return Err(ApiError::already_exists(resource.subject(&name)));
                }
                return Ok(Written { object, warnings });
            }
            changes.push(Change::Put {
                key: key.clone(),
                expected: Expected::Absent,
                object: to_stored(resource, object.clone()),
            });
            if resource.is("", "namespaces") {
                changes.extend(namespace::initial_objects(
                    &name,
                    &self.root_certificate_pem,
                ));
            }
            match self.store.commit(changes).await {
                Ok(stored) => {
                    let object = stored.into_iter().next().unwrap_or_default();
                    self.after_write(resource, &name).await?;
                    return Ok(Written {
                        object: from_stored(resource, object),
                        warnings,
                    });
                }
                Err(CommitError::Unexpected { key: found, .. })
                    if found == key && generated_base.is_none() =>
                {
                    return Err(ApiError::already_exists(resource.subject(&name)));
                }
                // The namespace has changed, or the generated name was taken.
                Err(CommitError::Unexpected { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ApiError::internal(
            "the object could not be created because its namespace keeps changing",
        ))
    }

    /// That the namespace is there and not being deleted, as a condition of the write.
    fn require_open_namespace(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Change, ApiError> {
        let key = namespace_key(namespace);
        let Some(record) = self.store.get(&key)? else {
            let subject = crate::status::Subject {
                group: "",
                resource: "namespaces",
                name: namespace,
            };
            return Err(ApiError::not_found(subject));
        };
        if is_deleting(&record.value()?) {
            let problem = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            let cause = StatusCause::new(
                "NamespaceTerminating",
                "metadata.namespace",
                format!("namespace {namespace} is being terminated"),
            );
            return Err(ApiError::forbidden(resource.subject(name), &problem).with_causes(&[cause]));
        }
        Ok(Change::Require {
            key,
            revision: record.revision,
        })
    }

    /// What has to be up to date before the client hears that its write has happened.
    pub(super) async fn after_write(
        &self,
        resource: &Resource,
        name: &str,
    ) -> Result<(), ApiError> {
        if resource.is("apiextensions.k8s.io", "customresourcedefinitions") {
            Box::pin(self.serve_definition(name)).await?;
        }
        Ok(())
    }
}

/// The answer to a write.
pub(super) fn respond(
    resource: &Resource,
    form: Form,
    code: StatusCode,
    written: Written,
) -> Response<response::Body> {
    let mut answer = response::json(code, &form::object(resource, form, written.object));
    for warning in &written.warnings {
        response::add_warning(&mut answer, warning);
    }
    if let Some(warning) = resource
        .custom()
        .and_then(|custom| custom.deprecation_warning.as_deref())
    {
        response::add_warning(&mut answer, warning);
    }
    answer
}
