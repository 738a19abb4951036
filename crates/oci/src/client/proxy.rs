//! Which proxy a request goes through, for error texts: `reqwest` does not say.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::Error;

/// The proxy settings of a client: those of the environment (`HTTPS_PROXY`, `NO_PROXY`, …), or a given one.
pub(super) struct ProxySettings {
    matcher: Matcher,
    given: Option<reqwest::Proxy>,
}

impl ProxySettings {
    /// What `reqwest` reads by itself, read the same way.
    pub(super) fn from_environment() -> Self {
        Self {
            matcher: Matcher::from_system(),
            given: None,
        }
    }

    pub(super) fn given(url: &str) -> Result<Self, Error> {
        let given = reqwest::Proxy::https(url).map_err(|_| {
            Error::Tls("the given proxy is not a URL such as http://proxy.example:3128".into())
        })?;
        Ok(Self {
            matcher: Matcher::builder().https(url).build(),
            given: Some(given),
        })
    }

    pub(super) fn apply(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        match &self.given {
            Some(proxy) => builder.no_proxy().proxy(proxy.clone()),
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
