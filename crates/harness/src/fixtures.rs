//! The project's fixtures, as far as scenarios use them.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use kube::api::DynamicObject;

static SAMPLE: Dir<'_> =
    include_dir!("$CARGO_MANIFEST_DIR/../../fixtures/sources/sample-component");
const TENANT: &str = include_str!("../../../fixtures/tenants/user-ns1.yaml");
const MANAGED: &str = include_str!("../../../fixtures/tenants/managed-ns1.yaml");

/// The objects of the demo tenants, under other namespaces: scenarios have exactly what users have.
pub(crate) fn tenant(
    namespace: &str,
    managed_namespace: &str,
) -> Result<Vec<DynamicObject>, serde_saphyr::Error> {
    let mut objects = Vec::new();
    for text in [TENANT, MANAGED] {
        let renamed = text
            .replace("user-ns1", namespace)
            .replace("managed-ns1", managed_namespace);
        objects.extend(serde_saphyr::from_multiple::<DynamicObject>(&renamed)?);
    }
    Ok(objects)
}

/// The files of the sample component, path → content.
pub(crate) fn sample_source() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![&SAMPLE];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        let named = |file: &include_dir::File<'_>| {
            (
                file.path().to_string_lossy().into_owned(),
                file.contents().to_vec(),
            )
        };
        files.extend(folder.files().map(named));
    }
    files
}

#[cfg(test)]
mod tests {
    use kube::ResourceExt;

    use super::*;

    #[test]
    fn a_tenant_is_the_demo_tenant_under_other_names() {
        let objects = tenant("story-1", "story-1-managed").unwrap();
        let namespaces: Vec<String> = objects
            .iter()
            .filter(|object| object.namespace().is_none())
            .map(ResourceExt::name_any)
            .collect();
        assert_eq!(namespaces, ["story-1", "story-1-managed"]);
        assert!(
            objects
                .iter()
                .filter_map(ResourceExt::namespace)
                .all(|namespace| namespaces.contains(&namespace))
        );
        assert!(!serde_json::to_string(&objects).unwrap().contains("-ns1"));
    }

    #[test]
    fn the_sample_has_files_in_folders() {
        let files = sample_source();
        assert!(files.contains_key("Dockerfile") && files.contains_key("static/index.html"));
    }
}
