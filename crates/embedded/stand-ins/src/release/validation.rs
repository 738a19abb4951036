//! Whether a Release can be processed (release-service, `validate*`), in release-service's order and words.

use std::time::Duration;

use jiff::Timestamp;
use konflux_api::{konflux::Release, labels};
use kube::ResourceExt;

use super::{
    load::{Loaded, not_found},
    matching::NO_TARGET,
};

/// How long integration-service has to mark its Release as automated.
const AUTOMATED_WITHIN: Duration = Duration::from_secs(5 * 60);

/// The author where nobody knows who it was: Konflux's webhook writes the requesting user into a label, and a controller
/// does not learn it.
const UNKNOWN_AUTHOR: &str = "konflux-local-user";

/// What validation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The Release can be processed, on behalf of this author.
    Valid { author: String, standing: bool },
    /// Something is still missing; look again at that moment, or when something changes.
    Wait { until: Timestamp },
    /// It cannot be processed.
    Invalid(String),
}

/// Judges a Release.
pub(crate) fn validate(release: &Release, loaded: &Loaded, now: Timestamp) -> Verdict {
    let checks = [pipeline_defined, resources, same_application];
    if let Some(problem) = checks
        .into_iter()
        .find_map(|check| check(release, loaded).err())
    {
        return Verdict::Invalid(problem);
    }
    let (author, standing) = match author(release, loaded, now) {
        Ok(found) => found,
        Err(verdict) => return verdict,
    };
    match pipeline_source(loaded).and_then(|()| modelled(loaded)) {
        Ok(()) => Verdict::Valid { author, standing },
        Err(problem) => Verdict::Invalid(problem),
    }
}

fn pipeline_defined(release: &Release, loaded: &Loaded) -> Result<(), String> {
    let Some(plan) = &loaded.plan else {
        return Err(not_found("releaseplans", &release.spec.release_plan));
    };
    let has_tenant_pipeline = plan.spec.tenant_pipeline.is_some();
    match &loaded.admission {
        Ok(admission) if admission.spec.pipeline.is_none() && !has_tenant_pipeline => Err(
            "releasePlan and releasePlanAdmission both have no pipeline. Each Release should define a tenant pipeline, managed \
             pipeline, or both"
                .to_owned(),
        ),
        Ok(_) => Ok(()),
        Err(problem) if problem == NO_TARGET && has_tenant_pipeline => Ok(()),
        Err(problem) if problem == NO_TARGET => Err(
            "releasePlan has no pipeline or target. Each Release should define a tenant pipeline, managed pipeline, or both"
                .to_owned(),
        ),
        Err(problem) => Err(problem.clone()),
    }
}

fn resources(release: &Release, loaded: &Loaded) -> Result<(), String> {
    if loaded
        .plan
        .as_ref()
        .is_some_and(|plan| plan.spec.tenant_pipeline.is_some())
    {
        return Ok(());
    }
    if let Ok(admission) = &loaded.admission
        && let Some(policy) = &admission.spec.policy
        && loaded.policy.is_none()
    {
        return Err(not_found("enterprisecontractpolicies", policy));
    }
    loaded
        .snapshot
        .as_ref()
        .map(drop)
        .ok_or_else(|| not_found("snapshots", &release.spec.snapshot))
}

fn same_application(release: &Release, loaded: &Loaded) -> Result<(), String> {
    let Some(snapshot) = &loaded.snapshot else {
        return Err(not_found("snapshots", &release.spec.snapshot));
    };
    match loaded
        .plan
        .as_ref()
        .and_then(|plan| plan.spec.application.as_ref())
    {
        Some(application) if *application != snapshot.spec.application => {
            Err("different Application referenced in ReleasePlan and Snapshot".to_owned())
        }
        _ => Ok(()),
    }
}

fn author(release: &Release, loaded: &Loaded, now: Timestamp) -> Result<(String, bool), Verdict> {
    let is_automated = release.labels().get(labels::AUTOMATED).map(String::as_str) == Some("true");
    if !is_automated {
        let author = release.labels().get(labels::AUTHOR).cloned();
        return Ok((author.unwrap_or_else(|| UNKNOWN_AUTHOR.to_owned()), false));
    }
    if release.status.as_ref().and_then(|status| status.automated) != Some(true) {
        let created = release
            .metadata
            .creation_timestamp
            .as_ref()
            .map_or(now, |time| time.0);
        let until = created.checked_add(AUTOMATED_WITHIN).unwrap_or(now);
        return Err(if now < until {
            Verdict::Wait { until }
        } else {
            Verdict::Invalid("automated not set in status for automated release".to_owned())
        });
    }
    let plan_labels = loaded.plan.as_ref().map(ResourceExt::labels);
    let label = |key: &str| plan_labels.and_then(|labels| labels.get(key)).cloned();
    let is_standing = label(labels::STANDING_ATTRIBUTION).as_deref() == Some("true");
    match label(labels::AUTHOR) {
        Some(author) => Ok((author, true)),
        None if is_standing => Ok((UNKNOWN_AUTHOR.to_owned(), true)),
        None => Err(Verdict::Invalid(
            "no author in the ReleasePlan found for automated release".to_owned(),
        )),
    }
}

fn pipeline_source(loaded: &Loaded) -> Result<(), String> {
    let plan = loaded.plan.as_ref().map(|plan| &plan.spec);
    let pipelines = [
        plan.and_then(|plan| plan.tenant_pipeline.as_ref()),
        plan.and_then(|plan| plan.final_pipeline.as_ref()),
        loaded
            .admission
            .as_ref()
            .ok()
            .and_then(|admission| admission.spec.pipeline.as_ref()),
    ];
    let needs_debug = pipelines
        .into_iter()
        .flatten()
        .any(|pipeline| pipeline.pipeline_ref.resolver == "cluster");
    if needs_debug && !loaded.config.spec.debug {
        return Err(
            "tried using debug only options while debug mode is disabled in the ReleaseServiceConfig".to_owned(),
        );
    }
    Ok(())
}

/// Refuses what release-service would do and this model does not.
fn modelled(loaded: &Loaded) -> Result<(), String> {
    let plan = loaded
        .plan
        .as_ref()
        .is_some_and(|plan| plan.spec.collectors.is_some());
    let admission = loaded
        .admission
        .as_ref()
        .is_ok_and(|admission| admission.spec.collectors.is_some());
    if plan || admission {
        return Err(
            "collectors are not implemented by konflux-local's model of release-service; remove spec.collectors"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
#[path = "validation_tests.rs"]
mod tests;
