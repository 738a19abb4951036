//! What a TaskRun may do: its ServiceAccount's token and registry credentials.

use credentials::{DockerConfig, tekton};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{Secret, ServiceAccount},
};
use kube::{Api, api::PostParams};

use crate::{api, context::Context, error::ReconcileError, tekton::Failure};

/// The lifetime of a step's token, in seconds; kubelet's default.
const TOKEN_LIFETIME_SECONDS: i64 = 3607;

/// The ServiceAccount of a TaskRun as its steps see it.
pub(crate) struct Identity {
    /// A token for the Kubernetes API.
    pub(crate) token: String,
    /// The content of `.docker/config.json`, if there is any.
    pub(crate) docker_config: Option<DockerConfig>,
    /// What Tekton's entrypoint logs when the credentials cannot be merged; the steps run without them.
    pub(crate) credentials_problem: Option<String>,
    /// Secrets that the ServiceAccount lists and that do not exist.
    pub(crate) missing_secrets: Vec<String>,
}

/// Reads the ServiceAccount, its Secrets in order, and asks for a token.
pub(crate) async fn of(
    context: &Context,
    namespace: &str,
    service_account: &str,
) -> Result<Result<Identity, Failure>, ReconcileError> {
    let accounts: Api<ServiceAccount> = Api::namespaced(context.client.clone(), namespace);
    let Some(account) = accounts.get_opt(service_account).await? else {
        let message = format!(
            "the ServiceAccount {service_account:?} does not exist in the namespace {namespace:?}"
        );
        return Ok(Err(Failure::new("PodCreationFailed", message)));
    };
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
    let (mut found, mut missing_secrets) = (Vec::new(), Vec::new());
    for name in account
        .secrets
        .iter()
        .flatten()
        .filter_map(|reference| reference.name.as_deref())
    {
        match secrets.get_opt(name).await? {
            Some(secret) => found.push(secret),
            None => missing_secrets.push(name.to_owned()),
        }
    }
    let (docker_config, credentials_problem) = match tekton::docker_config(&found) {
        Ok(config) => (config, None),
        Err(error) => (
            None,
            Some(format!("Error initializing credentials: {error}")),
        ),
    };
    let token = match token(&accounts, service_account).await {
        Ok(token) => token,
        Err(error) if api::is_not_found(&error) => {
            let message = format!(
                "the ServiceAccount {service_account:?} was deleted from the namespace {namespace:?}"
            );
            return Ok(Err(Failure::new("PodCreationFailed", message)));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Ok(Identity {
        token,
        docker_config,
        credentials_problem,
        missing_secrets,
    }))
}

async fn token(accounts: &Api<ServiceAccount>, name: &str) -> Result<String, kube::Error> {
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(TOKEN_LIFETIME_SECONDS),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let granted = accounts
        .create_token_request(name, &PostParams::default(), &request)
        .await?;
    Ok(granted
        .status
        .and_then(|status| status.token)
        .unwrap_or_default())
}
