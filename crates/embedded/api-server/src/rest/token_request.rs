//! The `token` subresource of service accounts, and the users of the tokens it gives out.

use http::{Response, StatusCode};
use k8s_openapi::api::authentication::v1::TokenRequest;
use serde_json::{Value, json};

use super::Api;
use super::call::Call;
use super::metadata::{is_deleting, text};
use crate::authentication::Identity;
use crate::http::{body, response};
use crate::status::{ApiError, StatusCause, Subject};
use crate::store::Key;
use crate::token::{BoundObject, Claims, ISSUER, KubernetesClaims};

/// Seconds that a token lives when its client does not say; the shortest and the longest life.
/// Source: k8s.io/kubernetes/pkg/apis/authentication/validation.
const DEFAULT_SECONDS: i64 = 3600;
const MINIMUM_SECONDS: i64 = 600;
const MAXIMUM_SECONDS: i64 = 1 << 32;

impl Api {
    pub(super) fn create_token(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        let mut request = body::decode(body::media_type(&call.headers), &call.body)?;
        if !request.is_object() || !request["spec"].is_object() {
            return Err(ApiError::bad_request("a TokenRequest must have a spec"));
        }
        request["apiVersion"] = "authentication.k8s.io/v1".into();
        request["kind"] = "TokenRequest".into();
        serde_json::from_value::<TokenRequest>(request.clone()).map_err(|error| {
            ApiError::bad_request(format!(
                "the body of the request cannot be handled as a TokenRequest: {error}"
            ))
        })?;
        let account = self
            .store
            .get(&call.key())?
            .ok_or_else(|| call.not_found())?
            .value()?;
        let seconds = request["spec"]["expirationSeconds"]
            .as_i64()
            .unwrap_or(DEFAULT_SECONDS);
        if !(MINIMUM_SECONDS..=MAXIMUM_SECONDS).contains(&seconds) {
            let problem = format!(
                "may not specify a duration outside of {MINIMUM_SECONDS} to {MAXIMUM_SECONDS} seconds"
            );
            let cause =
                StatusCause::invalid("spec.expirationSeconds", &seconds.to_string(), &problem);
            let subject = Subject {
                group: "authentication.k8s.io",
                resource: "TokenRequest",
                name: &call.name,
            };
            return Err(ApiError::invalid(subject, &[cause]));
        }
        let audiences: Vec<String> = request["spec"]["audiences"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let audiences = if audiences.is_empty() {
            vec![ISSUER.to_owned()]
        } else {
            audiences
        };
        let (pod, secret) = self.bound_objects(call, &request["spec"]["boundObjectRef"])?;
        let now = jiff::Timestamp::now();
        let expires = now.as_second() + seconds;
        let claims = Claims {
            aud: audiences.clone(),
            exp: expires,
            iat: now.as_second(),
            nbf: now.as_second(),
            iss: ISSUER.to_owned(),
            sub: format!("system:serviceaccount:{}:{}", call.namespace, call.name),
            kubernetes: KubernetesClaims {
                namespace: call.namespace.clone(),
                serviceaccount: BoundObject {
                    name: call.name.clone(),
                    uid: uid(&account),
                },
                pod,
                secret,
            },
        };
        let expires = jiff::Timestamp::from_second(expires).map_err(ApiError::internal)?;
        request["spec"]["audiences"] = audiences.into();
        request["spec"]["expirationSeconds"] = seconds.into();
        request["status"] = json!({
            "token": self.signer.sign(&claims)?,
            "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        Ok(response::json(StatusCode::CREATED, &request))
    }

    /// The pod or the secret that the token is to live and die with.
    fn bound_objects(
        &self,
        call: &Call,
        reference: &Value,
    ) -> Result<(Option<BoundObject>, Option<BoundObject>), ApiError> {
        let Some(kind) = text(reference, &["kind"]) else {
            return Ok((None, None));
        };
        let plural = match kind {
            "Pod" => "pods",
            "Secret" => "secrets",
            other => {
                return Err(ApiError::not_modelled(format!(
                    "tokens that are bound to a {other}"
                )));
            }
        };
        let name = text(reference, &["name"]).unwrap_or_default();
        let record = self
            .store
            .get(&Key::new("", plural, &call.namespace, name))?;
        let object = record
            .ok_or_else(|| {
                ApiError::not_found(Subject {
                    group: "",
                    resource: plural,
                    name,
                })
            })?
            .value()?;
        let bound = BoundObject {
            name: name.to_owned(),
            uid: uid(&object),
        };
        if let Some(wanted) = text(reference, &["uid"])
            && wanted != bound.uid
        {
            let problem = format!(
                "the UID in the bound object reference ({wanted}) does not match the UID in record"
            );
            return Err(ApiError::conflict(
                Subject {
                    group: "",
                    resource: plural,
                    name,
                },
                &problem,
            ));
        }
        Ok(if kind == "Pod" {
            (Some(bound), None)
        } else {
            (None, Some(bound))
        })
    }

    /// The user of a token, if the token is good: signed here, in force, and what it is bound to still exists.
    pub(super) fn user_of_token(&self, token: &str) -> Result<Option<Identity>, ApiError> {
        let Some(claims) = self
            .signer
            .verify(token, jiff::Timestamp::now().as_second())
        else {
            return Ok(None);
        };
        let KubernetesClaims {
            namespace,
            serviceaccount,
            pod,
            secret,
        } = &claims.kubernetes;
        let bound = [
            ("serviceaccounts", Some(serviceaccount)),
            ("pods", pod.as_ref()),
            ("secrets", secret.as_ref()),
        ];
        for (plural, object) in bound
            .into_iter()
            .filter_map(|(plural, object)| Some((plural, object?)))
        {
            let Some(record) = self
                .store
                .get(&Key::new("", plural, namespace, &object.name))?
            else {
                return Ok(None);
            };
            let stored = record.value()?;
            if uid(&stored) != object.uid || (plural == "serviceaccounts" && is_deleting(&stored)) {
                return Ok(None);
            }
        }
        Ok(Some(Identity::service_account(
            namespace,
            &serviceaccount.name,
            &serviceaccount.uid,
        )))
    }
}

fn uid(object: &Value) -> String {
    text(object, &["metadata", "uid"])
        .unwrap_or_default()
        .to_owned()
}
