//! A container engine on a unix socket, as far as we use its API: containers, volumes, networks and images in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use bollard::{API_DEFAULT_VERSION, Docker};
use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::UnixListener;

/// How the engine goes wrong at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineFault {
    Hangs,
    Refuses,
    Nonsense,
    HangsUp,
}

pub(super) const ENGINE_FAULTS: [EngineFault; 4] = [
    EngineFault::Hangs,
    EngineFault::Refuses,
    EngineFault::Nonsense,
    EngineFault::HangsUp,
];

#[derive(Default)]
pub(super) struct State {
    /// `METHOD /path` of every call so far.
    pub(super) calls: Vec<String>,
    /// What `inspect` gives, by name.
    pub(super) containers: BTreeMap<String, Value>,
    pub(super) volumes: BTreeMap<String, Value>,
    pub(super) networks: BTreeMap<String, Value>,
    pub(super) images: Vec<String>,
    /// What was unpacked in containers.
    pub(super) archives: Vec<(String, Vec<u8>)>,
    /// A fault, and the number of the call at which it happens, counted from 0.
    fault: Option<(usize, EngineFault)>,
}

pub(super) struct FakeEngine {
    pub(super) client: Docker,
    state: Arc<Mutex<State>>,
    _folder: tempfile::TempDir,
}

type Body = BoxBody<Bytes, io::Error>;

impl FakeEngine {
    pub(super) fn healthy() -> Self {
        // Long enough for the busiest machine: nothing here waits for it to pass.
        Self::start(None, 120)
    }

    pub(super) fn with_fault(call: usize, fault: EngineFault) -> Self {
        let limit = if fault == EngineFault::Hangs { 2 } else { 120 };
        Self::start(Some((call, fault)), limit)
    }

    /// A client of a socket that is not there.
    pub(super) fn absent() -> Docker {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let client = client(&path, 120);
        drop(listener);
        client
    }

    fn start(fault: Option<(usize, EngineFault)>, limit: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let state = Arc::new(Mutex::new(State {
            fault,
            ..State::default()
        }));
        tokio::spawn(serve(listener, Arc::clone(&state)));
        Self {
            client: client(&path, limit),
            state,
            _folder: folder,
        }
    }

    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a node's container, as `kind` makes them.
    pub(super) fn add_node(&self, cluster: &str, role: &str, more: &Value) {
        let name = format!("{cluster}-{role}");
        let mut container = json!({
            "Id": format!("id-of-{name}"),
            "Name": format!("/{name}"),
            "State": {"Status": "running"},
            "Config": {
                "Image": "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5",
                "Labels": {"io.x-k8s.kind.cluster": cluster, "io.x-k8s.kind.role": role},
            },
            "HostConfig": {"Memory": 0, "PortBindings": {}},
            "Mounts": [{"Type": "volume", "Name": format!("var-of-{name}"), "Destination": "/var"}],
            "NetworkSettings": {"Networks": {"kind": {}}},
        });
        json_patch::merge(&mut container, more);
        let volume = format!("var-of-{name}");
        let mut state = self.state();
        state
            .volumes
            .insert(volume.clone(), volume_of(&volume, &json!({})));
        state.containers.insert(name, container);
    }

    pub(super) fn add_network(&self, id: &str, users: &[&str]) {
        let users: serde_json::Map<String, Value> = users
            .iter()
            .map(|&user| (format!("id-of-{user}"), json!({"Name": user})))
            .collect();
        let network = json!({"Name": "kind", "Id": id, "Containers": users});
        self.state().networks.insert("kind".to_owned(), network);
    }
}

fn client(path: &std::path::Path, limit: u64) -> Docker {
    Docker::connect_with_unix(path.to_str().unwrap(), limit, API_DEFAULT_VERSION).unwrap()
}

fn volume_of(name: &str, labels: &Value) -> Value {
    json!({"Name": name, "Driver": "local", "Mountpoint": "/volumes", "Labels": labels, "Options": {}, "Scope": "local"})
}

async fn serve(listener: UnixListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(request, Arc::clone(&state)));
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Body>, Infallible> {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Clients put the version of the API first.
    let path = match path
        .split_once('/')
        .map(|(_, rest)| rest)
        .and_then(|rest| rest.split_once('/'))
    {
        Some((version, rest)) if version.starts_with("v1.") => format!("/{rest}"),
        _ => path,
    };
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let fault = {
        let mut state = state.lock().unwrap();
        let number = state.calls.len();
        state.calls.push(format!("{method} {path}"));
        state.fault.filter(|(call, _)| *call == number)
    };
    match fault.map(|(_, fault)| fault) {
        Some(EngineFault::Hangs) => std::future::pending().await,
        Some(EngineFault::Refuses) => {
            return Ok(json_response(
                500,
                &json!({"message": "no space left on device"}),
            ));
        }
        Some(EngineFault::Nonsense) => return Ok(response(200, "<html>nothing here</html>")),
        Some(EngineFault::HangsUp) => return Ok(cut_short()),
        None => {}
    }
    let content = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes());
    let content = content.unwrap_or_default();
    let mut state = state.lock().unwrap();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (status, value) = act(&mut state, &method, &segments, &query, &content);
    Ok(json_response(status, &value))
}

fn act(
    state: &mut State,
    method: &Method,
    segments: &[&str],
    query: &BTreeMap<String, String>,
    content: &[u8],
) -> (u16, Value) {
    let sent: Value = serde_json::from_slice(content).unwrap_or_default();
    let absent = || (404, json!({"message": "no such object"}));
    match (method.as_str(), segments) {
        ("GET", ["containers", "json"]) => {
            let listed = state
                .containers
                .iter()
                .filter(|(_, container)| has_label(&container["Config"]["Labels"], query));
            let listed = listed.map(
                |(name, container)| json!({"Id": container["Id"], "Names": [format!("/{name}")]}),
            );
            (200, listed.collect())
        }
        ("GET", ["containers", name, "json"]) => state
            .containers
            .get(*name)
            .map_or_else(absent, |container| (200, container.clone())),
        ("POST", ["containers", "create"]) => {
            let name = query["name"].clone();
            let container = json!({
                "Id": format!("id-of-{name}"), "Name": format!("/{name}"), "State": {"Status": "created"},
                "Config": {"Image": sent["Image"], "Labels": sent["Labels"], "Env": sent["Env"]},
                "HostConfig": sent["HostConfig"], "NetworkSettings": {"Networks": {"bridge": {}}},
            });
            state.containers.insert(name.clone(), container);
            (201, json!({"Id": format!("id-of-{name}"), "Warnings": []}))
        }
        ("POST", ["containers", name, "start"]) => match state.containers.get_mut(*name) {
            Some(container) => {
                container["State"]["Status"] = json!("running");
                (204, Value::Null)
            }
            None => absent(),
        },
        ("POST", ["containers", name, "update"]) => match state.containers.get_mut(*name) {
            Some(container) => {
                container["HostConfig"]["Memory"] = sent["Memory"].clone();
                container["HostConfig"]["MemorySwap"] = sent["MemorySwap"].clone();
                (200, json!({"Warnings": []}))
            }
            None => absent(),
        },
        ("PUT", ["containers", name, "archive"]) => {
            state.archives.push(((*name).to_owned(), content.to_vec()));
            (200, Value::Null)
        }
        ("DELETE", ["containers", name]) => match state.containers.remove(*name) {
            Some(_) => (204, Value::Null),
            None => absent(),
        },
        ("GET", ["volumes"]) => {
            let volumes = state.volumes.values();
            let volumes = volumes.filter(|volume| has_label(&volume["Labels"], query));
            (
                200,
                json!({"Volumes": volumes.collect::<Vec<_>>(), "Warnings": []}),
            )
        }
        ("POST", ["volumes", "create"]) => {
            let name = sent["Name"].as_str().unwrap().to_owned();
            let volume = state.volumes.entry(name.clone());
            (
                201,
                volume
                    .or_insert_with(|| volume_of(&name, &sent["Labels"]))
                    .clone(),
            )
        }
        ("DELETE", ["volumes", name]) => match state.volumes.remove(*name) {
            Some(_) => (204, Value::Null),
            None => absent(),
        },
        ("GET", ["networks", name]) => state
            .networks
            .get(*name)
            .map_or_else(absent, |network| (200, network.clone())),
        ("POST", ["networks", name, "connect"]) => {
            let container = sent["Container"].as_str().unwrap().to_owned();
            let container_state = state.containers.get_mut(&container);
            match (state.networks.get_mut(*name), container_state) {
                (Some(network), Some(container_state)) => {
                    network["Containers"][format!("id-of-{container}")] =
                        json!({"Name": container});
                    container_state["NetworkSettings"]["Networks"][*name] = json!({});
                    (200, Value::Null)
                }
                _ => absent(),
            }
        }
        ("DELETE", ["networks", id]) => {
            state.networks.retain(|_, network| network["Id"] != **id);
            (204, Value::Null)
        }
        ("GET", ["images", .., "json"]) => {
            let name = segments[1..segments.len() - 1].join("/");
            if state.images.contains(&name) {
                (200, json!({"Id": name}))
            } else {
                absent()
            }
        }
        ("POST", ["images", "create"]) => {
            state.images.push(query["fromImage"].clone());
            (200, json!({"status": "Pull complete"}))
        }
        _ => (
            501,
            json!({"message": format!("the fake engine has no {method} {segments:?}")}),
        ),
    }
}

fn has_label(labels: &Value, query: &BTreeMap<String, String>) -> bool {
    let filters: Value = serde_json::from_str(&query["filters"]).unwrap();
    let label = filters["label"][0].as_str().unwrap();
    match label.split_once('=') {
        Some((name, value)) => labels[name] == value,
        None => labels.get(label).is_some(),
    }
}

fn json_response(status: u16, value: &Value) -> Response<Body> {
    let text = if value.is_null() {
        String::new()
    } else {
        value.to_string()
    };
    response(status, &text)
}

fn response(status: u16, text: &str) -> Response<Body> {
    let body = Full::new(Bytes::from(text.to_owned()));
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.map_err(|never| match never {}).boxed())
        .unwrap()
}

/// Says that more follows than what comes before the connection ends.
fn cut_short() -> Response<Body> {
    let frames = stream::iter([
        Ok(Frame::data(Bytes::from_static(b"{\"Id\":"))),
        Err(io::Error::other("the engine died")),
    ]);
    Response::builder()
        .header("content-type", "application/json")
        .header("content-length", 1000)
        .body(StreamBody::new(frames).boxed())
        .unwrap()
}
