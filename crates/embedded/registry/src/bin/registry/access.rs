//! Who may do what, from the command line's files.

use std::net::SocketAddr;

use anyhow::Context as _;
use registry::access::{Access, Htpasswd, Rules, TokenSettings};

use crate::arguments::{Arguments, LogIn};
use crate::read;

pub(crate) fn access(arguments: &Arguments, address: SocketAddr) -> anyhow::Result<Access> {
    let Some(path) = &arguments.htpasswd else {
        return Ok(Access::anonymous());
    };
    let users: Htpasswd = read(path)?
        .parse()
        .with_context(|| path.display().to_string())?;
    let access = match arguments.authentication {
        LogIn::Basic => Access::htpasswd(users),
        LogIn::Token => {
            let plain = arguments
                .plain_http
                .then(|| format!("http://{address}/token"));
            let realm = arguments.token_realm.clone().or(plain);
            Access::tokens(
                users,
                TokenSettings {
                    realm,
                    ..TokenSettings::default()
                },
            )?
        }
    };
    let Some(path) = &arguments.rules else {
        return Ok(access);
    };
    let rules: Rules = read(path)?
        .parse()
        .with_context(|| path.display().to_string())?;
    Ok(access.with_rules(rules))
}
