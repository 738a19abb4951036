//! What a search without success has seen.

use std::fmt;

use crate::{Location, printable, printable_path};

/// Keys that are shown of one file; a person needs to see that the file is the right one, not all of it.
const SHOWN_KEYS: usize = 5;

/// No place has a credential for a repository. Its text lists the places, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What was searched for.
    pub repository: String,
    /// Every place, in the order in which it was searched.
    pub searched: Vec<Searched>,
}

/// One place that has no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    /// The file.
    pub location: Location,
    /// What was found there.
    pub seen: Seen,
}

/// What was found in place of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The file does not exist.
    NoFile,
    /// The file has no entry for the repository.
    OtherEntries {
        /// Keys of the entries that it has.
        keys: Vec<String>,
    },
    /// The entry for the repository holds nothing.
    EmptyEntry {
        /// Its key, as written.
        key: String,
    },
    /// The file names a credential helper, which has none.
    HelperHasNone {
        /// The program.
        program: String,
        /// The address it was asked for.
        server: String,
    },
}

impl fmt::Display for NotFound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "no credentials for {} were found",
            printable(&self.repository)
        )?;
        if self.searched.is_empty() {
            return formatter.write_str(
                ": neither HOME nor any other variable says where credentials are kept",
            );
        }
        formatter.write_str("; searched, in this order:")?;
        for Searched { location, seen } in &self.searched {
            write!(
                formatter,
                "\n  {} ({}): {seen}",
                printable_path(&location.path),
                location.source
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => formatter.write_str("no such file"),
            Self::OtherEntries { keys } if keys.is_empty() => formatter.write_str("no entries"),
            Self::OtherEntries { keys } => {
                let shown = &keys[..keys.len().min(SHOWN_KEYS)];
                let shown_keys = printable(shown.join(", "));
                write!(formatter, "no entry for it, only for {shown_keys}")?;
                match keys.len() - shown.len() {
                    0 => Ok(()),
                    more => write!(formatter, " and {more} others"),
                }
            }
            Self::EmptyEntry { key } => {
                write!(formatter, "entry `{}` holds no credential", printable(key))
            }
            Self::HelperHasNone { program, server } => {
                let (program, server) = (printable(program), printable(server));
                write!(formatter, "{program} has none for {server}")
            }
        }
    }
}
