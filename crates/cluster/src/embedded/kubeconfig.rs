//! The kubeconfig of an embedded cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::KeyPairPem;

/// Renders a kubeconfig with one cluster, one user and one context, all of them inline.
///
/// The document is JSON, which every YAML reader accepts.
#[must_use]
pub fn render(context: &str, server: &str, ca_pem: &str, client: &KeyPairPem) -> String {
    let encode = |text: &str| STANDARD.encode(text);
    let document: Value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {
            "server": server,
            "certificate-authority-data": encode(ca_pem),
        }}],
        "users": [{"name": context, "user": {
            "client-certificate-data": encode(&client.certificate),
            "client-key-data": encode(&client.key),
        }}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context, "namespace": "default"}}],
        "current-context": context,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_reads_what_is_rendered() {
        let client = KeyPairPem {
            certificate: "CERT".into(),
            key: "KEY".into(),
        };
        let text = render(
            "konflux-local-konflux",
            "https://127.0.0.1:6443",
            "CA",
            &client,
        );
        let config = kube::config::Kubeconfig::from_yaml(&text).unwrap();
        assert_eq!(
            config.current_context.as_deref(),
            Some("konflux-local-konflux")
        );
        let cluster = config.clusters[0].cluster.as_ref().unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:6443"));
    }
}
