//! What is kept of a failed scenario, taken before anything is cleaned up.
//!
//! In the scenario's folder: `failure.txt`, `story.txt`, the log of an embedded cluster, and for each namespace its objects as YAML and
//! the logs of its pods. Of Secrets only names, types and keys are kept; their values are looked for everywhere else and
//! replaced.

mod collect;
mod known_secrets;

pub use credentials::redaction::{Redactor, forms};
pub use known_secrets::KnownSecrets;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Failure;
use crate::tenant::Tenant;

/// How long collecting may take; the cluster may be the reason for the failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps what can be kept. A failure to keep something is written into the evidence itself, never in the scenario's way.
pub async fn take(tenant: &Tenant, failure: &Failure, folder: &Path) {
    let journal = tenant.journal();
    let taking = collect::all(tenant, failure, folder);
    match tokio::time::timeout(PATIENCE, taking).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => journal.note(format!(
            "cannot keep evidence in {}: {error}",
            folder.display()
        )),
        Err(_limit) => journal.note(format!(
            "evidence is incomplete: it took longer than {} s",
            PATIENCE.as_secs()
        )),
    }
}

/// Keeps the same without redaction, to look whether anything had to be redacted: what is kept must not leave the machine.
///
/// # Errors
///
/// The folder cannot be written.
pub async fn take_unredacted(tenant: &Tenant, failure: &Failure, folder: &Path) -> io::Result<()> {
    collect::unredacted(tenant, failure, folder).await
}

/// A folder of evidence; everything that is written into it is redacted.
struct Folder<'a> {
    path: PathBuf,
    redactor: &'a Redactor,
}

impl Folder<'_> {
    fn below(&self, name: &str) -> Self {
        Self {
            path: self.path.join(name),
            redactor: self.redactor,
        }
    }

    fn write(&self, name: &str, content: &str) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        fs::write(self.path.join(name), self.redactor.clean(content))
    }
}
