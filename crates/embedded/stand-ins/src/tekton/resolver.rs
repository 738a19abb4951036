//! References to Pipelines and Tasks: by name, or by the `cluster` resolver.

use konflux_api::tekton::Param;

/// Where a referenced object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// Finds out which object of `kind` (`pipeline` or `task`) a reference means. Without a resolver it is one of the run's
/// namespace.
pub(crate) fn locate(
    kind: &str,
    name: Option<&str>,
    resolver: Option<&str>,
    params: &[Param],
    run_namespace: &str,
) -> Result<Location, String> {
    match (resolver, name) {
        (None, Some(name)) => Ok(Location {
            namespace: run_namespace.to_owned(),
            name: name.to_owned(),
        }),
        (None, None) => Err(format!(
            "the reference to a {kind} has neither a name nor a resolver"
        )),
        (Some("cluster"), _) => {
            let param = |name: &str| {
                params
                    .iter()
                    .find(|param| param.name == name)
                    .and_then(|param| param.value.as_str())
            };
            if let Some(unknown) = params
                .iter()
                .find(|param| !["kind", "name", "namespace"].contains(&param.name.as_str()))
            {
                return Err(format!(
                    "the cluster resolver does not know the parameter {:?}",
                    unknown.name
                ));
            }
            if param("kind") != Some(kind) {
                return Err(format!(
                    "the cluster resolver's parameter \"kind\" must be {kind:?} here"
                ));
            }
            match param("name") {
                Some(name) => Ok(Location {
                    namespace: param("namespace").unwrap_or(run_namespace).to_owned(),
                    name: name.to_owned(),
                }),
                None => Err("the cluster resolver needs the parameter \"name\"".to_owned()),
            }
        }
        (Some(other), _) => Err(format!(
            "the resolver {other:?} is not implemented by konflux-local's model of Tekton; \"cluster\" is"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(params: &[(&str, &str)]) -> Result<Location, String> {
        let params: Vec<Param> = params
            .iter()
            .map(|(name, value)| Param::string(name, value))
            .collect();
        locate("pipeline", None, Some("cluster"), &params, "user-ns1")
    }

    #[test]
    fn the_cluster_resolver_names_an_object_of_any_namespace() {
        let located = cluster(&[
            ("kind", "pipeline"),
            ("name", "build"),
            ("namespace", "shared"),
        ])
        .unwrap();
        assert_eq!(
            located,
            Location {
                namespace: "shared".to_owned(),
                name: "build".to_owned()
            }
        );
        assert_eq!(
            cluster(&[("kind", "pipeline"), ("name", "build")])
                .unwrap()
                .namespace,
            "user-ns1"
        );
    }

    #[test]
    fn what_the_resolver_cannot_use_is_named() {
        assert!(
            cluster(&[("kind", "task"), ("name", "x")])
                .unwrap_err()
                .contains("kind")
        );
        assert!(
            cluster(&[("kind", "pipeline")])
                .unwrap_err()
                .contains("name")
        );
        assert!(
            cluster(&[("kind", "pipeline"), ("bundle", "x")])
                .unwrap_err()
                .contains("bundle")
        );
        assert!(
            locate("task", None, Some("git"), &[], "ns")
                .unwrap_err()
                .contains("git")
        );
    }
}
