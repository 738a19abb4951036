//! What the tests of `kubectl` apply.

use super::TestServer;
use super::kubectl::Kubectl;

/// Defines widgets.
pub const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets, singular: widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, description: how big it is}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

/// A namespace with something in it.
pub const TENANT: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: tenant}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: tenant}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: tenant}
data: {colour: red}
";

/// A server that knows widgets.
pub async fn server_with_widgets() -> (TestServer, Kubectl) {
    let server = TestServer::start().await;
    let kubectl = Kubectl::of(&server);
    kubectl
        .run_with_input(&["apply", "-f", "-"], DEFINITION)
        .await;
    kubectl
        .run(&[
            "wait",
            "--for=condition=Established",
            "crd/widgets.example.com",
            "--timeout=10s",
        ])
        .await;
    (server, kubectl)
}

/// The widget `a` in `default`, as JSON: old versions of `kubectl` read no YAML that starts with a brace.
pub fn widget(size: u32) -> String {
    let metadata = r#"{"name": "a", "namespace": "default"}"#;
    format!(
        r#"{{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {metadata}, "spec": {{"size": {size}}}}}"#
    )
}

/// A pod of one container, in the current namespace.
pub const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: main, image: i}]}
";
