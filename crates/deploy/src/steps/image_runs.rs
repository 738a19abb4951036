//! Proof that an image from the registry runs as a pod: nodes resolve and trust it.

use std::path::Path;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use super::{DeployContext, cluster_evidence, probe_image, registry_pod};
use crate::plan::{Evidence, Outcome, Progress, Step, StepError, wait};

const NAME: &str = "image-runs";

/// Runs a pod under the image's in-cluster name and one under its name on this host.
pub(super) struct ImageRuns {
    /// Whether nodes know the registry by its name on this host, too.
    pub(super) by_host_name: bool,
}

#[async_trait]
impl Step<DeployContext> for ImageRuns {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "run an image from the registry as a pod"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let connection = context.connection()?;
        if connection.record.steps_done.iter().any(|done| done == NAME) {
            return Ok(Outcome::Unchanged);
        }
        let api: Api<Pod> = Api::namespaced(connection.client.clone(), registry_pod::NAMESPACE);
        let image = probe_image::reference().to_string();
        let mut images = vec![image.clone()];
        if self.by_host_name {
            let (_, path) = image.split_once('/').unwrap_or_default();
            images.push(format!(
                "{}/{path}",
                connection.record.registry.host_endpoint
            ));
        }
        for (number, image) in images.iter().enumerate() {
            let name = format!("{NAME}-{number}");
            let ran = run_once(&api, &name, image, progress).await;
            let ended = api.delete(&name, &DeleteParams::default()).await;
            ran?;
            ended.map_err(StepError::because(format!("delete pod {name}")))?;
        }
        Ok(Outcome::Changed(format!("{} ran", images.join(" and "))))
    }

    async fn evidence(
        &self,
        context: &DeployContext,
        _failure: &StepError,
        into: &Path,
    ) -> Result<Option<Evidence>, StepError> {
        cluster_evidence::collect(context, &[registry_pod::NAMESPACE], into).await
    }
}

async fn run_once(
    api: &Api<Pod>,
    name: &str,
    image: &str,
    progress: &Progress,
) -> Result<(), StepError> {
    let attempted = || format!("run {image} as a pod");
    // One that an interrupted run left.
    let _absent = api.delete(name, &DeleteParams::default()).await;
    wait::for_object(
        api.clone(),
        name,
        "to be gone",
        |pod| pod.is_none(),
        progress,
    )
    .await?;
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "probe",
                "image": image,
                "imagePullPolicy": "Always",
                "command": ["probe"],
                "args": ["--version"],
            }],
        },
    });
    let pod = serde_json::from_value(pod).expect("a literal Pod is one");
    let created = api.create(&PostParams::default(), &pod).await;
    created.map_err(StepError::because(attempted()))?;
    let phase = |pod: &Pod| pod.status.as_ref()?.phase.clone();
    let ended = |pod: Option<&Pod>| {
        pod.and_then(phase)
            .is_some_and(|phase| phase == "Succeeded" || phase == "Failed")
            || pod.is_some_and(|pod| refusal(pod).is_some())
    };
    let pod = wait::for_object(api.clone(), name, "to end", ended, progress).await?;
    match pod {
        Some(pod) if phase(&pod).as_deref() == Some("Succeeded") => Ok(()),
        Some(pod) => {
            let seen = refusal(&pod)
                .or_else(|| phase(&pod))
                .unwrap_or_else(|| "it did not succeed".to_owned());
            Err(StepError::new(attempted(), seen).mended_by(
                "the nodes' containerd must resolve the registry's name and trust its authority; docs/kind.md says how",
            ))
        }
        None => Err(StepError::new(attempted(), "somebody deleted the pod")),
    }
}

/// Why the image cannot be pulled, once the kubelet has given up a first time.
fn refusal(pod: &Pod) -> Option<String> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let waiting = statuses.first()?.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    let is_final = [
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerError",
    ];
    is_final.contains(&reason).then(|| {
        format!(
            "{reason}: {}",
            waiting.message.as_deref().unwrap_or_default()
        )
    })
}
