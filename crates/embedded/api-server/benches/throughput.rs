//! How fast the server is, and how much memory it takes: `cargo bench -p api-server`.
//!
//! It starts itself a second time as the server, so that the memory is that of a process with nothing else in it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and has failed when it cannot go on"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams, WatchParams};
use serde_json::json;
use support::TestServer;

/// In the child: the folder to serve.
const FOLDER: &str = "API_SERVER_BENCHMARK_FOLDER";
const SEQUENTIAL: usize = 200;
const CONCURRENT: usize = 5000;
const CLIENTS: usize = 32;

#[tokio::main]
async fn main() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return serve(folder.as_ref()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let server = Server::start(folder.path());
    let client = server.client(folder.path()).await;
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    api.list(&ListParams::default()).await.unwrap();
    println!(
        "process start to first answer          {:>10.1?}",
        started.elapsed()
    );
    println!(
        "resident memory, idle                  {:>10}",
        server.resident()
    );
    measure(
        "create, one after the other",
        SEQUENTIAL,
        create_sequentially(&api),
    )
    .await;
    measure("create, 32 at once", CONCURRENT, create_concurrently(&api)).await;
    println!(
        "resident memory, {:>6} objects        {:>10}",
        SEQUENTIAL + CONCURRENT,
        server.resident()
    );
    measure("list all objects", 1, async {
        drop(api.list(&ListParams::default()).await.unwrap())
    })
    .await;
    measure("get", 500, async {
        for _ in 0..500 {
            api.get("s-1").await.unwrap();
        }
    })
    .await;
    measure("patch to watch event", 100, patch_and_watch(&api)).await;
    println!(
        "resident memory, after all             {:>10}",
        server.resident()
    );
}

async fn measure(what: &str, count: usize, work: impl Future<Output = ()>) {
    let started = Instant::now();
    work.await;
    let took = started.elapsed();
    println!(
        "{what:<38} {:>10.1?}  {:>8.0}/s",
        took / u32::try_from(count).unwrap(),
        count as f64 / took.as_secs_f64()
    );
}

fn object(name: &str) -> ConfigMap {
    let filler = "x".repeat(800);
    serde_json::from_value(
        json!({"metadata": {"name": name, "labels": {"a": "b"}}, "data": {"filler": filler}}),
    )
    .unwrap()
}

async fn create_sequentially(api: &Api<ConfigMap>) {
    for number in 0..SEQUENTIAL {
        api.create(&PostParams::default(), &object(&format!("s-{number}")))
            .await
            .unwrap();
    }
}

async fn create_concurrently(api: &Api<ConfigMap>) {
    let names = futures::stream::iter(0..CONCURRENT).map(|number| format!("c-{number}"));
    names
        .for_each_concurrent(CLIENTS, |name| async move {
            drop(
                api.create(&PostParams::default(), &object(&name))
                    .await
                    .unwrap(),
            )
        })
        .await;
}

async fn patch_and_watch(api: &Api<ConfigMap>) {
    let page = api.list(&ListParams::default().limit(1)).await.unwrap();
    let revision = page.metadata.resource_version.unwrap();
    let parameters = WatchParams::default().fields("metadata.name=s-1");
    let mut events = api.watch(&parameters, &revision).await.unwrap().boxed();
    for number in 0..100 {
        let patch = Patch::Merge(json!({"data": {"number": number.to_string()}}));
        api.patch("s-1", &PatchParams::default(), &patch)
            .await
            .unwrap();
        events.next().await.unwrap().unwrap();
    }
}

/// Serves, and writes down how to reach it.
async fn serve(folder: &std::path::Path) {
    let server = TestServer::start_at(folder).await;
    support::kubectl::Kubectl::write_kubeconfig(&server, folder);
    std::future::pending().await
}

struct Server(Child);

impl Server {
    fn start(folder: &std::path::Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .env(FOLDER, folder)
            .stdin(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    async fn client(&self, folder: &std::path::Path) -> kube::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let path = folder.join("config");
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let kubeconfig = kube::config::Kubeconfig::read_from(path).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default())
            .await
            .unwrap();
        kube::Client::try_from(config).unwrap()
    }

    /// Resident memory as Linux reports it: all of it, and the part that is not the program's own file.
    fn resident(&self) -> String {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or("unknown")
                .trim_start_matches(':')
                .trim()
                .to_owned()
        };
        format!("{} (anonymous {})", field("VmRSS"), field("RssAnon"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
