//! A pushed build's image becomes the one that other Snapshots of the application contain.

use konflux_api::{annotations, konflux::Component};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::snapshot::BuiltImage;
use crate::api;

/// Promotes an image unless a newer build was promoted already. Gives what the build's annotation says about it.
/// `started` is when the build started, in milliseconds since 1970.
pub(crate) async fn promote(
    client: &Client,
    component: &Component,
    built: &BuiltImage,
    started: i64,
) -> Result<Value, kube::Error> {
    if newest_build(component).is_some_and(|newest| newest > started) {
        return Ok(report(false, "a newer build was promoted already"));
    }
    let components: Api<Component> =
        Api::namespaced(client.clone(), &component.namespace().unwrap_or_default());
    let name = component.name_any();
    let status = json!({"lastPromotedImage": built.image, "lastBuiltCommit": built.git_commit});
    api::merge_status(&components, &name, status).await?;
    let time =
        json!({"metadata": {"annotations": {annotations::LAST_BUILT_TIME: started.to_string()}}});
    api::merge(&components, &name, &time).await?;
    Ok(report(
        true,
        "the image is part of the next Snapshots of the application",
    ))
}

/// When the promoted image was built, in milliseconds since 1970.
pub(crate) fn newest_build(component: &Component) -> Option<i64> {
    component
        .annotations()
        .get(annotations::LAST_BUILT_TIME)?
        .parse()
        .ok()
}

fn report(result: bool, reason: &str) -> Value {
    json!({"result": result, "reason": reason, "lastupdatedtime": api::now()})
}
