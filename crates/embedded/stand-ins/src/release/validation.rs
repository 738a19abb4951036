//! Whether a Release can be processed (release-service, `validate*`), in release-service's order and words.

use std::time::Duration;

use jiff::Timestamp;
use konflux_api::{konflux::Release, labels};
use kube::ResourceExt;

use super::{
    load::{Loaded, not_found},
    matching::NO_TARGET,
    webhook,
};

/// How long integration-service has to mark its Release as automated.
const AUTOMATED_WITHIN: Duration = Duration::from_secs(5 * 60);

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
    let checks = [
        names_fit,
        modelled,
        pipeline_defined,
        resources,
        same_application,
    ];
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
    match pipeline_source(loaded) {
        Ok(()) => Verdict::Valid { author, standing },
        Err(problem) => Verdict::Invalid(problem),
    }
}

fn names_fit(release: &Release, _: &Loaded) -> Result<(), String> {
    webhook::refusal(release).map_or(Ok(()), Err)
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
    let plan = loaded.plan.as_ref();
    let application = plan.and_then(|plan| plan.spec.application.as_ref());
    if application == Some(&snapshot.spec.application) {
        Ok(())
    } else {
        Err("different Application referenced in ReleasePlan and Snapshot".to_owned())
    }
}

fn author(release: &Release, loaded: &Loaded, now: Timestamp) -> Result<(String, bool), Verdict> {
    let is_automated = release.labels().get(labels::AUTOMATED).map(String::as_str) == Some("true");
    if !is_automated {
        // Written by `webhook::labels` where the creator did not.
        let author = release.labels().get(labels::AUTHOR);
        return match author.filter(|author| !author.is_empty()) {
            Some(author) => Ok((author.clone(), false)),
            None => Err(Verdict::Invalid(
                "no author found for manual release".to_owned(),
            )),
        };
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
    // Konflux's webhook takes the author away from a plan that does not let releases use it.
    if label(labels::STANDING_ATTRIBUTION).as_deref() != Some("true") {
        return Err(Verdict::Invalid(
            "no author in the ReleasePlan found for automated release".to_owned(),
        ));
    }
    // It writes the author into one that does, and knows who that is.
    let author = label(labels::AUTHOR).filter(|author| !author.is_empty());
    Ok((
        author.unwrap_or_else(|| webhook::UNKNOWN_AUTHOR.to_owned()),
        true,
    ))
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
fn modelled(_: &Release, loaded: &Loaded) -> Result<(), String> {
    let plan = loaded.plan.as_ref().map(|plan| &plan.spec);
    let admission = loaded.admission.as_ref().ok();
    let admission = admission.map(|admission| &admission.spec);
    let managed = admission.and_then(|admission| admission.pipeline.as_ref());
    let has_collectors = plan.is_some_and(|plan| plan.collectors.is_some())
        || admission.is_some_and(|admission| admission.collectors.is_some());
    // Overrides are for pipelines from git only: no other reference has what their patterns are about.
    let has_overrides = managed.is_some_and(|pipeline| pipeline.pipeline_ref.resolver == "git")
        && !loaded.config.spec.empty_dir_overrides.is_empty();
    let refused = [
        (
            plan.is_some_and(|plan| plan.component_group.is_some()),
            "component groups",
            "give the ReleasePlan spec.application instead of spec.componentGroup",
        ),
        (has_collectors, "collectors", "remove spec.collectors"),
        (
            has_overrides,
            "emptyDir overrides",
            "remove spec.EmptyDirOverrides from the ReleaseServiceConfig",
        ),
    ];
    match refused.into_iter().find(|(is_used, ..)| *is_used) {
        Some((_, what, advice)) => Err(format!(
            "{what} are not implemented by konflux-local's model of release-service; {advice}"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "validation_tests.rs"]
mod tests;
