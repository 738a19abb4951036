//! A command as it can be pasted into a POSIX shell, without its secrets.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;

use super::command::{Command, Variable};
use super::input::Input;

impl Command {
    /// The command, quoted for a shell. Secret variables and secret input are named, never shown.
    #[must_use]
    pub fn rendering(&self) -> String {
        let mut words = Vec::new();
        if let Some(folder) = &self.folder {
            words.push(format!("cd {} &&", quoted(folder.as_os_str())));
        }
        let removed = self.environment.iter();
        let removed = removed.filter(|(_, value)| matches!(value, Variable::Removed));
        let removed: Vec<String> = removed.map(|(name, _)| format!("-u {name}")).collect();
        if !removed.is_empty() {
            words.push(format!("env {}", removed.join(" ")));
        }
        for (name, value) in &self.environment {
            match value {
                Variable::Plain(value) => words.push(format!("{name}={}", quoted(value))),
                // Pasting needs the reader's own value: the shell complains when there is none.
                Variable::Secret(_) => words.push(format!("{name}=\"${{{name}:?}}\"")),
                Variable::Removed => {}
            }
        }
        words.push(quoted(&self.program));
        words.extend(self.arguments.iter().map(|argument| quoted(argument)));
        match &self.input {
            Input::Nothing => {}
            Input::Plain {
                copy: Some(copy), ..
            } => words.push(format!("< {}", quoted(copy.as_os_str()))),
            Input::Plain { content, .. } => {
                words.push(format!("# and {} bytes on standard input", content.len()))
            }
            Input::Secret(_) => words.push("# and a secret on standard input".to_owned()),
        }
        words.join(" ")
    }
}

impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.rendering())
    }
}

fn quoted(text: &OsStr) -> String {
    quote_text(&text.to_string_lossy())
}

fn quote_text(text: &str) -> String {
    // No argument and no variable can hold a NUL, so this fails for nothing that could be run.
    shlex::try_quote(text)
        .unwrap_or(Cow::Borrowed("''"))
        .into_owned()
}
