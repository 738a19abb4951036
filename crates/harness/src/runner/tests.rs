//! How runs end. The scenarios here need no deployment: their stories do not ask for a tenant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use cluster::state::{KubernetesEndpoint, RegistryEndpoint};
use cluster::{ClusterKind, DeploymentName, DeploymentRecord, Flavour, StateRoot};

use super::*;
use crate::Failure;
use crate::report::Outcome;

pub(crate) fn record() -> DeploymentRecord {
    DeploymentRecord {
        schema_version: cluster::state::SCHEMA_VERSION,
        name: DeploymentName::default(),
        cluster: ClusterKind::Embedded,
        konflux: Flavour::StandIns,
        kubernetes: KubernetesEndpoint {
            server: "https://127.0.0.1:1".to_owned(),
            context: "konflux".to_owned(),
            kubeconfig: "/nowhere/kubeconfig".into(),
        },
        registry: RegistryEndpoint {
            in_cluster_host: konflux_api::INTERNAL_REGISTRY_HOST.to_owned(),
            host_endpoint: "localhost:1".to_owned(),
            auth_file: None,
        },
        ca_file: "/nowhere/ca.crt".into(),
        versions: BTreeMap::new(),
        steps_done: Vec::new(),
        complete: true,
    }
}

/// A deployment that is never reached, and counts how often it was destroyed.
#[derive(Default)]
struct Unreachable {
    destroyed: AtomicUsize,
}

#[async_trait]
impl OwnDeployment for Unreachable {
    async fn deploy(&self) -> Result<Target, String> {
        Err("port 1 is taken".to_owned())
    }

    async fn destroy(&self) -> Result<(), String> {
        self.destroyed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn evidence(&self) -> PathBuf {
        Path::new("/nowhere").to_owned()
    }
}

fn patterns(patterns: &[&str]) -> Request {
    Request {
        scenarios: patterns.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

fn ended(outcomes: &[Outcome]) -> Report {
    let mut report = crate::report::tests::report();
    let template = report.scenarios.remove(0);
    report.scenarios = outcomes
        .iter()
        .map(|outcome| report::Performed {
            outcome: outcome.clone(),
            ..template.clone()
        })
        .collect();
    report
}

fn code(request: &Request, outcomes: &[Outcome]) -> String {
    format!("{:?}", conclude(request, &ended(outcomes)))
}

fn exit_code(code: u8) -> String {
    format!("{:?}", ExitCode::from(code))
}

#[test]
fn the_exit_code_says_whether_anything_failed_and_whether_anything_ran() {
    let failed = Outcome::Failed {
        because: "a lie".to_owned(),
        evidence: None,
    };
    let skipped = Outcome::Skipped {
        missing: "quay".to_owned(),
    };
    let everything = Request::default();
    assert_eq!(
        code(&everything, &[Outcome::Passed, skipped.clone()]),
        exit_code(exit::DONE)
    );
    assert_eq!(
        code(&everything, &[Outcome::Passed, failed, skipped.clone()]),
        exit_code(exit::FAILED)
    );
    assert_eq!(
        code(&patterns(&["quay"]), std::slice::from_ref(&skipped)),
        exit_code(exit::NOTHING_RAN)
    );
    assert_eq!(code(&everything, &[skipped]), exit_code(exit::DONE));
}

#[test]
fn a_report_that_cannot_be_written_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "").unwrap();
    let request = Request {
        report_dir: Some(taken),
        ..Default::default()
    };
    assert_eq!(code(&request, &[Outcome::Passed]), exit_code(exit::FAILED));
}

#[test]
fn a_scenario_is_chosen_by_any_pattern_and_by_none_at_all() {
    let scenario = Scenario::new("a build pushes its image", &[], || Ok(()));
    assert!(is_chosen(&Request::default(), &scenario));
    assert!(is_chosen(&patterns(&["release", "build*image"]), &scenario));
    assert!(!is_chosen(&patterns(&["release"]), &scenario));
}

#[test]
fn a_deployment_that_cannot_be_made_fails_every_scenario_and_is_still_destroyed_once() {
    let own = Arc::new(Unreachable::default());
    let stage = Stage::new(Request::default(), None, own.clone()).unwrap();
    let scenario = Scenario::new("x", &[], || {
        Err(Failure::Scenario("must not run".to_owned()))
    });
    for _ in 0..2 {
        let failed = stage.perform(&scenario).err().unwrap();
        assert!(
            failed.message().unwrap().contains("port 1 is taken"),
            "{failed:?}"
        );
    }
    stage.close().unwrap();
    assert_eq!(own.destroyed.load(Ordering::Relaxed), 1);
}

#[test]
fn a_named_deployment_that_does_not_exist_is_said_to_be_missing_and_nothing_is_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let request = Request {
        state_root: Some(StateRoot::at(folder.path()).path().to_owned()),
        name: Some(DeploymentName::default()),
        ..Default::default()
    };
    let own = Arc::new(Unreachable::default());
    let stage = Stage::new(request, None, own.clone()).unwrap();
    let failed = stage
        .perform(&Scenario::new("x", &[], || Ok(())))
        .err()
        .unwrap();
    assert!(
        failed
            .message()
            .unwrap()
            .contains("there is no deployment called konflux"),
        "{failed:?}"
    );
    stage.close().unwrap();
    assert_eq!(own.destroyed.load(Ordering::Relaxed), 0);
}

#[test]
fn listing_and_matching_nothing_neither_deploy_nor_run_anything() {
    let own = Arc::new(Unreachable::default());
    let scenarios = [Scenario::new("a build pushes its image", &[], || {
        Err(Failure::Interrupted)
    })];
    let run = |request: &Request| {
        format!(
            "{:?}",
            run_request(&scenarios, own.clone(), request, Arguments::default())
        )
    };
    assert_eq!(
        run(&Request {
            list: true,
            ..patterns(&["build"])
        }),
        exit_code(exit::DONE)
    );
    assert_eq!(
        run(&Request {
            list: true,
            ..patterns(&["mirror"])
        }),
        exit_code(exit::NOTHING_RAN)
    );
    assert_eq!(run(&patterns(&["mirror"])), exit_code(exit::NOTHING_RAN));
    assert_eq!(own.destroyed.load(Ordering::Relaxed), 0);
}

#[test]
fn a_run_that_cannot_deploy_fails_and_writes_its_reports() {
    let folder = tempfile::tempdir().unwrap();
    let request = Request {
        report_dir: Some(folder.path().to_owned()),
        ..Default::default()
    };
    let scenarios = [Scenario::new("a build pushes its image", &[], || Ok(()))];
    // The inner run's lines are not this run's.
    let logfile = folder.path().join("lines").to_string_lossy().into_owned();
    let arguments = Arguments {
        logfile: Some(logfile),
        ..Default::default()
    };
    let code = run_request(
        &scenarios,
        Arc::new(Unreachable::default()),
        &request,
        arguments,
    );
    assert_eq!(format!("{code:?}"), exit_code(exit::FAILED));
    let summary = std::fs::read_to_string(folder.path().join("summary.txt")).unwrap();
    assert!(summary.contains("port 1 is taken"), "{summary}");
}

#[test]
fn an_interrupted_run_begins_no_scenario() {
    let stage = Stage::new(Request::default(), None, Arc::new(Unreachable::default())).unwrap();
    stage.interrupt();
    let failed = stage
        .perform(&Scenario::new("x", &[], || Ok(())))
        .err()
        .unwrap();
    assert_eq!(failed.message(), Some("interrupted"));
}
