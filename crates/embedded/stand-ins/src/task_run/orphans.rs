//! What a killed process left behind: files of runs, with secrets in them, and steps that still run.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::files::private_directory;
use crate::{error::Error, options::StepEnvironment};

/// The file, in a TaskRun's directory, that names its running process.
const PROCESS_FILE: &str = "process";

/// The directory of all TaskRuns' files.
pub(crate) fn runs_directory(steps: &StepEnvironment) -> PathBuf {
    steps.work_dir.join("runs")
}

/// Notes the process of the running step in the TaskRun's directory.
pub(crate) fn note_process(directory: &Path, id: u32) {
    let Some(start) = start_time(id) else { return };
    if let Err(error) = fs::write(directory.join(PROCESS_FILE), format!("{id} {start}")) {
        tracing::warn!(path = %directory.display(), %error, "cannot note the process of a step");
    }
}

/// Ends the steps and removes the files that an earlier process left behind, and prepares the directories.
pub(crate) fn remove_leftovers(steps: &StepEnvironment) -> Result<(), Error> {
    let runs = runs_directory(steps);
    for entry in fs::read_dir(&runs).into_iter().flatten().flatten() {
        end_noted_process(&entry.path());
        remove(&entry.path()).map_err(|source| Error::WorkDirectory {
            path: entry.path(),
            source,
        })?;
    }
    for path in [&runs, &steps.logs_dir] {
        private_directory(path).map_err(|error| Error::WorkDirectory {
            path: path.clone(),
            source: io::Error::other(error.to_string()),
        })?;
    }
    Ok(())
}

/// How often a directory is emptied again that somebody fills or empties at the same time.
const TRIES: usize = 100;

/// Removes a file or a directory. A step that was ended a moment ago may still be at work on the same files.
fn remove(path: &Path) -> io::Result<()> {
    let mut removed = Ok(());
    for _ in 0..TRIES {
        removed = if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
        match &removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            _ => break,
        }
    }
    removed
}

/// Kills the noted process group, if its leader is still the process that was noted.
fn end_noted_process(directory: &Path) {
    let Ok(noted) = fs::read_to_string(directory.join(PROCESS_FILE)) else {
        return;
    };
    let Some((id, start)) = noted.split_once(' ') else {
        return;
    };
    let Ok(id) = id.parse::<u32>() else { return };
    if start_time(id).as_deref() == Some(start)
        && let Some(group) = Pid::from_raw(id.cast_signed())
    {
        tracing::info!(id, "ending a step that an earlier process left behind");
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// When a process started, in ticks since boot; `None` where there is no `/proc` or no such process.
fn start_time(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name in parentheses and may contain anything; the start time is the 22nd.
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::CommandExt, process::Command};

    use super::*;
    use crate::options::KubernetesAccess;

    #[test]
    fn files_and_processes_of_an_earlier_process_are_gone_after_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let steps = StepEnvironment {
            probe_command: Vec::new(),
            work_dir: folder.path().join("work"),
            logs_dir: folder.path().join("logs"),
            environment: Vec::new(),
            kubernetes: KubernetesAccess {
                host: "localhost".to_owned(),
                port: 1,
                ca_pem: String::new(),
            },
        };
        let run = runs_directory(&steps).join("uid");
        fs::create_dir_all(run.join("home")).unwrap();
        fs::write(run.join("home/config.json"), "secret").unwrap();
        let mut left_behind = Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap();
        note_process(&run, left_behind.id());

        remove_leftovers(&steps).unwrap();

        assert!(!left_behind.wait().unwrap().success());
        assert!(!run.exists());
        assert!(steps.logs_dir.is_dir());
    }

    #[test]
    fn what_is_gone_already_does_not_keep_the_stand_ins_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        assert!(remove(&folder.path().join("gone")).is_ok());
    }

    #[test]
    fn a_process_that_only_has_the_same_number_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut other = Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap();
        fs::write(
            folder.path().join(PROCESS_FILE),
            format!("{} 1", other.id()),
        )
        .unwrap();
        end_noted_process(folder.path());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
