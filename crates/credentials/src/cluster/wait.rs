//! Waiting for a ServiceAccount.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, ListParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watch_object};
use kube::{Client, ResourceExt};

use super::error::said;
use super::{KubernetesError, WaitError};

/// Waits until a ServiceAccount exists, by watching it. Neither it nor its namespace has to exist yet.
///
/// # Errors
/// It does not appear within `limit`, or the API server refuses to let it be watched.
pub async fn wait_for_service_account(
    client: &Client,
    namespace: &str,
    name: &str,
    limit: Duration,
) -> Result<ServiceAccount, WaitError> {
    let api: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let mut trouble = None;
    let watched = tokio::time::timeout(limit, watch(api.clone(), name, &mut trouble)).await;
    match watched {
        Ok(Ok(account)) => Ok(account),
        Ok(Err(error)) => {
            let attempt = format!("watch ServiceAccount {namespace}/{name}");
            Err(KubernetesError::new(attempt, error).into())
        }
        Err(_) => Err(WaitError::Expired {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            limit,
            seen: match trouble {
                Some(trouble) => format!("watching failed last with: {trouble}"),
                None => last_seen(client, &api, namespace).await,
            },
        }),
    }
}

/// Ends when the ServiceAccount is there, or when asking again is of no use; other failures are noted and asked again, with pauses.
async fn watch(
    api: Api<ServiceAccount>,
    name: &str,
    trouble: &mut Option<String>,
) -> Result<ServiceAccount, kube::Error> {
    let mut states = pin!(watch_object(api, name).default_backoff());
    loop {
        match states.next().await {
            Some(Ok(Some(account))) => return Ok(account),
            Some(Ok(None)) => *trouble = None,
            Some(Err(error)) => *trouble = Some(permanent(error)?),
            // The stream of a watch has no end; if it had, only the limit would be left to wait for.
            None => std::future::pending::<()>().await,
        }
    }
}

/// What a passing failure says; a refusal is an error.
fn permanent(error: watcher::Error) -> Result<String, kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => match &error {
            kube::Error::Api(status) if matches!(status.code, 401 | 403) => Err(error),
            _ => Ok(said(&error)),
        },
        other => Ok(other.to_string()),
    }
}

async fn last_seen(client: &Client, api: &Api<ServiceAccount>, namespace: &str) -> String {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    if let Ok(None) = namespaces.get_opt(namespace).await {
        return format!("there is no namespace {namespace}");
    }
    match api.list(&ListParams::default()).await {
        Ok(accounts) if accounts.items.is_empty() => "the namespace has none".to_owned(),
        Ok(accounts) => {
            let names: Vec<String> = accounts.iter().map(ResourceExt::name_any).collect();
            format!("the namespace has {}", names.join(", "))
        }
        Err(error) => format!(
            "what the namespace has could not be listed: {}",
            said(&error)
        ),
    }
}
