//! Fields of a spec that the typed structs do not name.

use std::collections::BTreeMap;

use serde_json::Value;

/// Fields by their JSON name, as given.
pub type UnmodelledFields = BTreeMap<String, Value>;

/// A part of a spec that can name the fields in it which the typed structs do not know.
pub trait Modelled {
    /// Adds the path of every unknown field below `path` to `found`.
    fn collect_unmodelled(&self, path: &str, found: &mut Vec<String>);

    /// The paths of all unknown fields, such as `tasks[1].matrix`.
    ///
    /// ```
    /// use konflux_api::tekton::{Modelled, PipelineSpec};
    ///
    /// let spec: PipelineSpec = serde_json::from_value(serde_json::json!({
    ///     "tasks": [{"name": "build", "matrix": {}}],
    /// }))?;
    /// assert_eq!(spec.unmodelled_fields("spec"), ["spec.tasks[0].matrix"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn unmodelled_fields(&self, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_unmodelled(path, &mut found);
        found
    }
}

impl<T: Modelled> Modelled for Vec<T> {
    fn collect_unmodelled(&self, path: &str, found: &mut Vec<String>) {
        for (index, item) in self.iter().enumerate() {
            item.collect_unmodelled(&format!("{path}[{index}]"), found);
        }
    }
}

impl<T: Modelled> Modelled for Option<T> {
    fn collect_unmodelled(&self, path: &str, found: &mut Vec<String>) {
        if let Some(item) = self {
            item.collect_unmodelled(path, found);
        }
    }
}

/// Implements [`Modelled`] for a struct with a field `unmodelled`; the listed fields are looked into.
macro_rules! modelled {
    ($type:ty { $($field:ident: $name:literal),* }) => {
        impl $crate::tekton::Modelled for $type {
            fn collect_unmodelled(&self, path: &str, found: &mut Vec<String>) {
                found.extend(self.unmodelled.keys().map(|name| format!("{path}.{name}")));
                $($crate::tekton::Modelled::collect_unmodelled(&self.$field, &format!("{path}.{}", $name), found);)*
            }
        }
    };
}

pub(crate) use modelled;
