//! What every namespace holds from its first moment on.

use serde_json::{Value, json};

use crate::random;
use crate::rest::now;
use crate::store::{Change, Expected, Key};

/// Namespaces that every cluster has.
pub(crate) const INITIAL: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Namespaces that cannot be deleted (NamespaceLifecycle in k8s.io/apiserver).
pub(crate) const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

/// The ServiceAccount `default` and the ConfigMap `kube-root-ca.crt` of a new namespace.
pub(crate) fn initial_objects(namespace: &str, root_certificate_pem: &str) -> [Change; 2] {
    let service_account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(namespace, "default"),
    });
    let mut root_certificate = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(namespace, "kube-root-ca.crt"),
        "data": {"ca.crt": root_certificate_pem},
    });
    root_certificate["metadata"]["annotations"] = json!({
        "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
    });
    [
        put("serviceaccounts", namespace, "default", service_account),
        put(
            "configmaps",
            namespace,
            "kube-root-ca.crt",
            root_certificate,
        ),
    ]
}

fn metadata(namespace: &str, name: &str) -> Value {
    json!({"name": name, "namespace": namespace, "uid": random::uuid(), "creationTimestamp": now()})
}

fn put(plural: &str, namespace: &str, name: &str, object: Value) -> Change {
    Change::Put {
        key: Key::new("", plural, namespace, name),
        expected: Expected::Absent,
        object,
    }
}
