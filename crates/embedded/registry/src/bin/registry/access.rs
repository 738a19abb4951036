//! Who may do what, from the command line's files.

use std::net::SocketAddr;

use registry::access::{Access, AccessFileError, AccessFiles, LogIn, TokenSettings};

use crate::arguments::{self, Arguments};

pub(crate) fn access(
    arguments: &Arguments,
    address: SocketAddr,
) -> Result<Access, AccessFileError> {
    let Some(htpasswd) = arguments.htpasswd.clone() else {
        return Ok(Access::anonymous());
    };
    let login = match arguments.authentication {
        arguments::LogIn::Basic => LogIn::Basic,
        arguments::LogIn::Token => {
            let plain = arguments
                .plain_http
                .then(|| format!("http://{address}/token"));
            LogIn::Token(TokenSettings {
                realm: arguments.token_realm.clone().or(plain),
                ..TokenSettings::default()
            })
        }
    };
    let rules = arguments.rules.clone();
    Access::watching(AccessFiles { htpasswd, rules }, login)
}
