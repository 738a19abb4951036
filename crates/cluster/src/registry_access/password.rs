//! Passwords that nobody has to remember.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;

use super::AccountsError;

/// Random bytes in a password: 192 bits, 32 characters of base64.
const LENGTH: usize = 24;

/// A password that nobody can guess, of characters that need no quoting anywhere.
///
/// # Errors
///
/// [`AccountsError::NoRandomness`].
pub fn generate_password() -> Result<SecretString, AccountsError> {
    let mut random = [0; LENGTH];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| AccountsError::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(random).into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_password_is_long_and_never_the_same() {
        let (one, other) = (generate_password().unwrap(), generate_password().unwrap());
        assert_eq!(one.expose_secret().len(), 32);
        assert_ne!(one.expose_secret(), other.expose_secret());
    }
}
