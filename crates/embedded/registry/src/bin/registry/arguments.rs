//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use registry::Options;
use registry::access::Access;
use registry::storage::Durability;

/// An OCI distribution registry: every byte verified, in memory or in a directory that other tools can read.
///
/// Prints its URL on standard output once it accepts connections, and its log on standard error (RUST_LOG says how much).
/// Ends at SIGINT or SIGTERM with exit code 0; with 1 when it cannot serve; with 2 when it is used wrongly.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,

    /// PEM file with the server's certificate and those of the authorities between it and the root.
    #[arg(long, value_name = "FILE", required_unless_present = "plain_http")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(long, value_name = "FILE", required_unless_present = "plain_http")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Serve without TLS, on a loopback address only.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) plain_http: bool,

    /// Where content is kept: a directory, or `memory` for as long as the process lives.
    #[arg(long, value_name = "DIRECTORY|memory")]
    pub(crate) storage: Place,

    /// Wait for the disk before every acknowledgement, so that content survives a loss of power, not only kill -9.
    #[arg(long)]
    pub(crate) sync: bool,

    /// Longest manifest that is accepted, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = Options::default().manifest_size_limit)]
    pub(crate) manifest_size_limit: usize,

    /// How many blob uploads may be open at once.
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().open_uploads_limit)]
    pub(crate) open_uploads_limit: usize,

    /// How long an upload may be left untouched and a request body stalled, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().idle_limit.as_secs(), value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) idle_limit: u64,

    /// Accept manifests and indexes that name content which is not in the repository.
    #[arg(long)]
    pub(crate) sparse_manifests: bool,

    /// File with users and bcrypt hashes, as `htpasswd -B` writes it. Without it nobody is asked who they are. A change of it,
    /// and of the rules, holds from the next request on; a damaged file changes nothing and is named in the log.
    #[arg(long, value_name = "FILE")]
    pub(crate) htpasswd: Option<PathBuf>,

    /// How users log in: with HTTP Basic at every request, or once for a bearer token.
    #[arg(long, value_name = "KIND", value_enum, default_value_t = LogIn::Basic, requires = "htpasswd")]
    pub(crate) authentication: LogIn,

    /// URL of the token endpoint as clients reach it, when that is not https://<host they asked>/token.
    #[arg(long, value_name = "URL", requires = "htpasswd")]
    pub(crate) token_realm: Option<String>,

    /// File with one rule per line, `WHO RIGHTS PREFIX`: a user, `users` or `*`; pull, push or pull,push; a repository or `*`.
    /// Without it every user may do everything.
    #[arg(long, value_name = "FILE", requires = "htpasswd")]
    pub(crate) rules: Option<PathBuf>,
}

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogIn {
    Basic,
    Token,
}

/// A choice of store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Memory,
    Directory(PathBuf),
}

impl FromStr for Place {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "memory" => Self::Memory,
            path => Self::Directory(path.into()),
        })
    }
}

impl Arguments {
    pub(crate) fn options(&self, access: Access) -> Options {
        Options {
            manifest_size_limit: self.manifest_size_limit,
            open_uploads_limit: self.open_uploads_limit,
            idle_limit: Duration::from_secs(self.idle_limit),
            sparse_manifests: self.sparse_manifests,
            access,
        }
    }

    pub(crate) fn durability(&self) -> Durability {
        if self.sync {
            Durability::PowerLoss
        } else {
            Durability::ProcessEnd
        }
    }
}
