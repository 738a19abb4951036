//! Examining the host: every check at the same time, each with a limit of its own, none fatal to another.

use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, timeout, timeout_at};

use super::check::Check;
use super::checks;
use super::engine::{self, Engine};
use super::environment::Environment;
use super::images::ImageLookup;
use super::report::Report;
use super::wishes::Wishes;

/// When every check must have ended. Finding the engine takes 4 s at most, so that what needs it has time left.
const LIMIT: Duration = Duration::from_millis(4500);
/// How long the engine has to say which ports its containers hold.
const PORTS_LIMIT: Duration = Duration::from_secs(1);

/// The names of the checks that only an engine can answer, in their order.
const OF_THE_ENGINE: [&str; 11] = [
    "engine-version",
    "engine-command",
    "memory",
    "cpus",
    "control-groups",
    "rootless",
    "storage-driver",
    "apparmor",
    "process-limit",
    "image-disk",
    "engine-clock",
];

/// Judges whether this host can give a Kind cluster that fulfils the wishes. Nothing is changed; it takes less than 5 s.
pub async fn examine(
    environment: &Environment,
    wishes: &Wishes,
    lookup: &dyn ImageLookup,
) -> Report {
    let deadline = Instant::now() + LIMIT;
    let state = wishes.state.clone();
    let (engine, kind, kubectl, state_disk) = tokio::join!(
        engine_checks(environment, wishes, lookup, deadline),
        within("kind", deadline, checks::kind(environment)),
        within("kubectl", deadline, checks::kubectl(environment)),
        on_a_thread("state-disk", deadline, move || checks::state_disk(&state)),
    );
    let mut all = engine.about_it;
    all.extend([
        kind,
        kubectl,
        checks::inotify(environment, wishes),
        state_disk,
        checks::host_clock(SystemTime::now()),
    ]);
    all.extend(engine.ports);
    all.extend([checks::proxy(environment), engine.images]);
    Report::new(all)
}

struct EngineChecks {
    about_it: Vec<Check>,
    ports: Vec<Check>,
    images: Check,
}

/// What needs the engine, or knows more with it.
async fn engine_checks(
    environment: &Environment,
    wishes: &Wishes,
    lookup: &dyn ImageLookup,
    deadline: Instant,
) -> EngineChecks {
    let found = engine::find(environment).await;
    let mut about_it = vec![checks::answers(environment, &found)];
    let engine = found.as_ref().ok();
    let images = images_of(wishes);
    let (more, ports, images) = tokio::join!(
        about(environment, engine, wishes, deadline),
        port_checks(engine, wishes, deadline),
        checks::images(&images, engine, lookup, deadline),
    );
    about_it.extend(more);
    EngineChecks {
        about_it,
        ports,
        images,
    }
}

async fn about(
    environment: &Environment,
    engine: Option<&Engine>,
    wishes: &Wishes,
    deadline: Instant,
) -> Vec<Check> {
    let Some(engine) = engine else {
        return OF_THE_ENGINE
            .map(|name| Check::skipped(name, "engine", "no engine answers"))
            .into();
    };
    let facts = engine.facts();
    let folder = checks::image_folder(environment, engine);
    let judged = wishes.clone();
    let image_disk = on_a_thread("image-disk", deadline, move || {
        checks::image_disk(folder.as_deref(), &judged)
    });
    vec![
        checks::version(engine),
        checks::command(environment, engine),
        checks::memory(facts, wishes),
        checks::cpus(facts, wishes),
        checks::control_groups(environment, facts, wishes),
        checks::delegation(facts),
        checks::storage_driver(facts),
        checks::apparmor(environment, facts),
        checks::process_limit(environment, engine, wishes),
        image_disk.await,
        checks::engine_clock(environment, facts, SystemTime::now()),
    ]
}

async fn port_checks(engine: Option<&Engine>, wishes: &Wishes, deadline: Instant) -> Vec<Check> {
    // Without the engine's word the process that forwards a container's port is named instead.
    let published = match engine {
        None => Vec::new(),
        Some(engine) => timeout(PORTS_LIMIT, engine.published_ports())
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or_default(),
    };
    let judged = wishes.ports.iter().map(|port| {
        let command = engine.map(|engine| engine.selected().command.clone());
        let (port, cluster, published) = (port.clone(), wishes.cluster.clone(), published.clone());
        on_a_thread(format!("port-{}", port.port), deadline, move || {
            checks::port(&port, &cluster, &published, command.as_deref())
        })
    });
    futures::future::join_all(judged).await
}

fn images_of(wishes: &Wishes) -> Vec<String> {
    let images = wishes.node_image.iter().chain(&wishes.images);
    images.cloned().collect()
}

async fn within(
    name: &'static str,
    deadline: Instant,
    check: impl Future<Output = Check>,
) -> Check {
    timeout_at(deadline, check)
        .await
        .unwrap_or_else(|_| too_late(name))
}

/// Runs what may block, such as a question to a file system that is gone.
///
/// On a thread of its own and not on the runtime's blocking pool: a runtime waits for its pool when it ends, so that one
/// check that hangs would keep the whole program from ending.
async fn on_a_thread(
    name: impl Into<String>,
    deadline: Instant,
    check: impl FnOnce() -> Check + Send + 'static,
) -> Check {
    let name = name.into();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().spawn(move || {
        let _nobody_waits_any_more = sender.send(check());
    });
    match thread {
        Err(error) => Check::unknown(name, error),
        Ok(_detached) => match timeout_at(deadline, receiver).await {
            Ok(Ok(check)) => check,
            Ok(Err(_)) => Check::unknown(name, "the check ended without a verdict"),
            Err(_) => too_late(name),
        },
    }
}

fn too_late(name: impl Into<std::borrow::Cow<'static, str>>) -> Check {
    Check::unknown(name, "there was no answer in time")
}
