//! `cargo xtask destroy`.

use deploy::deployment;

use crate::arguments::{Destroy, state_root};
use crate::exit::{Exit, Failure};
use crate::report::say;

pub(crate) async fn run(arguments: Destroy) -> Result<Exit, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let name = arguments.name.name;
    let destroyed = deployment::destroy(&root, &name, |holder| say(format!("waiting: {holder}")))
        .await
        .map_err(|error| Exit::Failed.with(error))?;
    match (destroyed.process, destroyed.folder) {
        (None, None) => say(format!(
            "there is no deployment called {name}; nothing to destroy"
        )),
        (process, folder) => {
            let ended = process.map(|pid| format!("ended process {pid}"));
            let removed = folder.map(|folder| format!("removed {}", folder.display()));
            let parts: Vec<String> = ended.into_iter().chain(removed).collect();
            say(format!(
                "destroyed deployment {name}: {}; nothing of it is left",
                parts.join(", ")
            ));
        }
    }
    Ok(Exit::Done)
}
