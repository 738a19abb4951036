//! Names to addresses: the operating system's answer, with an error that can be told from other failures to connect.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A host name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the name `{host}` does not resolve: {source}")]
pub(super) struct NameError {
    pub(super) host: String,
    pub(super) source: std::io::Error,
}

/// Asks the operating system, as `reqwest` does when left alone; its error for this is no public type.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            // Port 0 stands for the one of the URL.
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            let addresses: Result<Vec<SocketAddr>, _> = found.map(Iterator::collect);
            match addresses {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                Err(source) => Err(NameError { host, source }.into()),
            }
        })
    }
}
