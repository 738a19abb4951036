//! An API server, a registry and the stand-ins, with all fixtures applied.

use std::{ffi::OsString, fmt::Debug, fs, path::Path, sync::Arc, time::Duration};

use api_server::{ApiServer, ServerTls};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use konflux_api::{INTERNAL_REGISTRY_HOST, tekton::RunCondition};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::wait::{await_condition, conditions},
};
use registry::{Registry, access::Access, storage::Memory};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stand_ins::{KubernetesAccess, Options, StepEnvironment};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::certificates::Authority;

/// The first argument that makes this binary the probe.
pub(crate) const PROBE: &str = "__probe";

/// How long a test waits for something before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A deployment in this process.
pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) registry_client: oci::Client,
    pub(crate) folder: TempDir,
    options: Options,
    stand_ins: Option<(CancellationToken, JoinHandle<Result<(), stand_ins::Error>>)>,
}

impl Scene {
    /// A deployment whose steps are the real probe.
    pub(crate) async fn start() -> Self {
        Self::start_with_registry(Access::anonymous()).await
    }

    /// A deployment whose steps are the real probe, and whose registry has rules.
    pub(crate) async fn start_with_registry(access: Access) -> Self {
        let program = std::env::current_exe().unwrap();
        Self::start_with(vec![program.into(), PROBE.into()], access).await
    }

    /// A deployment whose steps are shell scripts: the first argument of a step is the script.
    pub(crate) async fn start_with_shell() -> Self {
        let shell = vec!["/bin/sh".into(), "-c".into()];
        Self::start_with(shell, Access::anonymous()).await
    }

    async fn start_with(probe_command: Vec<OsString>, access: Access) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let registry_port = serve_registry(&authority, access).await;
        let api_port = serve_api(&authority, folder.path()).await;
        let client = client(&authority, api_port).await;
        let endpoints = format!("{INTERNAL_REGISTRY_HOST}=localhost:{registry_port}");
        let steps = StepEnvironment {
            probe_command,
            work_dir: folder.path().join("steps"),
            logs_dir: folder.path().join("logs"),
            environment: vec![(
                "KONFLUX_LOCAL_REGISTRY_ENDPOINTS".to_owned(),
                endpoints.clone(),
            )],
            kubernetes: KubernetesAccess {
                host: "localhost".to_owned(),
                port: api_port,
                ca_pem: authority.certificate_pem.clone(),
            },
        };
        let registry_client = oci::Client::builder()
            .endpoints(endpoints.parse().unwrap())
            .ca_certificate_pem(authority.certificate_pem.clone())
            .build()
            .unwrap();
        let options = Options::new(steps, authority.certificate_pem.clone());
        let mut scene = Self {
            client,
            registry_client,
            folder,
            options,
            stand_ins: None,
        };
        for part in ["crds", "stand-ins", "pipelines", "tenants"] {
            scene.apply_fixtures(part).await;
        }
        scene.start_stand_ins();
        scene
    }

    pub(crate) fn start_stand_ins(&mut self) {
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(stand_ins::run(
            self.client.clone(),
            self.options.clone(),
            shutdown.clone(),
        ));
        self.stand_ins = Some((shutdown, running));
    }

    /// The certificate of the deployment's own authority.
    pub(crate) fn options_pem(&self) -> String {
        self.options.trust_bundle_pem.trim().to_owned()
    }

    pub(crate) async fn stop_stand_ins(&mut self) {
        let (shutdown, running) = self.stand_ins.take().unwrap();
        shutdown.cancel();
        running.await.unwrap().unwrap();
    }

    /// Applies every file of a folder of the fixtures.
    pub(crate) async fn apply_fixtures(&self, folder: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../fixtures")
            .join(folder);
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let mut definitions = Vec::new();
        for file in files {
            let documents: Vec<Value> =
                serde_saphyr::from_multiple(&fs::read_to_string(file).unwrap()).unwrap();
            for document in documents {
                let applied = self.apply(document).await;
                if applied
                    .types
                    .as_ref()
                    .is_some_and(|types| types.kind == "CustomResourceDefinition")
                {
                    definitions.push(applied.name_any());
                }
            }
        }
        let api: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        for name in definitions {
            tokio::time::timeout(
                PATIENCE,
                await_condition(api.clone(), &name, conditions::is_crd_established()),
            )
            .await
            .unwrap()
            .unwrap();
        }
    }

    /// Applies an object of any kind.
    pub(crate) async fn apply(&self, object: Value) -> DynamicObject {
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let types = object.types.clone().unwrap();
        let resource = ApiResource::from_gvk(&types.try_into().unwrap());
        let api: Api<DynamicObject> = match object.namespace() {
            Some(namespace) => Api::namespaced_with(self.client.clone(), &namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        };
        let parameters = PatchParams::apply("test").force();
        api.patch(&object.name_any(), &parameters, &Patch::Apply(&object))
            .await
            .unwrap()
    }

    /// Creates a Tekton run.
    pub(crate) async fn create<K>(&self, namespace: &str, object: Value) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + serde::Serialize
            + DeserializeOwned
            + Clone
            + Debug,
    {
        let object: K = serde_json::from_value(object).unwrap();
        self.api::<K>(namespace)
            .create(&PostParams::default(), &object)
            .await
            .unwrap()
    }

    pub(crate) fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Waits until an object is as wanted.
    pub(crate) async fn until<K>(
        &self,
        namespace: &str,
        name: &str,
        wanted: impl Fn(&K) -> bool,
    ) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + DeserializeOwned
            + Clone
            + Debug
            + Send
            + 'static,
    {
        let api = self.api::<K>(namespace);
        let wait = await_condition(api.clone(), name, |object: Option<&K>| {
            object.is_some_and(&wanted)
        });
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(found) => found.unwrap().unwrap(),
            Err(_) => panic!(
                "{name} did not become as wanted: {:#?}",
                api.get_opt(name).await
            ),
        }
    }

    /// Waits until one object of a list is as wanted.
    pub(crate) async fn until_any<K>(&self, namespace: &str, wanted: impl Fn(&K) -> bool) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + DeserializeOwned
            + Clone
            + Debug
            + Send
            + 'static,
    {
        use futures::TryStreamExt as _;
        use kube::runtime::{WatchStreamExt as _, watcher};
        let mut objects = std::pin::pin!(
            watcher(self.api::<K>(namespace), watcher::Config::default()).applied_objects()
        );
        let search = async {
            while let Some(object) = objects.try_next().await.unwrap() {
                if wanted(&object) {
                    return object;
                }
            }
            panic!("the watch ended");
        };
        tokio::time::timeout(PATIENCE, search)
            .await
            .unwrap_or_else(|_| panic!("no object of {namespace} became as wanted"))
    }

    /// Deletes a namespace and waits until it is gone.
    pub(crate) async fn delete_namespace(&self, name: &str) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
        let gone = await_condition(namespaces.clone(), name, |namespace: Option<&Namespace>| {
            namespace.is_none()
        });
        if tokio::time::timeout(PATIENCE, gone).await.is_err() {
            panic!("the namespace stays: {:#?}", namespaces.get_opt(name).await);
        }
    }

    /// What a step wrote.
    pub(crate) fn log(&self, namespace: &str, pod: &str, container: &str) -> String {
        let path = self
            .folder
            .path()
            .join("logs")
            .join(namespace)
            .join(pod)
            .join(format!("{container}.log"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The files that running steps have at the moment.
    pub(crate) fn files_of_runs(&self) -> usize {
        fs::read_dir(self.folder.path().join("steps/runs"))
            .unwrap()
            .count()
    }
}

/// Whether the condition `Succeeded` is decided.
pub(crate) fn is_done(conditions: &[RunCondition]) -> bool {
    konflux_api::tekton::succeeded(conditions).is_some_and(RunCondition::is_done)
}

/// The reason and the message of the condition `Succeeded`.
pub(crate) fn verdict(conditions: &[RunCondition]) -> (String, String) {
    let condition = konflux_api::tekton::succeeded(conditions).unwrap();
    (
        condition.reason.clone().unwrap_or_default(),
        condition.message.clone().unwrap_or_default(),
    )
}

async fn serve_registry(authority: &Authority, access: Access) -> u16 {
    let certificate = authority.server();
    let tls =
        registry::tls::server_config(&certificate.certificate_pem, &certificate.key_pem).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = registry::Options {
        access,
        ..registry::Options::default()
    };
    let router = Registry::new(Arc::new(Memory::new()), options).router();
    tokio::spawn(registry::serve(
        listener,
        tls,
        router,
        CancellationToken::new(),
    ));
    port
}

async fn serve_api(authority: &Authority, folder: &Path) -> u16 {
    let certificate = authority.server();
    let options = api_server::Options {
        data_dir: folder.join("data"),
        pod_logs_dir: Some(folder.join("logs")),
        ..api_server::Options::default()
    };
    let tls = ServerTls {
        certificate_chain_pem: certificate.certificate_pem,
        private_key_pem: certificate.key_pem,
        client_ca_pem: authority.certificate_pem.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = ApiServer::open(options).unwrap();
    tokio::spawn(server.serve(listener, tls, CancellationToken::new()));
    port
}

async fn client(authority: &Authority, port: u16) -> Client {
    let administrator = authority.administrator();
    let kubeconfig = json!({
        "clusters": [{"name": "test", "cluster": {
            "server": format!("https://localhost:{port}"),
            "certificate-authority-data": STANDARD.encode(&authority.certificate_pem),
        }}],
        "users": [{"name": "test", "user": {
            "client-certificate-data": STANDARD.encode(&administrator.certificate_pem),
            "client-key-data": STANDARD.encode(&administrator.key_pem),
        }}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    });
    let kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}
