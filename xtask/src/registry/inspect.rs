//! `cargo xtask registry inspect`.

use super::arguments::Inspect;
use super::interrupt::Interrupts;
use super::{describe, own};
use crate::arguments::Format;
use crate::exit::{Exit, Failure};
use crate::report;

pub(crate) async fn run(arguments: Inspect, interrupts: &mut Interrupts) -> Result<Exit, Failure> {
    let registry = own::registry(&arguments.name.name)?;
    let image = registry.reference(&arguments.image).map_err(own::failure)?;
    let described = registry.describe(&image);
    let described = interrupts
        .end(described, "nothing is changed by looking")
        .await?;
    let described = described.map_err(own::failure)?;
    match arguments.output.output {
        Format::Json => report::json(&described)?,
        Format::Text => report::result(describe::text(&described))?,
    }
    Ok(Exit::Done)
}
