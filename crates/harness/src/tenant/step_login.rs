//! Who a step logs in as, asked of a step.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ObjectReference, Secret, ServiceAccount};
use konflux_api::PROBE_IMAGE;
use konflux_api::tekton::{TaskRun, TaskRunSpec, succeeded};
use kube::ResourceExt;
use serde_json::json;

use super::Tenant;
use crate::wait::{Condition, Wait, kind_and_name};
use crate::{Failure, Verdict};

/// The result that the probe writes.
const RESULT: &str = "login";
const ANONYMOUS: &str = "anonymous";

impl Tenant {
    /// Makes a Secret of any type in the tenant's namespace, linked to nobody.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn secret(
        &self,
        name: &str,
        type_: &str,
        annotations: &[(&str, &str)],
        data: &[(&str, &str)],
    ) -> Verdict {
        let mut secret = Secret {
            type_: Some(type_.to_owned()),
            ..Default::default()
        };
        secret.metadata.name = Some(name.to_owned());
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        secret.metadata.annotations = Some(annotations.iter().map(owned).collect());
        let data = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
        secret.data = Some(data.collect());
        self.create_in(&self.namespace, secret).await?;
        Ok(())
    }

    /// Makes a ServiceAccount with these Secrets linked, in this order. They need not exist.
    ///
    /// # Errors
    ///
    /// The API server refuses it.
    pub async fn service_account_with(&self, name: &str, secrets: &[&str]) -> Verdict {
        let link = |secret: &&str| ObjectReference {
            name: Some((*secret).to_owned()),
            ..Default::default()
        };
        let mut account = ServiceAccount {
            secrets: Some(secrets.iter().map(link).collect()),
            ..Default::default()
        };
        account.metadata.name = Some(name.to_owned());
        self.create_in(&self.namespace, account).await?;
        Ok(())
    }

    /// Runs a step as a ServiceAccount; gives the account that it logs in with where it pushes to `repository`, `None` if it does not
    /// log in. The registry is not asked, and need not exist.
    ///
    /// # Errors
    ///
    /// The step does not run.
    pub async fn login_of_a_step(
        &self,
        account: &str,
        repository: &str,
    ) -> Result<Option<String>, Failure> {
        let task = json!({
            "results": [{"name": RESULT}],
            "steps": [{
                "name": "tell",
                "image": PROBE_IMAGE,
                "command": ["probe"],
                "args": [
                    "registry-login",
                    format!("--repository={repository}"),
                    format!("--login-result=$(results.{RESULT}.path)"),
                ],
            }],
        });
        let task = serde_json::from_value(task).expect("a test runs this task");
        let spec = TaskRunSpec {
            service_account_name: Some(account.to_owned()),
            task_spec: Some(task),
            ..Default::default()
        };
        let name = format!("login-of-{account}");
        self.create_in(&self.namespace, TaskRun::new(&name, spec))
            .await?;
        let ended = Condition {
            words: "it has ended",
            holds: &|run: Option<&TaskRun>| {
                let status = run.and_then(|run| run.status.as_ref());
                let condition = status.and_then(|status| succeeded(&status.conditions));
                condition.is_some_and(|condition| condition.is_done())
            },
        };
        let runs = self.api::<TaskRun>(&self.namespace);
        let waits = self.waits(&self.namespace);
        let run = waits.object(Wait::StepEnded, &runs, &name, ended).await?;
        let run = run.ok_or_else(|| Failure::Scenario(format!("TaskRun {name} is gone")))?;
        let status = run.status.clone().unwrap_or_default();
        let result = status.results.iter().find(|found| found.name == RESULT);
        let login = result.and_then(|found| found.value.as_str());
        match login.map(|login| login.strip_prefix("user:").ok_or(login)) {
            Some(Ok(user)) => Ok(Some(user.to_owned())),
            Some(Err(ANONYMOUS)) => Ok(None),
            _ => Err(Failure::Unexpected {
                object: kind_and_name(&run),
                expected: format!("a result {RESULT}"),
                seen: format!("{:?} of {}", succeeded(&status.conditions), run.name_any()),
            }),
        }
    }
}
