//! The registries that are measured: started here, or running already.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub struct Server {
    pub name: String,
    pub url: String,
    /// PEM of the authority to trust; none with plain HTTP.
    pub authority: Option<String>,
    pub ready_after: Option<Duration>,
    process: Option<Child>,
    _data: Option<TempDir>,
}

impl Server {
    /// A registry that is running already.
    pub fn running(name: &str, url: &str, authority: Option<&Path>) -> anyhow::Result<Self> {
        let authority = authority.map(std::fs::read_to_string).transpose()?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self {
            name: name.to_owned(),
            url,
            authority,
            ready_after: None,
            process: None,
            _data: None,
        })
    }

    /// This crate's program, on a directory.
    pub async fn ours(tls: bool) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let address = free_address()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_registry"));
        command
            .args(["--listen", &address, "--storage"])
            .arg(data.path().join("storage"));
        let authority = if tls {
            Some(certificates(data.path())?)
        } else {
            None
        };
        match tls {
            true => command
                .arg("--tls-cert")
                .arg(data.path().join("tls.crt"))
                .arg("--tls-key")
                .arg(data.path().join("tls.key")),
            false => command.arg("--plain-http"),
        };
        command.stdout(Stdio::null());
        Self::start("registry", command, address, authority, data).await
    }

    async fn start(
        name: &str,
        mut command: Command,
        address: String,
        authority: Option<String>,
        data: TempDir,
    ) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let process = command.stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let limit = begin + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            anyhow::ensure!(
                Instant::now() < limit,
                "{name} does not accept connections after 20 seconds"
            );
            tokio::task::yield_now().await;
        }
        let scheme = if authority.is_some() { "https" } else { "http" };
        let port = address.rsplit_once(':').context("no port")?.1;
        Ok(Self {
            name: name.to_owned(),
            url: format!("{scheme}://localhost:{port}"),
            authority,
            ready_after: Some(begin.elapsed()),
            process: Some(process),
            _data: Some(data),
        })
    }

    /// Resident memory of a process that was started here, in bytes (Linux only).
    pub fn resident(&self) -> anyhow::Result<Option<f64>> {
        self.memory("VmRSS:")
    }

    /// The most it ever had.
    pub fn peak(&self) -> anyhow::Result<Option<f64>> {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> anyhow::Result<Option<f64>> {
        let Some(pid) = self.process.as_ref().and_then(Child::id) else {
            return Ok(None);
        };
        let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else {
            return Ok(None);
        };
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .context("no memory in the process status")?;
        let kilobytes: f64 = line
            .split_whitespace()
            .next()
            .context("no number")?
            .parse()?;
        Ok(Some(kilobytes * 1024.0))
    }
}

/// Debian's `docker-registry`, where it is installed.
pub async fn docker_registry(tls: bool) -> anyhow::Result<Option<Server>> {
    let data = tempfile::tempdir()?;
    let address = free_address()?;
    let authority = if tls {
        Some(certificates(data.path())?)
    } else {
        None
    };
    let directory = data.path().display();
    let certificate = if tls {
        format!("\n  tls: {{certificate: {directory}/tls.crt, key: {directory}/tls.key}}")
    } else {
        String::new()
    };
    let config = format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage:\n  delete: {{enabled: true}}\n  filesystem: {{rootdirectory: {directory}/storage}}\nhttp:\n  addr: {address}{certificate}\n"
    );
    std::fs::write(data.path().join("config.yml"), config)?;
    let mut command = Command::new("docker-registry");
    command
        .arg("serve")
        .arg(data.path().join("config.yml"))
        .stdout(Stdio::null());
    match Server::start("docker-registry", command, address, authority, data).await {
        Err(error)
            if error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == ErrorKind::NotFound) =>
        {
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// Writes a certificate for `localhost` and its key. Returns the authority that signed it.
fn certificates(directory: &Path) -> anyhow::Result<String> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
    std::fs::write(directory.join("tls.crt"), certificate.pem())?;
    std::fs::write(directory.join("tls.key"), key.serialize_pem())?;
    Ok(authority.pem())
}

fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
