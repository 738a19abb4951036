//! Users and their passwords, in the file format of Apache's `htpasswd -B`.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use ring::{hmac, rand};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

/// Why a text is not a password file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HtpasswdError {
    /// A line without `user:hash`.
    #[error("line {0}: expected <user>:<bcrypt hash>, as `htpasswd -nbB USER PASSWORD` prints it")]
    Form(usize),
    /// A hash of another kind.
    #[error(
        "line {line}: the password of user {user:?} is not hashed with bcrypt; write it with `htpasswd -B`"
    )]
    Hash {
        /// Line number, from 1.
        line: usize,
        /// Whose password it is.
        user: String,
    },
    /// A user name that the rules use for something else, or two lines for one user.
    #[error("line {line}: the user name {user:?} is taken or reserved; choose another")]
    Name {
        /// Line number, from 1.
        line: usize,
        /// The name.
        user: String,
    },
    /// No source of random numbers.
    #[error("the operating system gave no random numbers, so passwords cannot be checked")]
    NoRandomness,
}

/// Users with bcrypt-hashed passwords.
///
/// A password that was right once is remembered as a keyed hash, because bcrypt takes tens of milliseconds by design and clients
/// send the password with every request.
pub struct Htpasswd {
    hashes: HashMap<String, String>,
    /// Compared where the user does not exist, so that the answer takes as long.
    nobody: Option<String>,
    key: hmac::Key,
    verified: Mutex<HashMap<String, hmac::Tag>>,
    turns: Arc<Semaphore>,
}

/// How many passwords are compared at once.
const TURNS: usize = 2;

impl Htpasswd {
    /// Whoever compares a password takes one of these first.
    pub(crate) fn turns(&self) -> Arc<Semaphore> {
        Arc::clone(&self.turns)
    }

    /// Whether this was found to be the user's password before.
    pub(crate) fn remembers(&self, user: &str, password: &SecretString) -> bool {
        let known = self
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(user)
            .copied();
        let fingerprint = fingerprint(user, password);
        known.is_some_and(|tag| hmac::verify(&self.key, &fingerprint, tag.as_ref()).is_ok())
    }

    /// Whether this is the user's password. Takes tens of milliseconds: call it where that is no harm.
    pub(crate) fn verify(&self, user: &str, password: &SecretString) -> bool {
        let (Some(hash), exists) = (
            self.hashes.get(user).or(self.nobody.as_ref()),
            self.hashes.contains_key(user),
        ) else {
            return false;
        };
        let right = bcrypt::verify(password.expose_secret(), hash).unwrap_or(false) && exists;
        if right {
            let tag = hmac::sign(&self.key, &fingerprint(user, password));
            self.verified
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(user.to_owned(), tag);
        }
        right
    }

    /// Whether there is such a user.
    pub(crate) fn contains(&self, user: &str) -> bool {
        self.hashes.contains_key(user)
    }

    /// Whether both have the same users with the same hashes.
    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        self.hashes == other.hashes
    }

    /// The users who are missing in `next`, or have another hash there.
    pub(crate) fn ended_in(&self, next: &Self) -> BTreeSet<String> {
        let ended = self
            .hashes
            .iter()
            .filter(|(user, hash)| next.hashes.get(*user) != Some(hash));
        ended.map(|(user, _)| user.clone()).collect()
    }

    /// Takes over the remembered passwords of users who are the same in `earlier`: adding one user must not make everybody
    /// else wait for bcrypt again.
    pub(crate) fn remembering(mut self, earlier: &Self) -> Self {
        let ended = earlier.ended_in(&self);
        let known = earlier
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let kept = known.iter().filter(|(user, _)| !ended.contains(*user));
        self.verified = Mutex::new(kept.map(|(user, tag)| (user.clone(), *tag)).collect());
        self.key = earlier.key.clone();
        self.turns = Arc::clone(&earlier.turns);
        self
    }
}

fn fingerprint(user: &str, password: &SecretString) -> Vec<u8> {
    [user.as_bytes(), b"\0", password.expose_secret().as_bytes()].concat()
}

impl FromStr for Htpasswd {
    type Err = HtpasswdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut hashes = HashMap::new();
        for (line, entry) in text
            .lines()
            .enumerate()
            .map(|(number, entry)| (number + 1, entry.trim()))
        {
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let (user, hash) = entry
                .split_once(':')
                .filter(|(user, _)| !user.is_empty())
                .ok_or(HtpasswdError::Form(line))?;
            if hash.parse::<bcrypt::HashParts>().is_err() {
                return Err(HtpasswdError::Hash {
                    line,
                    user: user.to_owned(),
                });
            }
            let taken = matches!(user, "*" | "users") || user.contains(char::is_whitespace);
            if taken || hashes.insert(user.to_owned(), hash.to_owned()).is_some() {
                return Err(HtpasswdError::Name {
                    line,
                    user: user.to_owned(),
                });
            }
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
            .map_err(|_| HtpasswdError::NoRandomness)?;
        let nobody = hashes.values().next().cloned();
        Ok(Self {
            hashes,
            nobody,
            key,
            verified: Mutex::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
        })
    }
}

impl fmt::Debug for Htpasswd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Htpasswd")
            .field("users", &self.hashes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_the_right_user_is_accepted() {
        let hash = bcrypt::hash("secret", 4).unwrap();
        let users: Htpasswd = format!("# users\nrobot:{hash}\n").parse().unwrap();
        for _ in 0..2 {
            assert!(users.verify("robot", &"secret".into()));
            assert!(!users.verify("robot", &"Secret".into()));
            assert!(!users.verify("robot", &"".into()));
            assert!(!users.verify("other", &"secret".into()));
        }
        assert!(!format!("{users:?}").contains(&hash));
    }

    #[test]
    fn a_remembered_password_is_taken_over_for_as_long_as_the_users_hash_stays() {
        let line =
            |user: &str, password: &str| format!("{user}:{}\n", bcrypt::hash(password, 4).unwrap());
        let (kept, old, new) = (
            line("kept", "a"),
            line("changed", "b"),
            line("changed", "c"),
        );
        let before: Htpasswd = format!("{kept}{old}{}", line("gone", "d")).parse().unwrap();
        for (user, password) in [("kept", "a"), ("changed", "b"), ("gone", "d")] {
            assert!(before.verify(user, &password.into()));
        }
        let after: Htpasswd = format!("{kept}{new}").parse().unwrap();
        assert!(!after.is_the_same_as(&before));
        let after = after.remembering(&before);
        let remembered: Vec<String> = after.verified.lock().unwrap().keys().cloned().collect();
        assert_eq!(remembered, ["kept"]);
        assert!(after.verify("kept", &"a".into()) && after.verify("changed", &"c".into()));
        assert!(!after.verify("changed", &"b".into()) && !after.verify("gone", &"d".into()));
    }

    #[test]
    fn files_that_htpasswd_did_not_write_with_bcrypt_are_refused() {
        let hash = bcrypt::hash("x", 4).unwrap();
        let parse = |text: &str| text.parse::<Htpasswd>().unwrap_err();
        assert_eq!(parse("\nrobot"), HtpasswdError::Form(2));
        assert_eq!(
            parse("robot:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
            HtpasswdError::Hash {
                line: 1,
                user: "robot".to_owned()
            }
        );
        assert_eq!(
            parse(&format!("a:{hash}\na:{hash}")),
            HtpasswdError::Name {
                line: 2,
                user: "a".to_owned()
            }
        );
        assert_eq!(
            parse(&format!("users:{hash}")),
            HtpasswdError::Name {
                line: 1,
                user: "users".to_owned()
            }
        );
    }
}
