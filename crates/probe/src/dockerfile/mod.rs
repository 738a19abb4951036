//! The part of the Dockerfile language that `probe build` carries out. The syntax is `parse-dockerfile`'s.

mod error;
mod parse;
mod words;

pub(crate) use error::{DockerfileError, Problem};
pub(crate) use parse::parse;
pub(crate) use words::expand;

/// A Dockerfile of one stage.
#[derive(Debug)]
pub(crate) struct Dockerfile {
    pub(crate) from: From,
    pub(crate) steps: Vec<Step>,
    /// The character that joins lines and takes the meaning of the next one away.
    pub(crate) escape: char,
}

/// What the image is built on.
#[derive(Debug)]
pub(crate) struct From {
    pub(crate) line: usize,
    /// `None` for `scratch`.
    pub(crate) image: Option<oci::ImageReference>,
    pub(crate) platform: Option<oci::Platform>,
}

/// One instruction with the line that it starts on.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) instruction: Instruction,
}

/// An instruction; words are as written, variables not yet replaced.
#[derive(Debug, PartialEq)]
pub(crate) enum Instruction {
    Copy {
        sources: Vec<String>,
        destination: String,
    },
    Environment(Vec<(String, String)>),
    Label(Vec<(String, String)>),
    WorkingDirectory(String),
    User(String),
    Expose(Vec<String>),
    Entrypoint(Vec<String>),
    Command(Vec<String>),
}

impl std::fmt::Display for Instruction {
    /// The instruction on one line, as the image's history records it.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = |pairs: &[(String, String)]| {
            let texts: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            texts.join(" ")
        };
        match self {
            Self::Copy {
                sources,
                destination,
            } => write!(formatter, "COPY {} {destination}", sources.join(" ")),
            Self::Environment(variables) => write!(formatter, "ENV {}", pairs(variables)),
            Self::Label(labels) => write!(formatter, "LABEL {}", pairs(labels)),
            Self::WorkingDirectory(path) => write!(formatter, "WORKDIR {path}"),
            Self::User(user) => write!(formatter, "USER {user}"),
            Self::Expose(ports) => write!(formatter, "EXPOSE {}", ports.join(" ")),
            Self::Entrypoint(arguments) => {
                write!(formatter, "ENTRYPOINT {}", serde_json::json!(arguments))
            }
            Self::Command(arguments) => write!(formatter, "CMD {}", serde_json::json!(arguments)),
        }
    }
}
