//! Where registries answer: what DNS and Services say to pods, a ConfigMap says to processes of this host.

use k8s_openapi::api::core::v1::ConfigMap;
use konflux_api::names;
use kube::{Api, Client};
use oci::Endpoints;

use super::plan::invalid;
use crate::{error::ReconcileError, tekton::Failure};

/// Adds the endpoints of a namespace to the variables that steps get, if it has any.
pub(super) async fn add(
    client: Client,
    namespace: &str,
    variables: &mut Vec<(String, String)>,
) -> Result<Result<(), Failure>, ReconcileError> {
    let config_maps: Api<ConfigMap> = Api::namespaced(client, namespace);
    let config_map = config_maps.get_opt(names::REGISTRY_ENDPOINTS).await?;
    Ok(match config_map {
        Some(config_map) => merge(&config_map, variables).map_err(|problem| {
            invalid(format!(
                "the ConfigMap {namespace}/{}: {problem}",
                names::REGISTRY_ENDPOINTS
            ))
        }),
        None => Ok(()),
    })
}

/// The deployment's own registry keeps its address: two endpoints for one registry are an error.
fn merge(config_map: &ConfigMap, variables: &mut Vec<(String, String)>) -> Result<(), String> {
    let key = names::REGISTRY_ENDPOINTS_KEY;
    let data = config_map.data.as_ref();
    let further = data.and_then(|data| data.get(key));
    let further = further.ok_or_else(|| format!("it has no key {key}"))?;
    let known = variables
        .iter()
        .position(|(name, _)| name == Endpoints::VARIABLE);
    let own = known.map_or("", |index| variables[index].1.as_str());
    let together: Endpoints = format!("{own},{further}")
        .parse()
        .map_err(|error: oci::EndpointsError| error.to_string())?;
    match known {
        Some(index) => variables[index].1 = together.to_string(),
        None => variables.push((Endpoints::VARIABLE.to_owned(), together.to_string())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(data: &[(&str, &str)], own: &[&str]) -> Result<Vec<String>, String> {
        let data = data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let config_map = ConfigMap {
            data: Some(data.collect()),
            ..ConfigMap::default()
        };
        let own = own
            .iter()
            .map(|text| (Endpoints::VARIABLE.to_owned(), (*text).to_owned()));
        let mut variables: Vec<(String, String)> = own.collect();
        merge(&config_map, &mut variables)?;
        Ok(variables.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn the_endpoints_of_a_namespace_come_beside_the_deployments_own() {
        let further = [("endpoints", "b.example=localhost:2")];
        let together = merged(&further, &["a.example=localhost:1"]).unwrap();
        assert_eq!(together, ["a.example=localhost:1,b.example=localhost:2"]);
        assert_eq!(merged(&further, &[]).unwrap(), ["b.example=localhost:2"]);
    }

    #[test]
    fn nobody_moves_the_deployments_own_registry() {
        let moved = [("endpoints", "a.example=localhost:2")];
        let refused = merged(&moved, &["a.example=localhost:1"]).unwrap_err();
        assert!(refused.contains("has two endpoints"), "{refused}");
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        assert!(merged(&[("other", "x")], &[]).is_err());
        assert!(merged(&[("endpoints", "x")], &[]).is_err());
    }
}
