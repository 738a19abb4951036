//! An API server on a free port and a client for it.

use api_server::{ApiServer, Options, ServerTls};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use kube::api::{Api, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The namespace of every test; each test has a server of its own.
pub(crate) const NAMESPACE: &str = "user-ns1";

pub(crate) struct Server {
    pub(crate) client: Client,
    _data: TempDir,
    _shutdown: DropGuard,
}

impl Server {
    /// A server with the namespace in it.
    pub(crate) async fn start() -> Self {
        let server = Self::start_empty().await;
        server.create_namespace().await;
        server
    }

    pub(crate) async fn start_empty() -> Self {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (authority, authority_pem) = authority();
        let (certificate, key) = sign(&authority, "server", ExtendedKeyUsagePurpose::ServerAuth);
        let data = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: data.path().join("data"),
            ..Options::default()
        };
        let tls = ServerTls {
            certificate_chain_pem: certificate,
            private_key_pem: key,
            client_ca_pem: authority_pem.clone(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = CancellationToken::new();
        let served = ApiServer::open(options).unwrap();
        tokio::spawn(served.serve(listener, tls, shutdown.clone()));
        let (certificate, key) = sign(&authority, "admin", ExtendedKeyUsagePurpose::ClientAuth);
        let kubeconfig: Kubeconfig = serde_json::from_value(json!({
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://localhost:{port}"),
                "certificate-authority-data": STANDARD.encode(authority_pem),
            }}],
            "users": [{"name": "test", "user": {
                "client-certificate-data": STANDARD.encode(certificate),
                "client-key-data": STANDARD.encode(key),
            }}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }))
        .unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .unwrap();
        Self {
            client: Client::try_from(config).unwrap(),
            _data: data,
            _shutdown: shutdown.drop_guard(),
        }
    }

    pub(crate) async fn create_namespace(&self) {
        let namespace = Namespace {
            metadata: named(NAMESPACE),
            ..Namespace::default()
        };
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap();
    }

    pub(crate) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    pub(crate) fn service_accounts(&self) -> Api<ServiceAccount> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    /// Creates a Secret as a field manager does it.
    pub(crate) async fn create_secret(&self, manager: &str, secret: serde_json::Value) -> Secret {
        let secret: Secret = serde_json::from_value(secret).unwrap();
        let parameters = PostParams {
            field_manager: Some(manager.to_owned()),
            ..PostParams::default()
        };
        self.secrets().create(&parameters, &secret).await.unwrap()
    }

    /// Creates a ServiceAccount with linked Secrets.
    pub(crate) async fn create_service_account(&self, name: &str, secrets: &[&str]) {
        let links: Vec<_> = secrets.iter().map(|name| json!({"name": name})).collect();
        let account = json!({
            "metadata": {"name": name, "annotations": {"kept": "yes"}},
            "secrets": links,
            "imagePullSecrets": [{"name": "pull"}],
        });
        let account: ServiceAccount = serde_json::from_value(account).unwrap();
        self.service_accounts()
            .create(&PostParams::default(), &account)
            .await
            .unwrap();
    }
}

pub(crate) fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

fn sign(
    authority: &Issuer<'static, KeyPair>,
    name: &str,
    usage: ExtendedKeyUsagePurpose,
) -> (String, String) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, "system:masters");
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}
