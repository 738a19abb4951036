//! The registry's node port, where the API server says that it is taken.
//!
//! A request that is broken off while a Service is being made (a killed `deploy-local`) can leave its node port allocated without a Service.
//! The API server looks for such ports every three minutes and gives them back after the third time (`numRepairsBeforeLeakCleanup` in
//! Kubernetes' `pkg/registry/core/service/portallocator/controller/repair.go`).

use std::time::Duration;

use cluster::kind::REGISTRY_NODE_PORT;
use k8s_openapi::api::core::v1::Service;
use kube::api::ListParams;
use kube::core::DynamicObject;
use kube::{Api, Client, ResourceExt};

use crate::apply::{self, ApplyError};
use crate::plan::{Progress, StepError};

/// How long until the API server is asked again.
const INTERVAL: Duration = Duration::from_secs(10);

/// As [`apply::all`], and waits for a node port that nobody has.
pub(super) async fn apply(
    client: &Client,
    objects: Vec<DynamicObject>,
    progress: &Progress,
) -> Result<usize, StepError> {
    let mut told = false;
    loop {
        let error = match apply::all(client, objects.clone()).await {
            Ok(changed) => return Ok(changed),
            Err(error) if is_taken(&error) => error,
            Err(error) => return Err(StepError::because("apply the registry")(error)),
        };
        if let Some(holder) = holder(client).await? {
            let attempted = format!("use node port {REGISTRY_NODE_PORT} for the registry");
            return Err(
                StepError::new(attempted, format!("Service {holder} has it"))
                    .mended_by("give that one another port, or deploy to another cluster"),
            );
        }
        if !told {
            told = true;
            progress.retrying(format!(
                "{error}; no Service has node port {REGISTRY_NODE_PORT}: a request that was broken off holds it, and the API server gives \
                 it back within 12 minutes (a new cluster by --recreate is faster)"
            ));
            progress.waiting(format!(
                "the API server to give back node port {REGISTRY_NODE_PORT}"
            ));
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = progress.cancellation().cancelled() => {
                return Err(StepError::new("apply the registry", "interrupted"));
            }
        }
    }
}

fn is_taken(error: &ApplyError) -> bool {
    let ApplyError::Refused { source, .. } = error else {
        return false;
    };
    matches!(&**source, kube::Error::Api(status)
        if status.code == 422 && status.message.contains("provided port is already allocated"))
}

/// The Service that has the port.
async fn holder(client: &Client) -> Result<Option<String>, StepError> {
    let services: Api<Service> = Api::all(client.clone());
    let all = services.list(&ListParams::default()).await;
    let all = all.map_err(StepError::because(
        "look for the Service that has the node port",
    ))?;
    Ok(all
        .items
        .iter()
        .find(|service| has(service))
        .map(|service| {
            let namespace = service.namespace().unwrap_or_default();
            format!("{namespace}/{}", service.name_any())
        }))
}

fn has(service: &Service) -> bool {
    let spec = service.spec.iter();
    let mut ports = spec.flat_map(|spec| spec.ports.iter().flatten());
    ports.any(|port| port.node_port == Some(i32::from(REGISTRY_NODE_PORT)))
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use serde_json::json;

    use super::*;

    fn refused(code: u16, message: &str) -> ApplyError {
        let status = Status::failure(message, "Invalid").with_code(code);
        ApplyError::Refused {
            object: "Service kind-registry/registry-service".to_owned(),
            source: Box::new(kube::Error::Api(status.boxed())),
        }
    }

    #[test]
    fn a_taken_port_is_told_from_every_other_refusal() {
        // As Kubernetes 1.34 says it.
        let taken = "Service \"registry-service\" is invalid: spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated";
        assert!(is_taken(&refused(422, taken)));
        assert!(!is_taken(&refused(422, "spec.ports: Required value")));
        assert!(!is_taken(&refused(403, taken)));
        assert!(!is_taken(&ApplyError::Nameless));
    }

    #[test]
    fn the_service_that_has_the_port_is_found_by_its_node_port() {
        let service = |port: i32| {
            let ports = json!([{"port": 443}, {"port": 30001, "nodePort": port}]);
            serde_json::from_value(json!({"spec": {"ports": ports}})).unwrap()
        };
        assert!(has(&service(30001)));
        assert!(!has(&service(30002)));
        assert!(!has(&Service::default()));
    }
}
