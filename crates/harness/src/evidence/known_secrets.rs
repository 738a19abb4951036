//! The secrets of a run, and the search for them.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use super::forms;
use crate::{Failure, Verdict};

/// The secrets of a run, in every form. Cheap to clone; clones know the same.
///
/// They are those of all scenarios and not of one: scenarios run at once and share files, and who looks into one of them may find what
/// another one's secret left there. So whoever makes a secret makes it known before it is used.
#[derive(Clone, Default)]
pub struct KnownSecrets(Arc<RwLock<Vec<SecretString>>>);

impl KnownSecrets {
    /// Makes a secret known.
    pub fn add(&self, secret: &SecretString) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(forms(secret));
    }

    /// Whether a content has one of them, in whatever form.
    #[must_use]
    pub fn are_in(&self, content: &[u8]) -> bool {
        let content = String::from_utf8_lossy(content);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .any(|secret| content.contains(secret.expose_secret()))
    }

    /// Checks that a text has none of them.
    ///
    /// # Errors
    ///
    /// It has one; the failure names the place and never what was found.
    pub fn are_not_in(&self, place: &str, content: &[u8]) -> Verdict {
        if !self.are_in(content) {
            return Ok(());
        }
        Err(Failure::Unexpected {
            object: place.to_owned(),
            expected: "no secret value in it".to_owned(),
            seen: "there is one".to_owned(),
        })
    }

    /// Checks that no file below a folder has one of them, but those that are allowed to.
    ///
    /// # Errors
    ///
    /// One has, or a file cannot be read.
    pub fn are_not_below(&self, folder: &Path, allowed: &dyn Fn(&Path) -> bool) -> Verdict {
        let unreadable = |path: &Path, error: io::Error| {
            Failure::Scenario(format!("cannot search {}: {error}", path.display()))
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // Other scenarios' files come and go.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(folder, error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if allowed(&path) {
                continue;
            }
            if path.is_dir() {
                self.are_not_below(&path, allowed)?;
                continue;
            }
            match fs::read(&path) {
                Ok(content) => self.are_not_in(&path.display().to_string(), &content)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&path, error)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &str = "hunter2-hunter2-x";

    fn known() -> KnownSecrets {
        let known = KnownSecrets::default();
        known.add(&SECRET.into());
        known
    }

    #[test]
    fn a_file_with_a_secret_in_whatever_form_is_named_and_the_secret_is_not() {
        let auth = STANDARD.encode(format!("a-user:{SECRET}"));
        let config = format!(r#"{{"auths": {{"quay.io": {{"auth": "{auth}"}}}}}}"#);
        for (place, text) in [
            ("itself", SECRET.to_owned()),
            ("auth of a docker config", auth),
            ("dumped docker config", STANDARD.encode(config)),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("deep/state.json");
            fs::create_dir(folder.path().join("deep")).unwrap();
            fs::write(&file, format!("before {text} after")).unwrap();
            let found = known().are_not_below(folder.path(), &|_| false);
            let found = found.expect_err(place).to_string();
            assert!(found.starts_with(&file.display().to_string()), "{found}");
            assert!(!found.contains(SECRET), "{found}");
            let allowed = |path: &Path| path == file;
            known().are_not_below(folder.path(), &allowed).unwrap();
        }
    }

    #[test]
    fn what_one_scenario_makes_known_another_one_finds() {
        let (one, other) = (KnownSecrets::default(), known());
        assert!(!one.are_in(SECRET.as_bytes()));
        let clone = other.clone();
        clone.add(&"another-secret".into());
        assert!(other.are_in(b"an-another-secret-x"));
    }
}
