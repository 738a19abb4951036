//! What a program reads from standard input.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

#[derive(Debug, Clone)]
pub(super) enum Input {
    Nothing,
    Plain {
        content: String,
        copy: Option<PathBuf>,
    },
    Secret(SecretString),
}

impl Input {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Nothing => &[],
            Self::Plain { content, .. } => content.as_bytes(),
            Self::Secret(content) => content.expose_secret().as_bytes(),
        }
    }
}
