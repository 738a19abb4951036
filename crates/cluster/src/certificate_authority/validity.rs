//! How long certificates are valid, and the file that says that a set of them is whole.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rcgen::{CertificateParams, DnType};
use serde::{Deserialize, Serialize};

use super::CertificateError;
use crate::state::{read_if_present, write_atomically};

/// Clocks of one machine may step back a little; certificates are valid from an hour before they were made.
const BACKDATED: Duration = Duration::from_secs(3600);
/// Certificates live ten years: a local deployment is destroyed long before.
const LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// The last file written: its presence says that the set is whole.
const MARKER: &str = "validity.json";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Validity {
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Validity {
    pub(crate) fn from(now: SystemTime) -> Self {
        Self {
            not_before: timestamp(now - BACKDATED),
            not_after: timestamp(now + LIFETIME),
        }
    }

    /// Of the set in `folder`, `None` when there is none or only a part of one.
    pub(crate) fn of_set(folder: &Path) -> Result<Option<Self>, CertificateError> {
        let path = folder.join(MARKER);
        let content =
            read_if_present(&path).map_err(|source| CertificateError::File { path, source })?;
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }

    /// Marks the set in `folder` as whole.
    pub(crate) fn mark_set(&self, folder: &Path) -> Result<(), CertificateError> {
        let path = folder.join(MARKER);
        let content = serde_json::to_vec(self).expect("two timestamps are always JSON");
        write_atomically(&path, &content).map_err(|source| CertificateError::File { path, source })
    }

    pub(crate) fn check(&self, now: SystemTime) -> Result<(), CertificateError> {
        let now = timestamp(now);
        if (self.not_before..=self.not_after).contains(&now) {
            return Ok(());
        }
        Err(CertificateError::NotValidNow {
            now,
            not_before: self.not_before,
            not_after: self.not_after,
        })
    }

    pub(super) fn parameters(
        &self,
        common_name: &str,
        names: Vec<String>,
    ) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::new(names)?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, common_name);
        parameters.not_before = SystemTime::from(self.not_before).into();
        parameters.not_after = SystemTime::from(self.not_after).into();
        Ok(parameters)
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
