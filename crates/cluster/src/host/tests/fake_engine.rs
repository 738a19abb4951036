//! An engine on a socket that answers as a test wants.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::UnixListener;

/// What the fake says. Change a field, then [`FakeEngine::listen`].
#[derive(Debug, Clone)]
pub(super) struct FakeEngine {
    pub(super) version: Value,
    pub(super) info: Value,
    pub(super) containers: Value,
    pub(super) images: Vec<&'static str>,
}

impl FakeEngine {
    /// A Docker as it should be.
    pub(super) fn docker() -> Self {
        Self {
            version: json!({
                "Version": "28.2.2",
                "ApiVersion": "1.50",
                "Components": [{"Name": "Engine", "Version": "28.2.2"}],
            }),
            info: json!({
                "Driver": "overlay2",
                "DockerRootDir": "/var/lib/docker",
                "MemTotal": 32_u64 * 1024 * 1024 * 1024,
                "NCPU": 8,
                "CgroupVersion": "2",
                "CgroupDriver": "systemd",
                "OSType": "linux",
                "Architecture": "x86_64",
                "OperatingSystem": "Fedora Linux 44",
                "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
                "MemoryLimit": true,
                "PidsLimit": true,
                "CPUShares": true,
                "SystemTime": jiff::Timestamp::now().to_string(),
            }),
            containers: json!([]),
            images: Vec::new(),
        }
    }

    /// A rootless Podman as it should be.
    pub(super) fn podman() -> Self {
        let mut podman = Self::docker();
        podman.version = json!({
            "Version": "5.4.0",
            "ApiVersion": "1.41",
            "Components": [{"Name": "Podman Engine", "Version": "5.4.0"}],
        });
        podman.info["Driver"] = "overlay".into();
        podman.info["SecurityOptions"] = json!(["name=seccomp,profile=default", "name=rootless"]);
        podman
    }

    /// Answers on a socket for as long as the test's runtime lives.
    pub(super) fn listen(self, socket: &Path) {
        serve(socket, move |path| self.answer(path));
    }

    fn answer(&self, path: &str) -> Response {
        // The client may put the version of the API in front: `/v1.50/info`.
        let path = path.trim_start_matches('/');
        let path = match path.split_once('/') {
            Some((version, path)) if version.starts_with("v1.") => path,
            _ => path,
        };
        let document = match path {
            "version" => &self.version,
            "info" => &self.info,
            "containers/json" => &self.containers,
            path => return self.image(path),
        };
        axum::Json(document).into_response()
    }

    fn image(&self, path: &str) -> Response {
        let name = path
            .strip_prefix("images/")
            .and_then(|path| path.strip_suffix("/json"));
        match name {
            Some(name) if self.images.contains(&name) => {
                axum::Json(json!({"Id": "sha256:0"})).into_response()
            }
            Some(name) => {
                let document = json!({"message": format!("No such image: {name}")});
                (StatusCode::NOT_FOUND, axum::Json(document)).into_response()
            }
            None => StatusCode::NOT_IMPLEMENTED.into_response(),
        }
    }
}

/// Something on a socket that is no engine, or one in trouble.
pub(super) fn answers_always(socket: &Path, status: StatusCode, body: &'static str) {
    serve(socket, move |_| (status, body).into_response());
}

/// Takes connections and never says a word.
pub(super) fn hangs(socket: &Path) {
    let listener = bind(socket);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
}

/// A socket that nobody listens on any more.
pub(super) fn refuses(socket: &Path) {
    drop(bind(socket));
}

fn serve(socket: &Path, answer: impl Fn(&str) -> Response + Clone + Send + Sync + 'static) {
    let listener = bind(socket);
    let router = Router::new().fallback(move |request: Request| {
        let response = answer(request.uri().path());
        async move { response }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
}

fn bind(socket: &Path) -> UnixListener {
    std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
    UnixListener::bind(socket).unwrap()
}
