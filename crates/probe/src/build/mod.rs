//! Carrying out a Dockerfile.

mod copy;
mod path;

use std::collections::BTreeSet;
use std::path::Path;

use oci::image::ImageBuilder;
use oci::{Client, Layout, Platform};

use crate::context::Context;
use crate::dockerfile::{Dockerfile, DockerfileError, Instruction, Problem, Step, expand};
use crate::error::StepError;
use copy::Directories;

/// What to build.
pub(crate) struct Build<'a> {
    pub(crate) dockerfile: &'a Dockerfile,
    pub(crate) context: &'a Path,
    /// The platform that was asked for on the command line.
    pub(crate) platform: Option<Platform>,
    pub(crate) labels: &'a [(String, String)],
}

/// Assembles the image in `layout` and returns its digest.
pub(crate) async fn build(
    client: &Client,
    layout: &Layout,
    build: &Build<'_>,
) -> Result<oci::Digest, DockerfileError> {
    let from = &build.dockerfile.from;
    let on_from = |error: StepError| Problem::Step(error).on(from.line);
    let context = Context::open(build.context).map_err(|error| on_from(error.into()))?;
    let platform = build.platform.clone().or_else(|| from.platform.clone());
    let platform = platform.unwrap_or_else(Platform::linux_host);
    let (image, directories) = match &from.image {
        None => (ImageBuilder::scratch(layout, platform), BTreeSet::new()),
        Some(image) => {
            let base = client.pull_base(image, &platform, layout).await;
            let base = base.map_err(|error| on_from(error.into()))?;
            let directories = base.directories().clone();
            (ImageBuilder::from_base(layout, base), directories)
        }
    };
    let mut stage = Stage {
        image,
        context,
        directories: Directories::new(directories),
        escape: build.dockerfile.escape,
        command_is_set: false,
    };
    for step in &build.dockerfile.steps {
        stage.apply(step).map_err(|problem| problem.on(step.line))?;
    }
    for (name, value) in build.labels {
        stage
            .image
            .settings_mut()
            .labels
            .insert(name.clone(), value.clone());
    }
    let manifest = stage
        .image
        .finish()
        .map_err(|error| on_from(error.into()))?;
    Ok(manifest.digest)
}

struct Stage<'a> {
    image: ImageBuilder<'a>,
    context: Context,
    directories: Directories,
    escape: char,
    /// A CMD was carried out; an ENTRYPOINT then leaves it alone, while it clears the base image's.
    command_is_set: bool,
}

impl Stage<'_> {
    fn apply(&mut self, step: &Step) -> Result<(), Problem> {
        let history = step.instruction.to_string();
        match &step.instruction {
            Instruction::Copy {
                sources,
                destination,
            } => {
                let sources = self.expand_all(sources)?;
                let destination = self.expand(destination)?;
                let workdir = &self.image.settings().working_directory;
                let files =
                    self.directories
                        .copy(&self.context, workdir, &sources, &destination)?;
                self.image
                    .add_layer(&files, &history)
                    .map_err(StepError::from)?;
                return Ok(());
            }
            Instruction::Environment(variables) => {
                // All values of one instruction see the variables as they were before it.
                for (name, value) in self.expand_pairs(variables)? {
                    self.image.settings_mut().set_environment(&name, value);
                }
            }
            Instruction::Label(labels) => {
                let labels = self.expand_pairs(labels)?;
                self.image.settings_mut().labels.extend(labels);
            }
            Instruction::WorkingDirectory(path) => {
                let path = self.expand(path)?;
                let settings = self.image.settings_mut();
                settings.working_directory = path::absolute(&settings.working_directory, &path);
            }
            Instruction::User(user) => self.image.settings_mut().user = self.expand(user)?,
            Instruction::Expose(ports) => {
                for port in self.expand_all(ports)? {
                    let port = exposed(&port)?;
                    self.image.settings_mut().exposed_ports.insert(port);
                }
            }
            Instruction::Entrypoint(arguments) => {
                let settings = self.image.settings_mut();
                settings.entrypoint = Some(arguments.clone());
                if !self.command_is_set {
                    settings.command = None;
                }
            }
            Instruction::Command(arguments) => {
                self.image.settings_mut().command = Some(arguments.clone());
                self.command_is_set = true;
            }
        }
        self.image.add_empty_step(&history);
        Ok(())
    }

    fn expand(&self, word: &str) -> Result<String, Problem> {
        expand(word, self.escape, |name| {
            self.image.settings().environment(name)
        })
    }

    fn expand_all(&self, words: &[String]) -> Result<Vec<String>, Problem> {
        words.iter().map(|word| self.expand(word)).collect()
    }

    fn expand_pairs(&self, pairs: &[(String, String)]) -> Result<Vec<(String, String)>, Problem> {
        let expand =
            |(name, value): &(String, String)| Ok((self.expand(name)?, self.expand(value)?));
        pairs.iter().map(expand).collect()
    }
}

/// `80` → `80/tcp`
fn exposed(text: &str) -> Result<String, Problem> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    match (port.parse::<u16>(), protocol) {
        (Ok(1..), "tcp" | "udp" | "sctp") => Ok(format!("{port}/{protocol}")),
        _ => Err(Problem::Port(text.to_owned())),
    }
}
