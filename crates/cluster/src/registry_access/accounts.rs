//! Adding and removing accounts while the registry runs.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use registry::access::{Htpasswd, Rules};
use secrecy::{ExposeSecret, SecretString};

use super::{AccountsError, RepositoryRight};
use crate::state::{DeploymentDirectory, read_if_present, write_private};

/// bcrypt's least work. Its slowness protects passwords that can be guessed, and those of these accounts are random.
const COST: u32 = 4;

/// The accounts of one deployment's registry.
#[derive(Debug, Clone)]
pub struct Accounts {
    folder: PathBuf,
}

impl Accounts {
    /// Those of this deployment, whether there are any or not.
    #[must_use]
    pub fn of(deployment: &DeploymentDirectory) -> Self {
        Self {
            folder: deployment.data().join("registry-access"),
        }
    }

    /// Accounts with hashed passwords.
    #[must_use]
    pub fn htpasswd(&self) -> PathBuf {
        self.folder.join("htpasswd")
    }

    /// What each account may do where.
    #[must_use]
    pub fn rules(&self) -> PathBuf {
        self.folder.join("rules")
    }

    /// Makes both files if they are not there: a registry that nobody may use yet.
    ///
    /// # Errors
    ///
    /// [`AccountsError::File`].
    pub fn ensure_files(&self) -> Result<(), AccountsError> {
        let _lock = self.lock()?;
        for path in [self.htpasswd(), self.rules()] {
            if read(&path)?.is_none() {
                write(&path, "")?;
            }
        }
        Ok(())
    }

    /// Makes an account, or gives the one that there is this password and exactly these rights. Tells whether that changed
    /// anything. The registry knows it from the next request on.
    ///
    /// # Errors
    ///
    /// [`AccountsError`]; nothing was changed then.
    pub fn set(
        &self,
        account: &str,
        password: &SecretString,
        rights: &[RepositoryRight],
    ) -> Result<bool, AccountsError> {
        if !is_plain(account) {
            return Err(AccountsError::Unreadable {
                path: self.htpasswd(),
                reason: format!(
                    "an account is named by letters, digits, `.`, `_` and `-`, not {account:?}"
                ),
            });
        }
        let _lock = self.lock()?;
        let (users, rules) = self.read()?;
        let lines: Vec<String> = rights.iter().map(|right| right.line(account)).collect();
        let kept = lines_of(&rules, account, ' ').eq(lines.iter().map(String::as_str));
        if kept && verifies(&users, account, password) {
            return Ok(false);
        }
        let hash =
            bcrypt::hash(password.expose_secret(), COST).map_err(|error| AccountsError::Hash {
                account: account.to_owned(),
                reason: error.to_string(),
            })?;
        let entry = format!("{account}:{hash}");
        self.write(
            &with_lines(&users, account, ':', &[entry]),
            &with_lines(&rules, account, ' ', &lines),
        )?;
        Ok(true)
    }

    /// Removes an account; its password is refused from the next request on. Tells whether it was there.
    ///
    /// # Errors
    ///
    /// [`AccountsError`].
    pub fn remove(&self, account: &str) -> Result<bool, AccountsError> {
        let _lock = self.lock()?;
        let (users, rules) = self.read()?;
        let present = lines_of(&users, account, ':').next().is_some();
        let remaining = (
            with_lines(&users, account, ':', &[]),
            with_lines(&rules, account, ' ', &[]),
        );
        if remaining != (users, rules) {
            self.write(&remaining.0, &remaining.1)?;
        }
        Ok(present)
    }

    /// Whether the account exists and has this password.
    ///
    /// # Errors
    ///
    /// [`AccountsError::File`].
    pub fn verifies(&self, account: &str, password: &SecretString) -> Result<bool, AccountsError> {
        let users = read(&self.htpasswd())?.unwrap_or_default();
        Ok(verifies(&users, account, password))
    }

    /// Removes every account. Tells whether there were files of any.
    ///
    /// # Errors
    ///
    /// [`AccountsError::File`].
    pub fn remove_all(&self) -> Result<bool, AccountsError> {
        match fs::remove_dir_all(&self.folder) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(file_error("remove", &self.folder)(source)),
        }
    }

    fn read(&self) -> Result<(String, String), AccountsError> {
        Ok((
            read(&self.htpasswd())?.unwrap_or_default(),
            read(&self.rules())?.unwrap_or_default(),
        ))
    }

    /// Writes both files once both are known to be good. An account whose rights have not arrived yet may do nothing.
    fn write(&self, users: &str, rules: &str) -> Result<(), AccountsError> {
        let unreadable = |path: PathBuf, reason: String| AccountsError::Unreadable { path, reason };
        users
            .parse::<Htpasswd>()
            .map_err(|error| unreadable(self.htpasswd(), error.to_string()))?;
        rules
            .parse::<Rules>()
            .map_err(|error| unreadable(self.rules(), error.to_string()))?;
        write(&self.htpasswd(), users)?;
        write(&self.rules(), rules)
    }

    /// Scenarios and commands change accounts at the same time, and each change reads and writes whole files.
    fn lock(&self) -> Result<File, AccountsError> {
        fs::create_dir_all(&self.folder).map_err(file_error("create", &self.folder))?;
        let path = self.folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(file_error("open", &path))?;
        lock.lock().map_err(file_error("lock", &path))?;
        Ok(lock)
    }
}

/// Both files give other characters a meaning.
fn is_plain(account: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    !account.is_empty() && account.chars().all(plain)
}

fn verifies(users: &str, account: &str, password: &SecretString) -> bool {
    let hash = lines_of(users, account, ':').find_map(|line| line.split_once(':'));
    hash.is_some_and(|(_, hash)| bcrypt::verify(password.expose_secret(), hash).unwrap_or(false))
}

/// The lines about an account.
fn lines_of<'a>(text: &'a str, account: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.lines().filter(move |line| is_of(line, account, end))
}

/// The text with these lines about an account and no others.
fn with_lines(text: &str, account: &str, end: char, lines: &[String]) -> String {
    let others = text.lines().filter(|line| !is_of(line, account, end));
    let all = others.chain(lines.iter().map(String::as_str));
    all.flat_map(|line| [line, "\n"]).collect()
}

fn is_of(line: &str, account: &str, end: char) -> bool {
    line.strip_prefix(account)
        .is_some_and(|rest| rest.starts_with(end))
}

fn read(path: &Path) -> Result<Option<String>, AccountsError> {
    let content = read_if_present(path).map_err(file_error("read", path))?;
    let text = content.map(String::from_utf8).transpose();
    text.map_err(|error| AccountsError::Unreadable {
        path: path.to_owned(),
        reason: error.utf8_error().to_string(),
    })
}

fn write(path: &Path, content: &str) -> Result<(), AccountsError> {
    write_private(path, content.as_bytes()).map_err(file_error("write", path))
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AccountsError {
    let path = path.to_owned();
    move |source| AccountsError::File {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::state::{DeploymentName, StateRoot};

    fn accounts() -> (tempfile::TempDir, Accounts) {
        let folder = tempfile::tempdir().unwrap();
        let deployment = StateRoot::at(folder.path()).deployment(&DeploymentName::default());
        (folder, Accounts::of(&deployment))
    }

    fn rules(accounts: &Accounts) -> String {
        fs::read_to_string(accounts.rules()).unwrap()
    }

    #[test]
    fn an_account_is_made_changed_and_removed_beside_others() {
        let (_folder, accounts) = accounts();
        let (first, second) = ("first-password".into(), "second-password".into());
        let everywhere = [RepositoryRight::push(RepositoryRight::EVERYWHERE)];
        assert!(accounts.set("admin", &first, &everywhere).unwrap());
        let rights = [
            RepositoryRight::push("team/app"),
            RepositoryRight::pull("base"),
        ];
        assert!(accounts.set("robot", &first, &rights).unwrap());
        // A name that another one begins with is another account.
        assert!(accounts.set("robot-2", &second, &rights).unwrap());
        assert!(!accounts.set("robot", &first, &rights).unwrap());
        assert!(accounts.set("robot", &second, &rights[..1]).unwrap());
        assert!(accounts.verifies("robot", &second).unwrap());
        assert!(!accounts.verifies("robot", &first).unwrap());
        assert_eq!(
            rules(&accounts),
            "admin pull,push *\nrobot-2 pull,push team/app\nrobot-2 pull base\nrobot pull,push team/app\n"
        );
        assert!(accounts.remove("robot").unwrap());
        assert!(!accounts.remove("robot").unwrap());
        assert!(!accounts.verifies("robot", &second).unwrap());
        assert!(accounts.verifies("robot-2", &second).unwrap());
    }

    #[test]
    fn what_the_registry_could_not_read_is_never_written() {
        let (_folder, accounts) = accounts();
        let password = "password".into();
        let right = [RepositoryRight::pull("base")];
        accounts.set("robot", &password, &right).unwrap();
        let before = rules(&accounts);
        let wrong = [RepositoryRight::pull("../etc")];
        for (account, rights) in [("robot", &wrong), ("users", &right), ("#a", &right)] {
            let error = accounts.set(account, &password, rights).unwrap_err();
            assert!(matches!(error, AccountsError::Unreadable { .. }), "{error}");
        }
        assert_eq!(rules(&accounts), before);
        assert!(accounts.verifies("robot", &password).unwrap());
    }

    #[test]
    fn the_files_are_for_their_owner_only_and_hold_no_password() {
        let (_folder, accounts) = accounts();
        accounts.ensure_files().unwrap();
        accounts.set("robot", &"s3cret-value".into(), &[]).unwrap();
        for path in [accounts.htpasswd(), accounts.rules()] {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
            assert!(!fs::read_to_string(path).unwrap().contains("s3cret-value"));
        }
        accounts.ensure_files().unwrap();
        assert!(accounts.verifies("robot", &"s3cret-value".into()).unwrap());
        assert!(accounts.remove_all().unwrap());
        assert!(!accounts.remove_all().unwrap());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let (_folder, accounts) = accounts();
        accounts.ensure_files().unwrap();
        fs::remove_file(accounts.rules()).unwrap();
        fs::create_dir(accounts.rules()).unwrap();
        let error = accounts.set("robot", &"password".into(), &[]).unwrap_err();
        assert!(error.to_string().contains("rules"), "{error}");
    }

    #[test]
    fn changes_at_the_same_time_do_not_lose_each_other() {
        let (_folder, accounts) = accounts();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let accounts = &accounts;
                scope.spawn(move || {
                    let name = format!("robot{number}");
                    accounts.set(&name, &"password".into(), &[RepositoryRight::pull("base")])
                });
            }
        });
        assert_eq!(rules(&accounts).lines().count(), 8);
    }
}
