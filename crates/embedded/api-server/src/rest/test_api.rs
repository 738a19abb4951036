//! An API over a store of its own, with no HTTP in front: for tests that are about one moment within a request.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::{Api, WritesUnderWay};
use crate::authentication::Identity;
use crate::catalog::LiveCatalog;
use crate::custom_resource::DefinitionsLock;
use crate::http::query::Query;
use crate::store::Store;
use crate::token::Signer;

/// An API; its store is removed at the end.
pub(crate) struct TestApi {
    pub(crate) api: Arc<Api>,
    _folder: TempDir,
}

impl TestApi {
    /// An API over an empty store.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, _closed) = Store::open(&folder.path().join("objects.redb")).unwrap();
        Self {
            api: Arc::new(over(store)),
            _folder: folder,
        }
    }

    /// What a server has that was killed and started again: the store and nothing else.
    pub(crate) fn restarted(&mut self) {
        self.api = Arc::new(over(self.api.store.clone()));
    }

    /// A request on a namespace, plural and name, each empty where the path has none; a PATCH is server-side apply.
    pub(crate) fn call(
        &self,
        method: Method,
        group: &str,
        (namespace, plural, name): (&str, &str, &str),
        body: &Value,
    ) -> Call {
        let catalog = self.api.catalog.snapshot();
        let mut headers = HeaderMap::new();
        if method == Method::PATCH {
            let media_type = http::HeaderValue::from_static("application/apply-patch+yaml");
            headers.insert(http::header::CONTENT_TYPE, media_type);
        }
        Call {
            query: Query::parse("fieldManager=test").unwrap(),
            headers,
            identity: Arc::new(Identity::service_account("default", "test", "")),
            body: if body.is_null() {
                bytes::Bytes::new()
            } else {
                body.to_string().into()
            },
            resource: Arc::clone(catalog.find_in_any_version(group, plural).unwrap()),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: None,
            method,
        }
    }

    /// Performs a request that must succeed.
    pub(crate) async fn perform(&self, call: Call) -> StatusCode {
        Box::pin(Arc::clone(&self.api).perform(call))
            .await
            .unwrap()
            .status()
    }

    /// Waits until everything that was sent to the store has been stored: its writer takes one after the other.
    pub(crate) async fn stored(&self) {
        self.api.store.commit(Vec::new()).await.unwrap();
    }
}

fn over(store: Store) -> Api {
    Api {
        store,
        catalog: LiveCatalog::of_built_ins(),
        definitions: DefinitionsLock::default(),
        writes: WritesUnderWay::new(),
        signer: Signer::new(&[0; 32]),
        pod_logs_dir: None,
        root_certificate_pem: "certificate".to_owned(),
        shutdown: CancellationToken::new(),
    }
}
