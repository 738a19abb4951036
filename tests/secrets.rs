//! Secrets: they are where they must be, and nowhere else.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cluster::DeploymentDirectory;
use cluster::registry_access::RepositoryRight;
use credentials::DockerConfig;
use harness::tenant::PushSecret;
use harness::{
    Failure, Need, Scenario, Source, Verdict, evidence, with_tenant_without_credentials,
};
use secrecy::{ExposeSecret, SecretString};
use serial_test::parallel;

pub(crate) const SCENARIOS: &[Scenario] = &[Scenario::new(
    "no secret value occurs in output, events, evidence or state",
    &[Need::StandIns, Need::RegistryLogin],
    no_secret_value_occurs_in_output_events_evidence_or_state,
)];

#[parallel(deployment)]
fn no_secret_value_occurs_in_output_events_evidence_or_state() -> Verdict {
    with_tenant_without_credentials(async |tenant| {
        let application = tenant.application("guestbook").await?;
        let good = application.component("good", &Source::sample()).await?;
        let refused = application.component("refused", &Source::sample()).await?;
        let only_good = format!("{}/good", tenant.namespace());
        let robot = tenant.robot("builder", &[RepositoryRight::push(only_good)])?;
        let secret = PushSecret::named("regcred").with(tenant.registry_host(), &robot);
        tenant.push_secret_for(&good, &secret).await?;
        tenant.also_link(&refused, &secret).await?;
        good.build().await?.succeeds().await?;
        let failed = refused.build().await?.fails().await?;
        failed.explains("denies it (403)")?;
        robot.revoke()?;
        refused.build().await?.fails().await?;

        let directory = &tenant.deployment().directory;
        let search = Search::new([robot.secrets(), own_login(directory)?].concat());
        search.text("the story", &tenant.journal().to_string())?;
        search.folder(directory.path(), &|path| must_hold_secrets(directory, path))?;
        let folder = tempfile::tempdir().map_err(failed_with("make a folder"))?;
        let example = Failure::Scenario("an example".to_owned());
        // Unredacted: what pipelines, events and logs say must need no redaction.
        let (raw, redacted) = (folder.path().join("raw"), folder.path().join("redacted"));
        let taken = evidence::take_unredacted(tenant, &example, &raw).await;
        taken.map_err(failed_with("take evidence"))?;
        evidence::take(tenant, &example, &redacted).await;
        search.folder(folder.path(), &|_| false)?;
        // And redaction does its work where somebody let one slip.
        let all = search.secrets.iter().map(ExposeSecret::expose_secret);
        let slipped = format!("with {}", all.collect::<Vec<_>>().join(" "));
        let slipped = Failure::Scenario(slipped);
        evidence::take(tenant, &slipped, &redacted).await;
        search.folder(&redacted, &|_| false)?;
        let kept = fs::read_to_string(redacted.join("failure.txt"));
        if !kept
            .map_err(failed_with("read evidence"))?
            .contains("with <redacted: ")
        {
            let why = "the evidence does not say where a secret was taken out".to_owned();
            return Err(Failure::Scenario(why));
        }
        tenant
            .journal()
            .note("checked: no secret is where it does not belong");
        Ok(())
    })
}

/// The deployment's own login, password and encoded.
fn own_login(directory: &DeploymentDirectory) -> Result<Vec<SecretString>, Failure> {
    let path = directory.registry_auth_file();
    only_its_owner_reads(&path, 0o600)?;
    only_its_owner_reads(&directory.data(), 0o700)?;
    let config = DockerConfig::from_file(&path);
    let config = config.map_err(|error| Failure::Scenario(error.to_string()))?;
    let mut secrets = Vec::new();
    for (_, entry) in config.entries() {
        let login = entry.credential().ok().flatten();
        secrets.extend(login.map(|login| login.password));
        secrets.extend(entry.auth.clone());
    }
    Ok(secrets)
}

/// The login, the API server's store and the homes of steps. All but the first are in a folder that nobody else may enter.
fn must_hold_secrets(directory: &DeploymentDirectory, path: &Path) -> bool {
    let data = directory.data();
    path == directory.registry_auth_file()
        || ["api-server", "steps"]
            .iter()
            .any(|part| path.starts_with(data.join(part)))
}

struct Search {
    secrets: Vec<SecretString>,
}

impl Search {
    fn new(secrets: Vec<SecretString>) -> Self {
        assert!(secrets.len() >= 4, "a search for nothing finds nothing");
        Self { secrets }
    }

    fn text(&self, place: &str, text: &str) -> Verdict {
        self.bytes(place, text.as_bytes())
    }

    fn bytes(&self, place: &str, content: &[u8]) -> Verdict {
        let content = String::from_utf8_lossy(content);
        let found = self
            .secrets
            .iter()
            .any(|secret| content.contains(secret.expose_secret()));
        if !found {
            return Ok(());
        }
        Err(Failure::Unexpected {
            object: place.to_owned(),
            expected: "no secret value in it".to_owned(),
            seen: "there is one".to_owned(),
        })
    }

    /// Every file below a folder, but those that are allowed to hold secrets.
    fn folder(&self, folder: &Path, allowed: &dyn Fn(&Path) -> bool) -> Verdict {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // Other scenarios' files come and go.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed_with("search a folder")(error)),
        };
        for entry in entries {
            let path: PathBuf = entry.map_err(failed_with("search a folder"))?.path();
            if allowed(&path) {
                continue;
            }
            if path.is_dir() {
                self.folder(&path, allowed)?;
                continue;
            }
            match fs::read(&path) {
                Ok(content) => self.bytes(&path.display().to_string(), &content)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed_with("search a file")(error)),
            }
        }
        Ok(())
    }
}

fn only_its_owner_reads(path: &Path, expected: u32) -> Verdict {
    let metadata = fs::metadata(path).map_err(failed_with("look at a file"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode == expected {
        return Ok(());
    }
    Err(Failure::Unexpected {
        object: path.display().to_string(),
        expected: format!("mode {expected:o}"),
        seen: format!("it has mode {mode:o}"),
    })
}

fn failed_with(action: &'static str) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::Scenario(format!("cannot {action}: {error}"))
}
