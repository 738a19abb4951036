//! `cargo xtask status`.

use deploy::{Health, deployment};

use crate::arguments::{Format, Status, state_root};
use crate::deploy_local::access;
use crate::exit::{Exit, Failure};
use crate::report;

pub(crate) async fn run(arguments: Status) -> Result<Exit, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let status = deployment::status(&root, &arguments.name.name)
        .await
        .map_err(|error| Exit::Failed.with(error))?;
    if arguments.output.output == Format::Json {
        report::json(&status)?;
    } else {
        report::result(text(&status))?;
    }
    Ok(if status.is_well() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn text(status: &deployment::Status) -> String {
    let record = &status.record;
    let verdict = if status.is_well() { "well" } else { "not well" };
    let mut lines = vec![format!(
        "deployment {} is {verdict}: {} cluster, {}",
        record.name, record.cluster, record.konflux
    )];
    for (part, health) in &status.parts {
        lines.push(match health {
            Health::Well => format!("  {part:<11} well"),
            Health::Unwell(why) => format!("  {part:<11} not well: {why}"),
            Health::Unknown(why) => format!("  {part:<11} could not tell: {why}"),
        });
    }
    if !record.complete {
        lines.push(format!(
            "  steps       not all done; `{}` completes them",
            record.name.command("deploy-local")
        ));
    }
    lines.push(String::new());
    lines.extend(access(record));
    lines.push(format!("  lifetime    {}", status.lifetime));
    lines.join("\n")
}
