//! `cargo xtask registry list`.

use anyhow::anyhow;
use serde_json::json;

use super::arguments::List;
use super::interrupt::Interrupts;
use super::own;
use crate::arguments::Format;
use crate::exit::{Exit, Failure};
use crate::report::{self, say};

/// What an interrupt leaves.
const NOTHING: &str = "nothing is changed by looking";

pub(crate) async fn run(arguments: List, interrupts: &mut Interrupts) -> Result<Exit, Failure> {
    let registry = own::registry(&arguments.name.name)?;
    let (document, lines, nothing) = match &arguments.repository {
        None => {
            let repositories = interrupts.end(registry.repositories(), NOTHING).await?;
            let repositories = repositories.map_err(own::failure)?;
            let document = json!({"repositories": repositories});
            (document, repositories, "the registry has no repositories")
        }
        Some(name) => {
            let repository = registry.reference(name).map_err(own::failure)?;
            if repository.tag().is_some() || repository.digest().is_some() {
                return Err(Exit::WrongUse.with(anyhow!(
                    "`{name}` names an image; leave its tag and digest out, or look into it with `{} {name}`",
                    arguments.name.name.command("registry inspect")
                )));
            }
            let tags = interrupts.end(registry.tags(&repository), NOTHING).await?;
            let tags = tags.map_err(own::failure)?;
            let document = json!({"repository": repository, "tags": tags});
            (document, tags, "the repository has no tags")
        }
    };
    if arguments.output.output == Format::Json {
        report::json(&document)?;
    } else if lines.is_empty() {
        say(nothing);
    } else {
        report::result(lines.join("\n"))?;
    }
    Ok(Exit::Done)
}
