//! Where a registry that is named in a reference is reached from here.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::reference::{ReferenceError, check_registry};

/// Registry host as written in references → `host:port` to connect to. The one place where addresses are rewritten.
///
/// In its text form, `HOST=HOST:PORT,HOST2=HOST:PORT`, it travels in the environment variable [`Endpoints::VARIABLE`]. A registry
/// without an entry is reached under its own name; Docker Hub's API is at `registry-1.docker.io`.
///
/// ```
/// let endpoints: oci::Endpoints = "registry.example=localhost:5001".parse()?;
/// assert_eq!(endpoints.address("registry.example"), "localhost:5001");
/// assert_eq!(endpoints.address("quay.io"), "quay.io");
/// # Ok::<(), oci::EndpointsError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<String, String>);

impl Endpoints {
    /// The environment variable that carries endpoints to the steps of a pipeline.
    pub const VARIABLE: &'static str = "KONFLUX_LOCAL_REGISTRY_ENDPOINTS";

    /// No rewriting.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule: `registry` is reached at `address`.
    ///
    /// # Errors
    /// One of the two is not a `host` or `host:port`.
    pub fn with(mut self, registry: &str, address: &str) -> Result<Self, EndpointsError> {
        for host in [registry, address] {
            check_registry(host).map_err(EndpointsError::Host)?;
        }
        match self.0.insert(registry.to_owned(), address.to_owned()) {
            None => Ok(self),
            Some(_) => Err(EndpointsError::Twice(registry.to_owned())),
        }
    }

    /// The `host` or `host:port` to connect to for `registry`.
    #[must_use]
    pub fn address<'a>(&'a self, registry: &'a str) -> &'a str {
        match (self.0.get(registry), registry) {
            (Some(address), _) => address,
            (None, "docker.io" | "index.docker.io") => "registry-1.docker.io",
            (None, registry) => registry,
        }
    }

    /// True when nothing is rewritten.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Endpoints {
    type Err = EndpointsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .try_fold(Self::new(), |endpoints, rule| {
                let (registry, address) = rule
                    .split_once('=')
                    .ok_or_else(|| EndpointsError::NoEqualsSign(rule.to_owned()))?;
                endpoints.with(registry, address)
            })
    }
}

impl fmt::Display for Endpoints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (registry, address)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{registry}={address}")?;
        }
        Ok(())
    }
}

/// Why a text does not describe [`Endpoints`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointsError {
    /// A rule has no `=`.
    #[error("`{0}` is not a registry endpoint; write HOST=HOST:PORT")]
    NoEqualsSign(String),
    /// A side of a rule is not a host.
    #[error(transparent)]
    Host(ReferenceError),
    /// Two rules for one registry.
    #[error("registry `{0}` has two endpoints; keep one")]
    Twice(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_read_back() {
        let text = "a.example=localhost:5001,b.example=[::1]:443";
        let endpoints: Endpoints = text.parse().unwrap();
        assert_eq!(endpoints.to_string(), text);
        assert_eq!(endpoints.address("b.example"), "[::1]:443");
        assert_eq!("".parse(), Ok(Endpoints::new()));
        assert!(Endpoints::new().is_empty() && !endpoints.is_empty());
    }

    #[test]
    fn docker_hub_is_reached_at_its_api_host() {
        assert_eq!(
            Endpoints::new().address("docker.io"),
            "registry-1.docker.io"
        );
        let mirror = Endpoints::new()
            .with("docker.io", "localhost:5001")
            .unwrap();
        assert_eq!(mirror.address("docker.io"), "localhost:5001");
    }

    #[test]
    fn wrong_rules_are_refused_by_name() {
        let error = |text: &str| text.parse::<Endpoints>().unwrap_err();
        assert_eq!(
            error("a.example"),
            EndpointsError::NoEqualsSign("a.example".into())
        );
        assert_eq!(
            error("a.example=b.example,a.example=c.example"),
            EndpointsError::Twice("a.example".into())
        );
        assert!(matches!(
            error("a.example=https://b"),
            EndpointsError::Host(_)
        ));
    }
}
