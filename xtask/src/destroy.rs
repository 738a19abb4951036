//! `cargo xtask destroy`.

use cluster::StateRoot;
use cluster::host::{Environment, engine};
use cluster::kind::image_cache::ImageCache;
use cluster::kind::network::NetworkRecord;
use cluster::state::LockHolder;
use deploy::deployment;

use crate::arguments::{Destroy, state_root};
use crate::exit::{Exit, Failure};
use crate::report::say;

pub(crate) async fn run(arguments: Destroy) -> Result<Exit, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let name = arguments.name.name;
    let environment = Environment::of_this_process();
    let waiting = |holder: &LockHolder| say(format!("waiting: {holder}"));
    let destroyed = deployment::destroy(&root, &name, &environment, waiting)
        .await
        .map_err(|error| Exit::Failed.with(error))?;
    match (destroyed.process, destroyed.folder) {
        (None, None) => say(format!(
            "there is no deployment called {name}; nothing to destroy"
        )),
        (process, folder) => {
            let ended = process.map(|pid| format!("ended process {pid}"));
            let removed = folder.map(|folder| format!("removed {}", folder.display()));
            let logins = destroyed.logged_out.files.iter();
            let logins = logins.map(|file| format!("removed its login from {}", file.display()));
            let parts = ended.into_iter().chain(destroyed.removed).chain(logins);
            let parts = parts.chain(removed);
            let parts: Vec<String> = parts.collect();
            let left = match destroyed.logged_out.left.is_empty() {
                true => "nothing of it is left",
                false => "what is left is named below",
            };
            say(format!(
                "destroyed deployment {name}: {}; {left}",
                parts.join(", ")
            ));
            destroyed
                .logged_out
                .left
                .iter()
                .for_each(|why| say(format!("warning: {why}")));
        }
    }
    if arguments.cache {
        remove_cache(&root, &environment).await?;
    }
    Ok(Exit::Done)
}

async fn remove_cache(root: &StateRoot, environment: &Environment) -> Result<(), Failure> {
    let engine = engine::find(environment)
        .await
        .map_err(|error| Exit::HostLacks.with(error))?;
    let Some(client) = engine.client() else {
        say("there is no image cache: the engine has no API for one");
        return Ok(());
    };
    let removed = ImageCache::of(client, root)
        .remove(&NetworkRecord::of(root))
        .await
        .map_err(|error| Exit::Failed.with(error))?;
    let count = removed.containers.len() + removed.volumes.len();
    say(match count {
        0 => "there is no image cache".to_owned(),
        _ => format!(
            "removed the image cache: containers {}; volumes {}; {}",
            removed.containers.join(", "),
            removed.volumes.join(", "),
            removed.network
        ),
    });
    Ok(())
}
