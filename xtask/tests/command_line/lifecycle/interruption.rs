//! Somebody stops a deployment before it is ready.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Sandbox;

/// Reads what the command says until a line holds `words`, then sends the signal. Gives the exit code and everything that was said.
fn signal_at(mut command: Child, words: &str, signal: Signal) -> (Option<i32>, String) {
    let mut stderr = BufReader::new(command.stderr.take().unwrap());
    let mut said = read_until(&mut stderr, words);
    let pid = Pid::from_raw(i32::try_from(command.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    stderr.read_to_string(&mut said).unwrap();
    (command.wait().unwrap().code(), said)
}

fn read_until(stderr: &mut BufReader<ChildStderr>, words: &str) -> String {
    let mut said = String::new();
    while !said.contains(words) {
        let read = stderr.read_line(&mut said).unwrap();
        assert!(read > 0, "the command ended without `{words}`: {said}");
    }
    said
}

#[test]
fn an_interrupted_deployment_says_so_and_the_next_run_completes_it() {
    let sandbox = Sandbox::new();
    let command = sandbox.start(&["deploy-local"]);
    let (code, said) = signal_at(command, "done       certificates", Signal::TERM);
    assert_eq!(code, Some(1), "{said}");
    for words in [
        "SIGTERM: running steps are given a moment to end",
        "error: interrupted",
        "run the same command again to continue",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let page = fs::read_to_string(sandbox.deployment().join("timings.html")).unwrap();
    assert!(page.contains("the run was interrupted"));
    sandbox.deploy();
    assert_eq!(sandbox.json("deployment.json")["complete"], true);
}

#[test]
fn an_interrupt_while_another_command_holds_the_deployment_changes_nothing() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.state()).unwrap();
    let held = fs::File::create(sandbox.state().join("konflux.lock")).unwrap();
    held.lock().unwrap();
    let command = sandbox.start(&["deploy-local"]);
    let (code, said) = signal_at(command, "waiting: ", Signal::INT);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("error: interrupted; nothing was changed"),
        "{said}"
    );
    assert!(!sandbox.deployment().exists());
}
