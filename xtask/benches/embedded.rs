//! How fast the embedded cluster is, beside the bars of the design: `cargo bench --package xtask`.
//!
//! Each figure is the median of its runs. Nothing here is a test: a slow machine fails no build.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use cluster::embedded::{Certificates, Daemon, Ports, kubeconfig};
use cluster::registry_access::RegistryAuth;
use cluster::{DeploymentDirectory, DeploymentName, DeploymentRecord, StateRoot, connect};
use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client};

const PROGRAM: &str = env!("CARGO_BIN_EXE_xtask");
const OBJECTS: usize = 2000;
const AT_ONCE: usize = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    println!("{:<44} {:>12} {:>12}", "figure", "measured", "bar");
    row(
        "process start to first API call",
        milliseconds(first_api_call().await?),
        "< 100 ms",
    );
    row(
        "deploy-local, nothing to ready",
        milliseconds(deploy_local()?),
        "< 1000 ms",
    );

    let deployment = Deployment::make()?;
    row(
        "resident memory, idle after deploy-local",
        format!("{:.1} MB", deployment.resident_megabytes()?),
        "< 40 MB",
    );
    row(
        "scenario: build, Snapshot, Release",
        milliseconds(
            deployment.scenario("a release pushes the snapshot's image to the destination")?,
        ),
        "< 2000 ms",
    );
    let begun = Instant::now();
    ensure!(deployment.run(&["conformance"])?, "the suite failed");
    row(
        "whole conformance suite",
        milliseconds(begun.elapsed()),
        "< 15000 ms",
    );
    throughput(&deployment).await?;
    row(
        "resident memory, 2000 objects later",
        format!("{:.1} MB", deployment.resident_megabytes()?),
        "",
    );
    Ok(())
}

/// From the start of the background process to the first answer of its API server. Certificates are there already.
async fn first_api_call() -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..9 {
        let folder = tempfile::tempdir()?;
        let directory = StateRoot::at(folder.path()).deployment(&DeploymentName::default());
        let (certificates, _) =
            Certificates::ensure(&directory.data().join("pki"), SystemTime::now())?;
        let begun = Instant::now();
        let any = Ports {
            api_server: 0,
            registry: 0,
        };
        let (running, _) = Daemon::of(&directory)
            .ensure(Path::new(PROGRAM), any, RegistryAuth::None)
            .await?;
        let server = format!("https://127.0.0.1:{}", running.ports.api_server);
        let text = kubeconfig::render("bench", &server, &certificates.ca, &certificates.admin);
        let config = kube::Config::from_custom_kubeconfig(
            kube::config::Kubeconfig::from_yaml(&text)?,
            &Default::default(),
        )
        .await?;
        Client::try_from(config)?.apiserver_version().await?;
        times.push(begun.elapsed());
        Daemon::of(&directory).stop().await?;
    }
    Ok(median(times))
}

fn deploy_local() -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..7 {
        let begun = Instant::now();
        let deployment = Deployment::make()?;
        times.push(begun.elapsed());
        drop(deployment);
    }
    Ok(median(times))
}

/// Create, list and watch through `kube`, as a controller would.
async fn throughput(deployment: &Deployment) -> Result<()> {
    let client = connect::kubernetes(&deployment.record()?).await?;
    let api: Api<ConfigMap> = Api::namespaced(client, "default");
    let version = api
        .list(&ListParams::default())
        .await?
        .metadata
        .resource_version
        .context("a list has a version")?;
    let named = |index: usize| -> ConfigMap {
        serde_json::from_value(serde_json::json!({"metadata": {"name": format!("bench-{index}")}, "data": {"key": "value"}})).expect("a literal ConfigMap")
    };
    let parameters = PostParams::default();
    let begun = Instant::now();
    for index in 0..200 {
        api.create(&parameters, &named(OBJECTS + index)).await?;
    }
    row(
        "create, one after another",
        per_second(200, begun.elapsed()),
        "",
    );
    let begun = Instant::now();
    stream::iter(0..OBJECTS)
        .map(|index| {
            let (api, object) = (api.clone(), named(index));
            async move { api.create(&PostParams::default(), &object).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |_| Ok(()))
        .await?;
    row(
        "create, 16 at once",
        per_second(OBJECTS, begun.elapsed()),
        "",
    );
    let begun = Instant::now();
    let listed = api.list(&ListParams::default()).await?.items.len();
    row("list, objects", per_second(listed, begun.elapsed()), "");
    let begun = Instant::now();
    let watch = api.watch(&WatchParams::default(), &version).await?;
    let seen = watch
        .take(OBJECTS + 200)
        .filter(|event| std::future::ready(matches!(event, Ok(WatchEvent::Added(_)))))
        .count()
        .await;
    ensure!(seen == OBJECTS + 200, "the watch lost events: {seen}");
    row("watch, events", per_second(seen, begun.elapsed()), "");
    Ok(())
}

/// A deployment of its own, destroyed at the end.
struct Deployment {
    folder: tempfile::TempDir,
}

impl Deployment {
    fn make() -> Result<Self> {
        let deployment = Self {
            folder: tempfile::tempdir()?,
        };
        ensure!(deployment.run(&["deploy-local"])?, "deploy-local failed");
        Ok(deployment)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("KONFLUX_LOCAL_STATE_DIR", self.state())
            .env("REGISTRY_HOST_PORT", "0");
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<bool> {
        let output = self.command(arguments).output()?;
        if !output.status.success() {
            println!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.status.success())
    }

    fn scenario(&self, name: &str) -> Result<Duration> {
        let mut times = Vec::new();
        for run in 0..5 {
            let report = self.folder.path().join(format!("report-{run}"));
            let folder = report
                .to_str()
                .context("a temporary folder's path is text")?;
            ensure!(
                self.run(&["conformance", "--scenario", name, "--report-dir", folder])?,
                "the scenario failed"
            );
            let document: serde_json::Value =
                serde_json::from_slice(&std::fs::read(report.join("report.json"))?)?;
            let seconds = document["scenarios"][0]["elapsedSeconds"]
                .as_f64()
                .context("a report has seconds")?;
            times.push(Duration::from_secs_f64(seconds));
        }
        Ok(median(times))
    }

    fn resident_megabytes(&self) -> Result<f64> {
        let running = Daemon::of(&self.directory())
            .find()?
            .context("the cluster runs")?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    fn record(&self) -> Result<DeploymentRecord> {
        self.directory()
            .read_record()?
            .context("the deployment is recorded")
    }

    fn directory(&self) -> DeploymentDirectory {
        StateRoot::at(self.state()).deployment(&DeploymentName::default())
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = self.command(&["destroy"]).output();
    }
}

fn row(name: &str, measured: String, bar: &str) {
    println!("{name:<44} {measured:>12} {bar:>12}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.0} ms", duration.as_secs_f64() * 1000.0)
}

fn per_second(count: usize, duration: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a count of thousands is exact")]
    let rate = count as f64 / duration.as_secs_f64();
    format!("{rate:.0} /s")
}
