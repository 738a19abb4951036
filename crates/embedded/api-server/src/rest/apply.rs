//! Server-side apply.

use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::call::Call;
use super::create::{Written, respond};
use super::metadata::{metadata_of, text};
use super::options::WriteOptions;
use super::update::Ownership;
use super::{Api, Stage, WRITE_ATTEMPTS, prepare};
use crate::fields;
use crate::http::negotiate::Form;
use crate::http::{body, response};
use crate::status::{ApiError, StatusCause};

impl Api {
    pub(super) async fn apply(
        &self,
        call: &Call,
        stage: Stage,
        form: Form,
        options: &WriteOptions,
    ) -> Result<Response<response::Body>, ApiError> {
        if call.query.get("fieldManager").is_none() {
            let cause = StatusCause::required("fieldManager", "is required for apply patch");
            let subject = crate::status::Subject {
                group: "meta.k8s.io",
                resource: "PatchOptions",
                name: "",
            };
            return Err(ApiError::invalid(subject, &[cause]));
        }
        let configuration = configuration(call, stage)?;
        for _ in 0..WRITE_ATTEMPTS {
            match self
                .apply_to_existing(call, stage, options, &configuration)
                .await
            {
                Err(error) if error.code == StatusCode::NOT_FOUND && stage == Stage::Object => {}
                outcome => return Ok(respond(&call.resource, form, StatusCode::OK, outcome?)),
            }
            match self.create_applied(call, options, &configuration).await {
                // Somebody else has just created it.
                Err(error) if error.reason == "AlreadyExists" => {}
                outcome => return Ok(respond(&call.resource, form, StatusCode::CREATED, outcome?)),
            }
        }
        Err(ApiError::stale(call.resource.subject(&call.name)))
    }

    async fn apply_to_existing(
        &self,
        call: &Call,
        stage: Stage,
        options: &WriteOptions,
        configuration: &Value,
    ) -> Result<Written, ApiError> {
        self.modify(
            call.address(),
            stage,
            options,
            Ownership::Recorded,
            |existing| {
                fields::apply_configuration(
                    &call.resource,
                    Some(existing),
                    configuration,
                    stage,
                    options,
                )
            },
        )
        .await
    }

    async fn create_applied(
        &self,
        call: &Call,
        options: &WriteOptions,
        configuration: &Value,
    ) -> Result<Written, ApiError> {
        if let Some(uid) = text(configuration, &["metadata", "uid"]) {
            let problem = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            );
            return Err(ApiError::conflict(
                call.resource.subject(&call.name),
                &problem,
            ));
        }
        let object = fields::apply_configuration(
            &call.resource,
            None,
            configuration,
            Stage::Object,
            options,
        )?;
        self.create_object(
            &call.resource,
            &call.namespace,
            object,
            options,
            Ownership::Recorded,
        )
        .await
    }
}

/// The applied configuration: what belongs to another stage of the object is not applied, and not owned.
fn configuration(call: &Call, stage: Stage) -> Result<Value, ApiError> {
    let mut configuration = body::yaml(&call.body)?;
    prepare::check_identity(&call.resource, &call.namespace, &mut configuration)?;
    metadata_of(&mut configuration)
        .entry("name")
        .or_insert_with(|| call.name.clone().into());
    let fields = configuration
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let fields: Map<String, Value> = fields
        .into_iter()
        .filter(|(field, _)| match stage {
            Stage::Object => field != "status" || !call.resource.has_status,
            Stage::Status => matches!(
                field.as_str(),
                "apiVersion" | "kind" | "metadata" | "status"
            ),
            Stage::Finalize => true,
        })
        .collect();
    Ok(Value::Object(fields))
}
