//! `--cluster existing`, against an API server and a registry that nobody of this program deployed: real TLS, no controllers, no nodes.
//! So Tekton is modelled (`TEKTON=models`) and the registry is the cluster's own (`REGISTRY_ENDPOINT`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use cluster::embedded::{Certificates, kubeconfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{Ran, Sandbox};

/// How long a build may take here.
const BUILD_LIMIT: Duration = Duration::from_secs(60);

/// The API server and the registry of somebody else.
struct Existing {
    folder: tempfile::TempDir,
    registry: String,
    shutdown: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Existing {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (certificates, _) =
            Certificates::ensure(&folder.path().join("pki"), SystemTime::now()).unwrap();
        let data = folder.path().join("data");
        let shutdown = CancellationToken::new();
        let (give, taken) = std::sync::mpsc::channel();
        let (parts, token) = (certificates.clone(), shutdown.clone());
        let thread = std::thread::spawn(move || {
            let _installed_before = rustls::crypto::ring::default_provider().install_default();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let images = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let ports = [&api, &images].map(|one| one.local_addr().unwrap().port());
                let server = api_server::ApiServer::open(api_server::Options {
                    data_dir: data,
                    ..Default::default()
                });
                let server_tls = api_server::ServerTls {
                    certificate_chain_pem: parts.api_server.certificate.clone(),
                    private_key_pem: parts.api_server.key.clone(),
                    client_ca_pem: parts.ca.clone(),
                };
                let storage = Arc::new(registry::storage::Memory::new());
                let router = registry::Registry::new(storage, Default::default()).router();
                let registry_tls =
                    registry::tls::server_config(&parts.registry.certificate, &parts.registry.key);
                give.send(ports).unwrap();
                let (served, stored) = tokio::join!(
                    server.unwrap().serve(api, server_tls, token.clone()),
                    registry::serve(images, registry_tls.unwrap(), router, token),
                );
                served.unwrap();
                stored.unwrap();
            });
        });
        let [api, images] = taken.recv().unwrap();
        let server = format!("https://127.0.0.1:{api}");
        let text = kubeconfig::render("theirs", &server, &certificates.ca, &certificates.admin);
        std::fs::write(folder.path().join("kubeconfig"), text).unwrap();
        std::fs::write(folder.path().join("ca.crt"), &certificates.ca).unwrap();
        Self {
            folder,
            registry: format!("localhost:{images}"),
            shutdown,
            thread: Some(thread),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Ran {
        let mut command = sandbox.command(arguments);
        command
            .env_remove("REGISTRY_HOST_PORT")
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("REGISTRY_ENDPOINT", &self.registry)
            .env("REGISTRY_CA", self.path("ca.crt"))
            .env("TEKTON", "models");
        Ran::from(command.output().unwrap())
    }

    fn deploy(&self, sandbox: &Sandbox) -> Ran {
        let arguments = [
            "deploy-local",
            "--cluster",
            "existing",
            "--konflux",
            "stand-ins",
        ];
        let ran = self.run(sandbox, &arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    }

    fn kubectl(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(self.path("kubeconfig"));
        let output = command
            .args(arguments)
            .env("HOME", self.folder.path())
            .output();
        Ran::from(
            output.expect("kubectl must be on PATH (Debian: apt-get install kubernetes-client)"),
        )
    }
}

impl Drop for Existing {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(thread) = self.thread.take() {
            let _its_panic_was_printed = thread.join();
        }
    }
}

fn samples() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/samples");
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_build_on_an_existing_cluster_pushes_to_its_registry_and_destroy_leaves_the_cluster() {
    let existing = Existing::start();
    let sandbox = Sandbox::new();
    let ran = existing.deploy(&sandbox);
    assert!(
        ran.stderr.contains("cluster: existing (asked for by name)"),
        "{}",
        ran.stderr
    );
    let again = existing.deploy(&sandbox);
    assert!(
        again.stderr.contains("nothing was changed"),
        "{}",
        again.stderr
    );
    let status = existing.run(&sandbox, &["status"]);
    assert_eq!(status.code, Some(0), "{}{}", status.stdout, status.stderr);

    let applied = existing.kubectl(&["apply", "-f", &samples()]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    let build = [
        "annotate",
        "component",
        "sample-component",
        "-n",
        "user-ns1",
        "build.appstudio.openshift.io/request=trigger-pac-build",
    ];
    let asked = existing.kubectl(&build);
    assert_eq!(asked.code, Some(0), "{}", asked.stderr);
    let begun = Instant::now();
    let digest = loop {
        let path = "jsonpath={.items[*].status.results[?(@.name==\"IMAGE_DIGEST\")].value}";
        let runs = existing.kubectl(&["get", "pipelineruns", "-n", "user-ns1", "-o", path]);
        if runs.stdout.contains("sha256:") {
            break runs.stdout;
        }
        let state = existing.kubectl(&["get", "pipelineruns", "-A"]);
        assert!(begun.elapsed() < BUILD_LIMIT, "no build: {state:?}");
        std::thread::sleep(Duration::from_millis(100));
    };
    let repositories = existing.run(&sandbox, &["registry", "list"]);
    assert!(
        repositories.stdout.contains("user-ns1/"),
        "{repositories:?}"
    );
    assert!(digest.starts_with("sha256:"), "{digest}");

    let destroyed = existing.run(&sandbox, &["destroy"]);
    assert_eq!(destroyed.code, Some(0), "{}", destroyed.stderr);
    assert!(!sandbox.state().exists());
    let left = existing.kubectl(&["get", "namespaces", "-o", "name"]);
    assert!(left.stdout.contains("namespace/default"), "{left:?}");
    assert!(!left.stdout.contains("user-ns1"), "{left:?}");
}

#[test]
fn the_process_of_the_stand_ins_comes_back_when_it_was_killed() {
    let existing = Existing::start();
    let sandbox = Sandbox::new();
    existing.deploy(&sandbox);
    let pid = sandbox.json("data/stand-ins.json")["pid"].as_i64().unwrap();
    let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    let lock = std::fs::File::open(sandbox.deployment().join("data/stand-ins.lock")).unwrap();
    lock.lock().unwrap();
    drop(lock);
    let status = existing.run(&sandbox, &["status"]);
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    assert!(
        status.stdout.contains("it does not run"),
        "{}",
        status.stdout
    );
    let again = existing.deploy(&sandbox);
    assert!(
        again.stderr.contains("1 step changed something"),
        "{}",
        again.stderr
    );
}

#[test]
fn the_process_of_the_stand_ins_follows_a_kubeconfig_that_changes() {
    let existing = Existing::start();
    let sandbox = Sandbox::new();
    existing.deploy(&sandbox);
    let before = sandbox.json("data/stand-ins.json")["pid"].as_i64();
    // The same cluster by another name.
    let path = existing.path("kubeconfig");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("127.0.0.1", "localhost")).unwrap();
    let again = existing.deploy(&sandbox);
    assert!(
        again.stderr.contains("started again as process"),
        "{}",
        again.stderr
    );
    assert_ne!(sandbox.json("data/stand-ins.json")["pid"].as_i64(), before);
}

#[test]
fn a_deployment_is_not_moved_to_another_cluster() {
    let existing = Existing::start();
    let sandbox = Sandbox::new();
    existing.deploy(&sandbox);
    let ran = existing.run(&sandbox, &["deploy-local", "--cluster", "embedded"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let words = "is on the existing cluster, and the embedded cluster is asked for";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

#[test]
fn a_context_that_is_not_there_is_named_with_those_that_are() {
    let existing = Existing::start();
    let sandbox = Sandbox::new();
    let arguments = [
        "deploy-local",
        "--cluster",
        "existing",
        "--konflux",
        "stand-ins",
        "--context",
        "nope",
    ];
    let ran = existing.run(&sandbox, &arguments);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("it has: theirs"), "{}", ran.stderr);
}
