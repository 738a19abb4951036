//! Which proxy a request goes through, for error texts: `reqwest` does not say.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// Which proxy to go through.
pub(super) enum ProxyChoice {
    /// What `HTTPS_PROXY`, `NO_PROXY` and their like say.
    Environment,
    /// None.
    Without,
    /// This URL, which may hold a login.
    Given(SecretString),
}

/// The proxy settings of a client.
pub(super) struct ProxySettings {
    matcher: Matcher,
    /// `None`: as the environment says, which `reqwest` reads by itself, the same way.
    given: Option<Vec<reqwest::Proxy>>,
}

impl ProxySettings {
    pub(super) fn new(choice: ProxyChoice) -> Result<Self, Error> {
        let (matcher, given) = match choice {
            ProxyChoice::Environment => (Matcher::from_system(), None),
            ProxyChoice::Without => (Matcher::builder().build(), Some(Vec::new())),
            ProxyChoice::Given(url) => {
                let url = url.expose_secret();
                // Its own error may repeat the URL.
                let proxy = reqwest::Proxy::https(url).map_err(|_| Error::ProxyAddress)?;
                (Matcher::builder().https(url).build(), Some(vec![proxy]))
            }
        };
        Ok(Self { matcher, given })
    }

    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match &self.given {
            Some(proxies) => proxies
                .iter()
                .cloned()
                .fold(builder.no_proxy(), reqwest::ClientBuilder::proxy),
            None => builder,
        }
    }

    /// `HOST[:PORT]` of the proxy for `url`, never with its login.
    pub(super) fn of(&self, url: &Url) -> Option<String> {
        let destination = url.as_str().parse().ok()?;
        let proxy = self.matcher.intercept(&destination)?;
        let address = proxy.uri().authority()?.as_str();
        let host = address.rsplit_once('@').map_or(address, |(_, host)| host);
        Some(host.to_owned())
    }
}
