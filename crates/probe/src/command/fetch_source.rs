//! `probe fetch-source`

use std::path::PathBuf;

use clap::Args;

use super::{say, write_result};
use crate::error::Error;
use crate::source::{REVISION_LENGTH, check_revision, read_tree, write_tree};

/// Copies a mounted source and checks its revision.
///
/// The source may be a mounted ConfigMap. The revision is the first 40 hexadecimal digits of the SHA-256 over path, length and
/// content of every file.
#[derive(Args)]
pub(super) struct Arguments {
    /// Where the source is said to come from; for messages and the result.
    #[arg(long)]
    url: String,
    /// The revision that the source must have, in lower-case hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = revision)]
    revision: String,
    /// Directory that the source is mounted at.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Directory to copy it to; created when missing. Files that do not belong to the source are an error.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// File for the URL.
    #[arg(long, value_name = "FILE")]
    url_result: Option<PathBuf>,
    /// File for the revision.
    #[arg(long, value_name = "FILE")]
    commit_result: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Error> {
    let files = read_tree(&arguments.from)?;
    check_revision(&arguments.url, &files, &arguments.revision)?;
    write_tree(&arguments.to, &files)?;
    let place = arguments.to.display().to_string();
    check_revision(&place, &read_tree(&arguments.to)?, &arguments.revision)?;
    write_result(arguments.url_result.as_deref(), &arguments.url)?;
    write_result(arguments.commit_result.as_deref(), &arguments.revision)?;
    say(format_args!(
        "fetched {} files of {} at {}",
        files.len(),
        arguments.url,
        arguments.revision
    ));
    Ok(())
}

fn revision(text: &str) -> Result<String, String> {
    let is_hex = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.len() == REVISION_LENGTH && is_hex {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "a revision has {REVISION_LENGTH} lower-case hexadecimal digits"
        )),
    }
}
