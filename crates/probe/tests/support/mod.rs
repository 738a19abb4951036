//! What the tests of the binary share: a server over TLS, and the binary with an environment of its own.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]
#![allow(dead_code, reason = "not every test uses everything")]
#![allow(unreachable_pub, reason = "each test is a crate of its own")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use registry::storage::Memory;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::{CancellationToken, DropGuard};

pub fn registry_router() -> Router {
    registry::Registry::new(Arc::new(Memory::new()), registry::Options::default()).router()
}

/// A router on a free loopback port, over TLS, with a certificate authority of its own.
pub struct Server {
    /// `localhost:PORT`
    pub host: String,
    pub port: u16,
    /// The certificate authority, PEM.
    pub authority: String,
    _stop: DropGuard,
}

impl Server {
    pub async fn start(router: Router) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let tls = registry::tls::server_config(&certificate.pem(), &key.serialize_pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = CancellationToken::new();
        tokio::spawn(registry::serve(listener, tls, router, shutdown.clone()));
        Self {
            host: format!("localhost:{port}"),
            port,
            authority: authority.pem(),
            _stop: shutdown.drop_guard(),
        }
    }

    /// A client that sees what the binary has pushed.
    pub fn client(&self) -> oci::Client {
        oci::Client::builder()
            .ca_certificate_pem(self.authority.clone())
            .build()
            .unwrap()
    }
}

/// A directory that the binary works in; it is its HOME too.
pub struct Step {
    pub directory: TempDir,
    environment: Vec<(String, String)>,
}

/// How the binary ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Step {
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// A step that trusts `server`: its authority is in `ca.crt`.
    pub fn trusting(server: &Server) -> Self {
        let step = Self::new();
        step.write("ca.crt", &server.authority);
        step
    }

    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the binary with arguments that are separated by white space.
    pub async fn probe(&self, arguments: &str) -> Ended {
        run(
            env!("CARGO_BIN_EXE_probe"),
            arguments,
            self.directory.path(),
            &self.environment,
        )
        .await
    }

    /// Runs the binary, which must succeed.
    pub async fn probe_succeeds(&self, arguments: &str) -> Ended {
        let ended = self.probe(arguments).await;
        assert_eq!(ended.code, 0, "probe {arguments}: {}", ended.stderr);
        ended
    }

    /// Runs the binary, which must fail with exit code 1 and this text.
    pub async fn probe_fails(&self, arguments: &str, text: &str) {
        let ended = self.probe(arguments).await;
        assert_eq!(ended.code, 1, "probe {arguments}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(text),
            "probe {arguments}: expected `{text}` in: {}",
            ended.stderr
        );
    }
}

pub async fn run(
    program: &str,
    arguments: &str,
    directory: &Path,
    environment: &[(String, String)],
) -> Ended {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .env_remove(oci::Endpoints::VARIABLE)
        .env("HOME", directory)
        .envs(environment.iter().cloned())
        .output()
        .await
        .unwrap_or_else(|error| {
            panic!("cannot run {program} ({error}); skopeo is Debian's package skopeo")
        });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
