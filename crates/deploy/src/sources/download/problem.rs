//! What may go wrong with a download, and whether another try may help.

use std::error::Error;
use std::time::Duration;

use super::DownloadOptions;
use super::client::Unfollowed;
use crate::plan::chain;

/// A file could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("cannot fetch {url}: {problem}")]
pub struct DownloadError {
    /// What was asked for, without a login.
    pub url: String,
    /// What went wrong, the last time.
    pub problem: Problem,
}

/// What went wrong with a download.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The server said no.
    #[error("the server{} answered {status}{}", at(.by), advice(*.status))]
    Answer {
        /// The HTTP status.
        status: u16,
        /// The host that answered, if the request was redirected to another one.
        by: Option<String>,
    },
    /// The server could not be reached, or its identity not be verified.
    #[error(
        "the server cannot be reached: {0}; behind a proxy set HTTPS_PROXY, without a network use --sources DIR"
    )]
    Unreachable(String),
    /// The server said nothing.
    #[error("the server was silent for {:.1} s", .0.as_secs_f64())]
    Silent(Duration),
    /// The transfer ended before the file did.
    #[error("the transfer broke off after {received} bytes: {reason}")]
    Broken {
        /// How much had arrived.
        received: u64,
        /// What was seen.
        reason: String,
    },
    /// The file is larger than any release.
    #[error("it is larger than {limit} bytes, which no release of it is")]
    TooLarge {
        /// The limit, bytes.
        limit: u64,
    },
    /// The server sent us somewhere where we do not go.
    #[error("its redirections were not followed: {0}")]
    Redirection(String),
    /// The proxy's address is no address.
    #[error("the address of the proxy cannot be used; it looks like http://HOST:PORT")]
    Proxy,
    /// Nobody could be trusted.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl Problem {
    /// Sorts an error of the client; `received` is how much of the answer's body had arrived, if it was being read.
    pub(super) fn of(
        error: reqwest::Error,
        options: &DownloadOptions,
        received: Option<u64>,
    ) -> Self {
        if error.is_redirect() {
            return Self::Redirection(unfollowed(&error));
        }
        let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
        // The address that it would show may be that of a redirection, with a token in it.
        let reason = chain(&error.without_url());
        match (is_connect, is_timeout, received) {
            (true, ..) => Self::Unreachable(reason),
            (_, true, _) => Self::Silent(options.silence_limit),
            (.., received) => Self::Broken {
                received: received.unwrap_or(0),
                reason,
            },
        }
    }

    /// May another try help?
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Silent(_) | Self::Broken { .. } => true,
            Self::Answer { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            Self::TooLarge { .. } | Self::Redirection(_) | Self::Proxy | Self::Tls(_) => false,
        }
    }
}

/// Our own reason; the client's would show addresses.
fn unfollowed(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(reason) = error.downcast_ref::<Unfollowed>() {
            return reason.to_string();
        }
        cause = error.source();
    }
    "the server sends to no address that can be asked".to_owned()
}

fn at(by: &Option<String>) -> String {
    by.as_ref()
        .map(|host| format!(" ({host}, to which it was redirected)"))
        .unwrap_or_default()
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => "; a mirror that asks for a login takes it in its address",
        404 | 410 => "; the release may have been moved or removed",
        407 => "; the proxy asks for a login, which HTTPS_PROXY may hold",
        _ => "",
    }
}
