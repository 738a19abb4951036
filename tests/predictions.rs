//! What Tekton makes of the Secrets of a ServiceAccount, asked of a step, and what was predicted.

use deploy::registry_access::linked_secrets;
use harness::tenant::Tenant;
use harness::{Failure, Scenario, Verdict, with_tenant};
use serial_test::parallel;

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario::new(
    "a step logs in as it was predicted, whatever Secrets are linked and in which order",
    &[],
    a_step_logs_in_as_it_was_predicted,
)];

/// Nobody asks this registry.
const REPOSITORY: &str = "registry.example/team/app";
const DOCKER_CONFIG: &str = "kubernetes.io/dockerconfigjson";

/// What is linked, in this order, and who the step logs in as.
const CASES: &[(&str, &[&str], Option<&str>)] = &[
    ("later-wins", &["first", "second"], Some("second")),
    ("order-counts", &["second", "first"], Some("first")),
    ("longer-key-wins", &["longer", "first"], Some("longer")),
    (
        "longest-key-wins",
        &["exact", "longer", "second"],
        Some("exact"),
    ),
    // The older type is read first, wherever it is linked.
    ("old-type", &["old"], Some("old")),
    ("old-type-loses", &["first", "old"], Some("first")),
    ("basic-auth", &["basic"], Some("basic")),
    ("plain-key-wins", &["first", "basic"], Some("first")),
    ("absent", &["nowhere", "first"], Some("first")),
    ("of-no-use", &["opaque", "first"], Some("first")),
    ("twice", &["first", "second", "first"], Some("second")),
    ("other-registry", &["elsewhere"], None),
    ("other-organization", &["neighbour"], None),
    // One Secret that cannot be read takes all others with it.
    ("damaged", &["first", "damaged"], None),
];

async fn make_secrets(tenant: &Tenant) -> Verdict {
    // No test needs a password, and no registry is sent one: the login is the name and a word.
    let login = |user: &str| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("{user}:unused"))
    };
    let config = |key: &str, user: &str| {
        serde_json::json!({"auths": {key: {"auth": login(user)}}}).to_string()
    };
    for (name, key) in [
        ("first", "registry.example"),
        ("second", "registry.example"),
        ("longer", "registry.example/team"),
        ("exact", REPOSITORY),
        ("elsewhere", "quay.io"),
        ("neighbour", "registry.example/teams"),
    ] {
        let content = config(key, name);
        let data = [(".dockerconfigjson", content.as_str())];
        tenant.secret(name, DOCKER_CONFIG, &[], &data).await?;
    }
    let old = serde_json::json!({"registry.example": {"auth": login("old")}}).to_string();
    let data = [(".dockercfg", old.as_str())];
    tenant
        .secret("old", "kubernetes.io/dockercfg", &[], &data)
        .await?;
    let data = [("username", "basic"), ("password", "unused")];
    let annotations = [("tekton.dev/docker-0", "https://registry.example")];
    tenant
        .secret("basic", "kubernetes.io/basic-auth", &annotations, &data)
        .await?;
    let content = config("registry.example", "opaque");
    let data = [(".dockerconfigjson", content.as_str())];
    tenant.secret("opaque", "Opaque", &[], &data).await?;
    // The API server takes it: it is JSON.
    let data = [(
        ".dockerconfigjson",
        r#"{"auths": {"quay.io": {"auth": 7}}}"#,
    )];
    tenant.secret("damaged", DOCKER_CONFIG, &[], &data).await
}

#[parallel(deployment)]
fn a_step_logs_in_as_it_was_predicted() -> Verdict {
    with_tenant(async |tenant| {
        make_secrets(tenant).await?;
        let mut told = Vec::new();
        for (name, secrets, expected) in CASES {
            tenant.service_account_with(name, secrets).await?;
            let client = &tenant.deployment().kubernetes;
            let linked = linked_secrets(client, tenant.namespace(), name).await;
            let linked = linked.map_err(|error| Failure::Scenario(error.to_string()))?;
            let predicted = linked.explain(REPOSITORY).ok();
            let predicted = predicted.and_then(|found| found.credential.ok().flatten());
            let predicted = predicted.map(|login| login.username);
            told.push((name, secrets, *expected, predicted));
        }
        let steps = told
            .iter()
            .map(|(name, ..)| tenant.login_of_a_step(name, REPOSITORY));
        let seen = futures::future::try_join_all(steps).await?;
        for ((name, secrets, expected, predicted), seen) in told.into_iter().zip(seen) {
            if seen.as_deref() != expected || predicted != seen {
                return Err(Failure::Unexpected {
                    object: format!("the login of a step ({name}: {})", secrets.join(", ")),
                    expected: format!("{expected:?}, as Tekton's rules say"),
                    seen: format!("{seen:?}; {predicted:?} was predicted"),
                });
            }
        }
        Ok(())
    })
}
