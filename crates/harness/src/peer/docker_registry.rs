//! Debian's `docker-registry`, which is CNCF Distribution, as a process.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cluster::registry_access::generate_password;
use credentials::{AuthEntry, DockerConfig, Environment};
use oci::Endpoints;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::certificates::Certificates;
use crate::{Failure, RegistryAccess, Verdict};

/// The program.
pub(crate) const PROGRAM: &str = "docker-registry";
/// Its name in references; `.test` is nobody's (RFC 6761).
const HOST: &str = "registry.peer.test";
/// The account that is there from the beginning.
const ACCOUNT: &str = "peer-builder";
/// The time it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time between two looks whether it listens.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// bcrypt's lowest cost: every request of the scenario pays it, and the password lives as long as the scenario.
const HASH_COST: u32 = 4;
/// Another program may take the port between our look and its start; then another port is tried.
const ATTEMPTS: usize = 3;

/// A running registry; it ends, and its images go, when this is dropped.
#[derive(Debug)]
pub(crate) struct DockerRegistry {
    access: RegistryAccess,
    /// Name → hashed password.
    accounts: Mutex<BTreeMap<String, String>>,
    _process: Child,
    folder: TempDir,
}

impl DockerRegistry {
    /// Starts it on a free port of the loopback address, and waits until it listens.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            match Self::start_once().await {
                Ok(started) => return Ok(started),
                Err(found) => problem = found,
            }
        }
        Err(Failure::Scenario(format!(
            "{PROGRAM} was not started: {problem}"
        )))
    }

    /// How it is reached, trusted and logged in to.
    pub(crate) fn access(&self) -> &RegistryAccess {
        &self.access
    }

    /// Makes an account that may do everything, or gives it this password. It counts from the next request on.
    pub(crate) fn set_account(&self, name: &str, password: &SecretString) -> Verdict {
        let hash = hashed(password).map_err(Failure::Scenario)?;
        self.change(|accounts| accounts.insert(name.to_owned(), hash))
    }

    /// Removes an account. It counts from the next request on.
    pub(crate) fn remove_account(&self, name: &str) -> Verdict {
        self.change(|accounts| accounts.remove(name))
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> Verdict {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut accounts);
        let (file, new) = ("htpasswd", "htpasswd.new");
        let (file, new) = (self.folder.path().join(file), self.folder.path().join(new));
        let written = fs::write(&new, htpasswd(&accounts)).and_then(|()| fs::rename(&new, &file));
        written.map_err(|error| {
            Failure::Scenario(format!(
                "the accounts of {PROGRAM} were not changed: {error}"
            ))
        })
    }

    async fn start_once() -> Result<Self, String> {
        let words = |error: io::Error| error.to_string();
        let certificates = Certificates::make(&["localhost", HOST]);
        let certificates = certificates.map_err(|error| error.to_string())?;
        let password = generate_password().map_err(|error| error.to_string())?;
        let accounts = BTreeMap::from([(ACCOUNT.to_owned(), hashed(&password)?)]);
        let folder = tempfile::Builder::new()
            .prefix("konflux-local-peer-")
            .tempdir();
        let folder = folder.map_err(words)?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(words)?;
        let address = listener.local_addr().map_err(words)?;
        drop(listener);
        // The folder is its owner's alone.
        for (name, content) in [
            ("tls.crt", certificates.certificate.as_str()),
            ("tls.key", &certificates.key),
            ("htpasswd", &htpasswd(&accounts)),
            (
                "config.yml",
                &configuration(folder.path(), &address.to_string()),
            ),
        ] {
            fs::write(folder.path().join(name), content).map_err(words)?;
        }
        let endpoints = Endpoints::new().with(HOST, &format!("localhost:{}", address.port()));
        let mut process = spawn(folder.path()).map_err(words)?;
        let listening = timeout(PATIENCE, listening(address, &mut process)).await;
        listening
            .unwrap_or_else(|_| Err(format!("it does not listen after {PATIENCE:?}")))
            .map_err(|problem| format!("{problem}; it says: {}", log(folder.path())))?;
        let login_file = folder.path().join("auth.json");
        let mut logins = DockerConfig::new();
        logins.insert(HOST, AuthEntry::login(ACCOUNT, &password));
        let written = logins.write_to(&login_file);
        written.map_err(|error| error.to_string())?;
        let access = RegistryAccess {
            host: HOST.to_owned(),
            prefix: None,
            endpoints: endpoints.map_err(|error| error.to_string())?,
            authority: Some(certificates.authority),
            logins: Environment {
                registry_auth_file: Some(login_file),
                ..Environment::default()
            },
        };
        Ok(Self {
            access,
            accounts: Mutex::new(accounts),
            _process: process,
            folder,
        })
    }
}

fn hashed(password: &SecretString) -> Result<String, String> {
    let hash = bcrypt::hash(password.expose_secret(), HASH_COST);
    hash.map_err(|error| error.to_string())
}

fn htpasswd(accounts: &BTreeMap<String, String>) -> String {
    let lines = accounts.iter();
    lines
        .map(|(name, hash)| format!("{name}:{hash}\n"))
        .collect()
}

fn spawn(folder: &Path) -> io::Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    Command::new(PROGRAM)
        .arg("serve")
        .arg(folder.join("config.yml"))
        // Variables of the form REGISTRY_… would overrule the file.
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
}

/// Returns when somebody can connect. What happens then is up to TLS: nobody but it has its key.
async fn listening(address: std::net::SocketAddr, process: &mut Child) -> Result<(), String> {
    let mut looks = interval(LOOK_AGAIN);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Some(status) = process.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("it ended with {status}"));
        }
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
    }
}

fn log(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let last: Vec<&str> = text.lines().rev().take(3).collect();
    last.into_iter().rev().collect::<Vec<_>>().join(" / ")
}

/// Its settings; `folder` has no character that YAML would read as another thing, because we named it.
fn configuration(folder: &Path, address: &str) -> String {
    let folder = folder.display();
    format!(
        "version: 0.1\n\
         log: {{level: error}}\n\
         storage:\n  filesystem: {{rootdirectory: '{folder}/images'}}\n  delete: {{enabled: true}}\n\
         auth: {{htpasswd: {{realm: peer, path: '{folder}/htpasswd'}}}}\n\
         http:\n  addr: '{address}'\n  tls: {{certificate: '{folder}/tls.crt', key: '{folder}/tls.key'}}\n"
    )
}
