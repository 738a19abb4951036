//! A scenario and what it needs.

use std::collections::BTreeSet;
use std::fmt;

use cluster::{ClusterKind, DeploymentRecord, Flavour};

use super::RegistrySetting;
use crate::deployment::administers_registry;
use crate::{Verdict, peer};

/// Something a scenario needs that not every deployment offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A container engine on this host.
    Engine,
    /// The real Tekton, with pods.
    Tekton,
    /// The real Konflux operator and its controllers.
    Operator,
    /// Our stand-ins for the Konflux controllers: they alone build from a source that is kept in a ConfigMap.
    StandIns,
    /// A Quay that image-controller manages.
    Quay,
    /// A way to the internet.
    Network,
    /// A registry that asks for a login, with accounts that this machine can make and revoke: the deployment's own, or a peer.
    RegistryLogin,
    /// Such accounts whose rights end at a repository: the deployment's own registry has them.
    RepositoryRights,
    /// A registry outside of the deployment: one that the settings name, or a peer.
    ExternalRegistry,
    /// A registry of another project: its program is installed, and steps run on this host, where it listens.
    PeerRegistry,
    /// A deployment of the suite's own, which may be broken and mended: never one that somebody uses.
    OwnDeployment,
}

/// One story that the suite checks.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    name: &'static str,
    needs: &'static [Need],
    story: fn() -> Verdict,
}

impl Scenario {
    /// A scenario, named as a sentence. `story` calls [`crate::with_tenant`]; attributes of `serial_test` on it keep
    /// scenarios apart that share more than the deployment.
    #[must_use]
    pub const fn new(name: &'static str, needs: &'static [Need], story: fn() -> Verdict) -> Self {
        Self { name, needs, story }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The needs that a deployment does not meet.
    #[must_use]
    pub fn missing(&self, offered: &BTreeSet<Need>) -> Vec<Need> {
        self.needs
            .iter()
            .copied()
            .filter(|need| !offered.contains(need))
            .collect()
    }

    /// Its needs as words, `none` if there are none.
    #[must_use]
    pub fn needs_in_words(&self) -> String {
        if self.needs.is_empty() {
            "none".to_owned()
        } else {
            words(self.needs)
        }
    }

    pub(crate) fn tell(&self) -> Verdict {
        (self.story)()
    }
}

/// What a deployment offers, by its record and by whether the suite made it for itself.
#[must_use]
pub fn offered(record: &DeploymentRecord, is_own: bool) -> BTreeSet<Need> {
    let mut offered = BTreeSet::new();
    if is_own {
        offered.insert(Need::OwnDeployment);
    }
    if record.cluster == ClusterKind::Kind {
        offered.insert(Need::Engine);
    }
    if record.cluster != ClusterKind::Embedded {
        offered.insert(Need::Tekton);
    }
    if administers_registry(record) {
        offered.extend([Need::RegistryLogin, Need::RepositoryRights]);
    }
    offered.insert(match record.konflux {
        Flavour::Operator => Need::Operator,
        Flavour::StandIns => Need::StandIns,
    });
    offered
}

/// What this host offers to scenarios that run against a deployment.
#[must_use]
pub(super) fn offered_by_host(
    record: &DeploymentRecord,
    external: Option<&RegistrySetting>,
) -> BTreeSet<Need> {
    let steps_run_here =
        record.cluster == ClusterKind::Embedded && record.konflux == Flavour::StandIns;
    let mut offered = BTreeSet::new();
    if steps_run_here && peer::is_installed(peer::PROGRAM) {
        offered.extend([Need::PeerRegistry, Need::RegistryLogin]);
    }
    let external = match external {
        Some(setting) => steps_run_here || !setting.is_rewritten(),
        None => offered.contains(&Need::PeerRegistry),
    };
    if external {
        offered.insert(Need::ExternalRegistry);
    }
    offered
}

/// Needs as a list for a person.
pub(super) fn words(needs: &[Need]) -> String {
    needs
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Engine => "engine",
            Self::Tekton => "tekton",
            Self::Operator => "operator",
            Self::StandIns => "stand-ins",
            Self::Quay => "quay",
            Self::Network => "network",
            Self::RegistryLogin => "registry-login",
            Self::RepositoryRights => "repository-rights",
            Self::ExternalRegistry => "external-registry",
            Self::PeerRegistry => "peer-registry",
            Self::OwnDeployment => "own-deployment",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::tests::record;

    #[test]
    fn a_deployment_offers_what_its_record_says() {
        let mut record = record();
        let own = BTreeSet::from([Need::StandIns, Need::OwnDeployment]);
        assert_eq!(offered(&record, true), own);
        assert_eq!(offered(&record, false), BTreeSet::from([Need::StandIns]));
        record.registry.auth_file = Some("/nowhere/auth.json".into());
        let with_login =
            BTreeSet::from([Need::StandIns, Need::RegistryLogin, Need::RepositoryRights]);
        assert_eq!(offered(&record, false), with_login);
        record.cluster = ClusterKind::Kind;
        record.konflux = Flavour::Operator;
        assert_eq!(
            offered(&record, false),
            BTreeSet::from([Need::Engine, Need::Tekton, Need::Operator])
        );
    }

    #[test]
    fn where_steps_do_not_run_on_this_host_it_offers_them_no_registry() {
        let mut record = record();
        record.cluster = ClusterKind::Kind;
        assert_eq!(offered_by_host(&record, None), BTreeSet::new());
    }

    #[test]
    fn a_registry_that_a_person_names_is_offered_to_every_cluster_that_can_reach_it() {
        let named = |variables: &[(&str, &str)]| {
            let setting = RegistrySetting::from_variables(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            });
            setting.unwrap().unwrap()
        };
        let public = named(&[("CONFORMANCE_REGISTRY", "quay.io/team")]);
        let here = named(&[
            ("CONFORMANCE_REGISTRY", "registry.example"),
            ("CONFORMANCE_REGISTRY_ADDRESS", "localhost:5000"),
        ]);
        let offers = |record: &DeploymentRecord, setting: &RegistrySetting| {
            offered_by_host(record, Some(setting)).contains(&Need::ExternalRegistry)
        };
        let mut record = record();
        assert!(offers(&record, &public) && offers(&record, &here));
        record.cluster = ClusterKind::Kind;
        assert!(offers(&record, &public) && !offers(&record, &here));
    }

    #[test]
    fn a_scenario_misses_exactly_what_is_not_offered() {
        let scenario = Scenario::new("x", &[Need::Tekton, Need::StandIns, Need::Quay], || Ok(()));
        let missing = scenario.missing(&BTreeSet::from([Need::StandIns]));
        assert_eq!(words(&missing), "tekton, quay");
    }
}
