//! What a cluster shows when something in it does not become ready.
//!
//! Only states, events and logs of namespaces that this program made are kept: no Secret, no environment of a container. What the Secrets of these
//! namespaces hold is replaced wherever it occurs, and so is whatever has the shape of a secret.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use credentials::redaction::Redactor;
use k8s_openapi::api::core::v1::{Event, Node, Pod, Secret};
use kube::api::{ListParams, LogParams};
use kube::{Api, Client, ResourceExt};

use super::DeployContext;
use crate::plan::{Evidence, StepError};

/// Lines of a container's log that are kept.
const LOG_LINES: i64 = 200;

/// Collects nodes, pods, warnings and logs of namespaces; `None` when there is no cluster to ask.
pub(super) async fn collect(
    context: &DeployContext,
    namespaces: &[&str],
    into: &Path,
) -> Result<Option<Evidence>, StepError> {
    match context.connected() {
        Some(connection) => of(&connection.client, namespaces, into).await.map(Some),
        None => Ok(None),
    }
}

async fn of(client: &Client, namespaces: &[&str], into: &Path) -> Result<Evidence, StepError> {
    let failed = || StepError::because(format!("write evidence to {}", into.display()));
    fs::create_dir_all(into).map_err(failed())?;
    let mut telling = Vec::new();
    let redactor = redactor(client, namespaces).await;
    let write =
        |name: &str, text: &str| fs::write(into.join(name), redactor.clean(text)).map_err(failed());
    write("nodes.txt", &nodes(client).await)?;
    for namespace in namespaces {
        let (text, lines) = events(client, namespace).await;
        write(&format!("{namespace}-events.txt"), &text)?;
        telling.extend(lines);
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let listed = pods.list(&ListParams::default()).await;
        let listed = listed.map_err(StepError::because(format!("list the pods of {namespace}")))?;
        let mut text = String::new();
        for pod in &listed {
            let (states, lines) = states(pod);
            text.push_str(&states);
            telling.splice(0..0, lines);
            for container in pod.spec.iter().flat_map(|spec| &spec.containers) {
                let log = log(&pods, &pod.name_any(), &container.name).await;
                let file = format!("{namespace}-{}-{}.log", pod.name_any(), container.name);
                write(&file, &log)?;
            }
        }
        write(&format!("{namespace}-pods.txt"), &text)?;
    }
    let telling = telling.iter().map(|line| redactor.clean(line));
    Ok(Evidence::new(into.to_owned(), telling))
}

/// Knows what the Secrets of namespaces hold, as far as they can be read.
async fn redactor(client: &Client, namespaces: &[&str]) -> Redactor {
    let mut secrets = Vec::new();
    for namespace in namespaces {
        let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
        if let Ok(listed) = api.list(&ListParams::default()).await {
            secrets.extend(listed);
        }
    }
    Redactor::knowing(&secrets)
}

async fn nodes(client: &Client) -> String {
    let api: Api<Node> = Api::all(client.clone());
    let listed = match api.list(&ListParams::default()).await {
        Ok(listed) => listed,
        Err(error) => return format!("cannot list the nodes: {error}\n"),
    };
    let mut text = String::new();
    for node in listed {
        let conditions = node.status.iter().flat_map(|status| &status.conditions);
        for condition in conditions.flatten() {
            let (reason, message) = (condition.reason.as_deref(), condition.message.as_deref());
            let _infallible = writeln!(
                text,
                "{} {}={} {}: {}",
                node.name_any(),
                condition.type_,
                condition.status,
                reason.unwrap_or_default(),
                message.unwrap_or_default()
            );
        }
    }
    text
}

/// All events as text, and the warnings, the newest first.
async fn events(client: &Client, namespace: &str) -> (String, Vec<String>) {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let listed = match api.list(&ListParams::default()).await {
        Ok(listed) => listed,
        Err(error) => return (format!("cannot list the events: {error}\n"), Vec::new()),
    };
    let (mut text, mut warnings) = (String::new(), Vec::new());
    for event in listed {
        let about = &event.involved_object;
        let line = format!(
            "{} {} {}: {}",
            about.kind.as_deref().unwrap_or_default(),
            about.name.as_deref().unwrap_or_default(),
            event.reason.as_deref().unwrap_or_default(),
            event.message.as_deref().unwrap_or_default().trim()
        );
        let _infallible = writeln!(text, "{line}");
        if event.type_.as_deref() == Some("Warning") {
            warnings.push(line);
        }
    }
    warnings.reverse();
    (text, warnings)
}

/// The state of every container, and those that wait for something or ended badly.
fn states(pod: &Pod) -> (String, Vec<String>) {
    let name = pod.name_any();
    let Some(status) = &pod.status else {
        return (format!("{name}: no status\n"), Vec::new());
    };
    let phase = status.phase.as_deref().unwrap_or_default();
    let (mut text, mut telling) = (format!("{name}: {phase}\n"), Vec::new());
    for condition in status.conditions.iter().flatten() {
        if condition.status != "True"
            && let Some(message) = &condition.message
        {
            telling.push(format!("pod {name}: {}: {message}", condition.type_));
        }
    }
    for container in status.container_statuses.iter().flatten() {
        let state = container.state.as_ref();
        let waiting = state.and_then(|state| state.waiting.as_ref());
        let ended = state.and_then(|state| state.terminated.as_ref());
        let words = match (waiting, ended) {
            (Some(waiting), _) => format!(
                "waits: {} {}",
                waiting.reason.as_deref().unwrap_or_default(),
                waiting.message.as_deref().unwrap_or_default()
            ),
            (None, Some(ended)) => format!(
                "ended with {}: {}",
                ended.exit_code,
                ended.reason.as_deref().unwrap_or_default()
            ),
            (None, None) => "runs".to_owned(),
        };
        let line = format!(
            "pod {name}, container {}: {words} ({} restarts)",
            container.name, container.restart_count
        );
        let _infallible = writeln!(text, "  {line}");
        if waiting.is_some() || ended.is_some() {
            telling.insert(0, line);
        }
    }
    (text, telling)
}

/// The log of a container; where it restarted, that of the run before, which says why.
async fn log(pods: &Api<Pod>, pod: &str, container: &str) -> String {
    let parameters = |previous| LogParams {
        container: Some(container.to_owned()),
        tail_lines: Some(LOG_LINES),
        previous,
        ..LogParams::default()
    };
    let mut text = String::new();
    if let Ok(before) = pods.logs(pod, &parameters(true)).await {
        let _infallible = writeln!(text, "== before its restart\n{before}\n== now");
    }
    match pods.logs(pod, &parameters(false)).await {
        Ok(now) => text.push_str(&now),
        Err(error) => {
            let _infallible = writeln!(text, "cannot read the log: {error}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::{Value, json};

    use super::*;

    const PASSWORD: &str = "hunter2-hunter2-x";

    /// A fake of an API server, with a pod that tells more than it should.
    fn answer(path: &str) -> Value {
        let list = |items: Value| json!({"metadata": {}, "items": items});
        let slip = format!("cannot log in with robot:{PASSWORD}");
        match path {
            "/api/v1/namespaces/kind-registry/secrets" => {
                let value = k8s_openapi::ByteString(PASSWORD.into());
                list(json!([{"metadata": {"name": "login"}, "data": {"password": value}}]))
            }
            "/api/v1/namespaces/kind-registry/events" => list(json!([{
                "metadata": {"name": "e"}, "type": "Warning", "reason": "Failed", "message": slip,
                "involvedObject": {"kind": "Pod", "name": "registry"},
            }])),
            "/api/v1/namespaces/kind-registry/pods" => list(json!([{
                "metadata": {"name": "registry"},
                "spec": {"containers": [{"name": "registry"}]},
                "status": {"containerStatuses": [{
                    "name": "registry", "ready": false, "restartCount": 1, "image": "", "imageID": "",
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": slip}},
                }]},
            }])),
            "/api/v1/namespaces/kind-registry/pods/registry/log" => json!(format!(
                "{slip}\nAuthorization: Bearer abcdefghijklmnop\n-----BEGIN PRIVATE KEY-----\nMHcC\n-----END PRIVATE KEY-----"
            )),
            _ => list(json!([])),
        }
    }

    #[tokio::test]
    async fn no_secret_is_in_what_is_kept_or_shown() {
        let service = tower::service_fn(|request: Request<Body>| async move {
            let content = answer(request.uri().path());
            let text = content.as_str().map(str::to_owned);
            let text = text.unwrap_or_else(|| content.to_string());
            Ok::<_, Infallible>(Response::new(Body::from(text.into_bytes())))
        });
        let client = Client::new(service, "default");
        let folder = tempfile::tempdir().unwrap();
        let found = of(&client, &["kind-registry"], folder.path());
        let found = found.await.unwrap();
        let mut kept = found.telling().join("\n");
        let mut files = Vec::new();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            kept.push_str(&fs::read_to_string(&path).unwrap());
            files.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
        files.sort();
        assert_eq!(
            files,
            [
                "kind-registry-events.txt",
                "kind-registry-pods.txt",
                "kind-registry-registry-registry.log",
                "nodes.txt",
            ]
        );
        for secret in [PASSWORD, "abcdefghijklmnop", "MHcC"] {
            assert!(!kept.contains(secret), "{kept}");
        }
        // What explains the failure stays.
        for words in [
            "CrashLoopBackOff",
            "cannot log in with robot:<redacted: Secret login, password>",
            "<redacted private key>",
        ] {
            assert!(kept.contains(words), "{words}: {kept}");
        }
    }
}
