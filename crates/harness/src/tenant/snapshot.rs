//! Snapshots: what was built, by digest.

use konflux_api::konflux;
use kube::ResourceExt;

use super::{StartedRelease, Tenant};
use crate::images::{Lie, PushedImage};
use crate::wait::{Wait, kind_and_name};
use crate::{Failure, Verdict};

/// The Snapshot of a build.
#[derive(Debug)]
pub struct Snapshot<'a> {
    tenant: &'a Tenant,
    component: String,
    snapshot: konflux::Snapshot,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(tenant: &'a Tenant, component: &str, snapshot: konflux::Snapshot) -> Self {
        Self {
            tenant,
            component: component.to_owned(),
            snapshot,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.snapshot.name_any()
    }

    /// Checks that it names the image that was built, by digest.
    ///
    /// # Errors
    ///
    /// [`Lie::Snapshot`].
    pub fn names(&self, image: &PushedImage) -> Verdict {
        let of_component = |entry: &&konflux::SnapshotComponent| entry.name == self.component;
        let named = self
            .snapshot
            .spec
            .components
            .iter()
            .find(of_component)
            .map(|entry| entry.container_image.as_str());
        let pushed = image.by_digest();
        if named == Some(pushed.to_string().as_str()) {
            self.tenant
                .journal()
                .note(format!("checked: Snapshot {} names {pushed}", self.name()));
            return Ok(());
        }
        let snapshot = format!("{}/{}", self.tenant.namespace(), self.name());
        Err(Lie::Snapshot {
            snapshot,
            named: named.unwrap_or("nothing").to_owned(),
            pushed,
        }
        .into())
    }

    /// Waits for the Release that integration-service makes of this Snapshot for a plan.
    ///
    /// # Errors
    ///
    /// It does not come.
    pub async fn release(&self, plan: &str) -> Result<StartedRelease<'a>, Failure> {
        let namespace = self.tenant.namespace();
        let releases = self.tenant.api::<konflux::Release>(namespace);
        let words = format!(
            "it releases {} by plan {plan}",
            kind_and_name(&self.snapshot)
        );
        let name = self.name();
        let matches = |release: &konflux::Release| {
            release.spec.snapshot == name && release.spec.release_plan == plan
        };
        let release = self
            .tenant
            .waits(namespace)
            .any(Wait::ReleaseMade, &releases, "", &words, &matches)
            .await?;
        Ok(StartedRelease::new(self.tenant, release.name_any()))
    }
}
