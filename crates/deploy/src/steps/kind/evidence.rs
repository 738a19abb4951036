//! What the engine and the nodes of a Kind cluster say after a failure.

use std::fs;
use std::path::Path;

use bollard::Docker;
use bollard::exec::{CreateExecOptions, StartExecResults};
use cluster::host::engine;
use cluster::kind::inspect::inspect;
use credentials::redaction::Redactor;
use futures::StreamExt as _;

use super::KindPlace;
use crate::plan::{Evidence, StepError};

/// The services of a node whose journal is kept.
const SERVICES: [&str; 2] = ["containerd", "kubelet"];
/// Lines of a journal that are kept.
const LINES: &str = "200";

pub(super) async fn of_nodes(place: &KindPlace, into: &Path) -> Result<Evidence, StepError> {
    let failed = || StepError::because(format!("write evidence to {}", into.display()));
    fs::create_dir_all(into).map_err(failed())?;
    let engine = engine::find(&place.environment)
        .await
        .map_err(StepError::because("find the container engine"))?;
    let facts = format!("{:#?}\n", engine.facts());
    fs::write(into.join("engine.txt"), facts).map_err(failed())?;
    // There may be no cluster to ask for its Secrets.
    let redactor = Redactor::default();
    let mut telling = Vec::new();
    let Some(client) = engine.client() else {
        return Ok(Evidence::new(into.to_owned(), telling));
    };
    let found = inspect(client, &place.name)
        .await
        .map_err(StepError::because("look at the nodes"))?;
    let Some(found) = found else {
        let absent = format!("the engine has no container of Kind cluster {}", place.name);
        return Ok(Evidence::new(into.to_owned(), [absent]));
    };
    fs::write(into.join("nodes.txt"), format!("{found:#?}\n")).map_err(failed())?;
    for node in &found.nodes {
        if !node.running {
            telling.push(format!("node {} is {}", node.name, node.state));
            continue;
        }
        for service in SERVICES {
            let command = ["journalctl", "--no-pager", "-n", LINES, "-u", service];
            let journal = output(client, &node.name, &command).await;
            let worst = journal.lines().rev().find(|line| {
                let line = line.to_ascii_lowercase();
                line.contains("error") || line.contains("fail")
            });
            telling.extend(worst.map(|line| format!("{service}: {}", redactor.clean(line))));
            let file = format!("{}-{service}.log", node.name);
            fs::write(into.join(file), redactor.clean(&journal)).map_err(failed())?;
        }
        let disk = output(client, &node.name, &["df", "-h", "/var"]).await;
        let memory = output(client, &node.name, &["cat", "/proc/meminfo"]).await;
        fs::write(into.join(format!("{}-disk.txt", node.name)), disk).map_err(failed())?;
        fs::write(into.join(format!("{}-memory.txt", node.name)), memory).map_err(failed())?;
    }
    Ok(Evidence::new(into.to_owned(), telling))
}

/// What a program in a node writes; a failure is part of what was seen.
async fn output(client: &Docker, node: &str, command: &[&str]) -> String {
    let options = CreateExecOptions {
        cmd: Some(command.iter().map(ToString::to_string).collect()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::<String>::default()
    };
    let started = async {
        let exec = client.create_exec(node, options).await?;
        client.start_exec(&exec.id, None).await
    };
    let mut text = String::new();
    match started.await {
        Err(error) => text.push_str(&error.to_string()),
        Ok(StartExecResults::Detached) => {}
        Ok(StartExecResults::Attached { mut output, .. }) => {
            while let Some(Ok(part)) = output.next().await {
                text.push_str(&part.to_string());
            }
        }
    }
    text
}
