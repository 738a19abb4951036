//! Reading everything that may explain a failure.

use std::io;
use std::path::Path;

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{DynamicObject, ListParams, LogParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt};

use super::{Folder, Redactor};
use crate::Failure;
use crate::failure::kubernetes_words;
use crate::tenant::Tenant;

/// The kinds whose objects are kept whole: group, version, kind.
const KINDS: [(&str, &str, &str); 11] = [
    ("", "v1", "Event"),
    ("", "v1", "Pod"),
    ("", "v1", "ServiceAccount"),
    ("tekton.dev", "v1", "PipelineRun"),
    ("tekton.dev", "v1", "TaskRun"),
    ("appstudio.redhat.com", "v1alpha1", "Application"),
    ("appstudio.redhat.com", "v1alpha1", "Component"),
    ("appstudio.redhat.com", "v1alpha1", "Snapshot"),
    ("appstudio.redhat.com", "v1alpha1", "ReleasePlan"),
    ("appstudio.redhat.com", "v1alpha1", "ReleasePlanAdmission"),
    ("appstudio.redhat.com", "v1alpha1", "Release"),
];

/// Collects everything of both namespaces, redacted. What cannot be read is told in `missing.txt`.
pub(super) async fn all(tenant: &Tenant, failure: &Failure, path: &Path) -> io::Result<()> {
    let mut missing = Vec::new();
    let mut secrets = Vec::new();
    for namespace in [tenant.namespace(), tenant.managed_namespace()] {
        let api = Api::<Secret>::namespaced(tenant.deployment().kubernetes.clone(), namespace);
        secrets.push(listed(api, &mut missing).await);
    }
    let redactor = Redactor::knowing(secrets.iter().flatten()).and(tenant.journal().secrets());
    let folder = Folder {
        path: path.to_owned(),
        redactor: &redactor,
    };
    for (namespace, secrets) in [tenant.namespace(), tenant.managed_namespace()]
        .iter()
        .zip(&secrets)
    {
        folder
            .below(namespace)
            .write("secrets.txt", &outline(secrets))?;
    }
    everything(tenant, failure, &folder, missing).await
}

/// As [`all`], with every secret that somebody let slip.
pub(super) async fn unredacted(tenant: &Tenant, failure: &Failure, path: &Path) -> io::Result<()> {
    let folder = Folder {
        path: path.to_owned(),
        redactor: &Redactor::idle(),
    };
    everything(tenant, failure, &folder, Vec::new()).await
}

async fn everything(
    tenant: &Tenant,
    failure: &Failure,
    folder: &Folder<'_>,
    mut missing: Vec<String>,
) -> io::Result<()> {
    let client = &tenant.deployment().kubernetes;
    let namespaces = [tenant.namespace(), tenant.managed_namespace()];
    folder.write("failure.txt", &format!("{failure}\n"))?;
    folder.write("story.txt", &tenant.journal().to_string())?;
    if let Ok(log) = std::fs::read(tenant.deployment().directory.embedded_log()) {
        folder.write("embedded.log", &String::from_utf8_lossy(&log))?;
    }
    for namespace in namespaces {
        let folder = folder.below(namespace);
        objects(client, namespace, &folder, &mut missing).await?;
        logs(client, namespace, &folder.below("logs"), &mut missing).await?;
    }
    if missing.is_empty() {
        Ok(())
    } else {
        folder.write("missing.txt", &(missing.join("\n") + "\n"))
    }
}

/// Names, types and keys, never values.
fn outline(secrets: &[Secret]) -> String {
    let line = |secret: &Secret| {
        let keys: Vec<&str> = secret
            .data
            .iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        format!(
            "{} {} {}\n",
            secret.name_any(),
            secret.type_.as_deref().unwrap_or("Opaque"),
            keys.join(",")
        )
    };
    secrets.iter().map(line).collect()
}

async fn objects(
    client: &Client,
    namespace: &str,
    folder: &Folder<'_>,
    missing: &mut Vec<String>,
) -> io::Result<()> {
    for (group, version, kind) in KINDS {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
        match api.list(&ListParams::default()).await {
            Err(error) => missing.push(format!(
                "{} in {namespace}: {}",
                resource.plural,
                kubernetes_words(&error)
            )),
            Ok(list) if list.items.is_empty() => {}
            Ok(list) => {
                let documents = list.items.into_iter().map(|mut object| {
                    object.managed_fields_mut().clear();
                    serde_saphyr::to_string(&object)
                        .unwrap_or_else(|error| format!("# cannot be written: {error}\n"))
                });
                let text = documents.collect::<Vec<_>>().join("---\n");
                folder.write(&format!("{}.yaml", resource.plural), &text)?;
            }
        }
    }
    Ok(())
}

async fn logs(
    client: &Client,
    namespace: &str,
    folder: &Folder<'_>,
    missing: &mut Vec<String>,
) -> io::Result<()> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    for pod in listed(api.clone(), missing).await {
        let name = pod.name_any();
        let spec = pod.spec.as_ref();
        let containers = spec.iter().flat_map(|spec| {
            spec.init_containers
                .iter()
                .flatten()
                .chain(&spec.containers)
        });
        for container in containers.map(|container| container.name.as_str()) {
            let parameters = LogParams {
                container: Some(container.to_owned()),
                ..Default::default()
            };
            match api.logs(&name, &parameters).await {
                Ok(text) => folder.write(&format!("{name}.{container}.log"), &text)?,
                Err(error) => missing.push(format!(
                    "log of {name}/{container}: {}",
                    kubernetes_words(&error)
                )),
            }
        }
    }
    Ok(())
}

async fn listed<K>(api: Api<K>, missing: &mut Vec<String>) -> Vec<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    match api.list(&ListParams::default()).await {
        Ok(list) => list.items,
        Err(error) => {
            let namespace = api.namespace().unwrap_or_default();
            missing.push(format!(
                "{} in {namespace}: {}",
                K::plural(&()),
                kubernetes_words(&error)
            ));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_outlined_by_name_type_and_keys() {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": {"name": "push"}, "type": "kubernetes.io/basic-auth",
            "data": {"username": "dQ==", "password": "c2VjcmV0"},
        }))
        .unwrap();
        assert_eq!(
            outline(&[secret]),
            "push kubernetes.io/basic-auth password,username\n"
        );
    }
}
