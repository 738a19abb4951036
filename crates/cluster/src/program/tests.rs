//! How programs are run, shown on `sh` and on fakes.

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Command, OutputLine, OutputStream, ProgramError};

/// Much longer than any test takes: a test that needs it has failed already.
const LONG: &str = "300";

fn shell(script: &str) -> Command {
    Command::new("sh").arguments(["-c", script])
}

/// A script that tells its own process and a child's in `file`, and then hangs.
fn hanging(file: &Path) -> String {
    let file = file.display();
    format!("echo started; sleep {LONG} & echo $$ $! > {file}.new; mv {file}.new {file}; wait")
}

/// Waits until `file` names processes, as [`hanging`] writes them.
async fn processes(file: &Path) -> Vec<String> {
    loop {
        if let Ok(text) = std::fs::read_to_string(file) {
            return text.split_whitespace().map(str::to_owned).collect();
        }
        tokio::task::yield_now().await;
    }
}

/// Whether a process is there and not merely unreaped by an ancestor that is not us.
fn lives(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .and_then(|fields| fields.split_whitespace().next())
        .is_some_and(|state| state != "Z" && state != "X")
}

async fn all_end(processes: &[String]) {
    while processes.iter().any(|process| lives(process)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_program_that_ends_well_gives_its_output() {
    let output = shell("cat; echo aside >&2").input("given");
    let output = output.run().await.unwrap();
    assert_eq!(output.stdout().unwrap(), "given");
    assert_eq!(output.stderr_tail(), "aside");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named_with_the_way_out() {
    let error = Command::new("kind")
        .search_path("/does/not/exist:relative")
        .advice("install it from https://kind.sigs.k8s.io")
        .run();
    let error = error.await.unwrap_err();
    assert!(matches!(error, ProgramError::NotFound { .. }));
    assert_eq!(
        error.to_string(),
        "`kind` was not found on PATH: install it from https://kind.sigs.k8s.io"
    );
}

#[tokio::test]
async fn a_file_that_is_no_program_cannot_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken");
    std::fs::write(&file, "#!/does/not/exist\n").unwrap();
    let not_executable = Command::new(&file).run().await.unwrap_err();
    assert!(matches!(not_executable, ProgramError::NotFound { .. }));
    std::os::unix::fs::symlink("/dev/null", folder.path().join("null")).unwrap();
    let in_no_folder = shell("true").folder("/does/not/exist").run().await;
    let error = in_no_folder.unwrap_err();
    assert!(matches!(error, ProgramError::Run { .. }), "{error}");
}

#[tokio::test]
async fn a_failure_shows_the_command_the_status_and_the_last_lines() {
    let script = r"i=0; while [ $i -lt 40 ]; do echo line $i >&2; i=$((i+1)); done; printf '\033[31mred\033[0m\n' >&2; exit 7";
    let error = shell(script).run().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("failed (exit 7); it wrote:"), "{text}");
    assert!(text.ends_with("    line 39\n    red"), "{text}");
    assert!(!text.contains("line 20\n"), "{text}");
}

#[tokio::test]
async fn a_failure_without_a_word_says_so_and_standard_output_stands_in_for_standard_error() {
    let silent = shell("exit 3").run().await.unwrap_err().to_string();
    assert!(
        silent.ends_with("failed (exit 3) and wrote nothing"),
        "{silent}"
    );
    let told = shell("echo why; exit 3").run().await.unwrap_err();
    assert_eq!(told.tail(), "why");
}

#[tokio::test]
async fn a_program_that_is_killed_is_told_from_one_that_fails() {
    let error = shell("kill -9 $$").run().await.unwrap_err();
    assert!(error.to_string().contains("(signal 9)"), "{error}");
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let run = shell(&hanging(&file))
        .limit(Duration::from_millis(500))
        .run();
    let error = run.await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("did not end within 500 ms; it wrote:\n    started"),
        "{text}"
    );
    all_end(&processes(&file).await).await;
}

#[tokio::test]
async fn a_program_that_closes_its_output_and_goes_on_is_ended_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let script = format!("exec >&- 2>&-; echo $$ > {}; sleep {LONG}", file.display());
    let run = shell(&script).limit(Duration::from_millis(500)).run();
    assert!(matches!(run.await, Err(ProgramError::TimedOut { .. })));
    all_end(&processes(&file).await).await;
}

#[tokio::test]
async fn a_program_that_ignores_the_request_to_end_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let script = format!("trap '' TERM; {}", hanging(&file));
    let run = shell(&script).limit(Duration::from_millis(300)).run();
    assert!(matches!(run.await, Err(ProgramError::TimedOut { .. })));
    all_end(&processes(&file).await).await;
}

#[tokio::test]
async fn a_cancelled_run_ends_the_program_and_says_that_it_was_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let token = CancellationToken::new();
    let run = shell(&hanging(&file)).cancelled_by(token.clone()).run();
    let cancel = async {
        let processes = processes(&file).await;
        token.cancel();
        processes
    };
    let begun = Instant::now();
    let (outcome, processes) = tokio::join!(run, cancel);
    let error = outcome.unwrap_err();
    assert!(matches!(error, ProgramError::Cancelled { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    all_end(&processes).await;
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes");
    let run = tokio::spawn(shell(&hanging(&file)).run());
    let processes = processes(&file).await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    all_end(&processes).await;
}

#[tokio::test]
async fn lines_arrive_while_the_program_runs() {
    let (sender, mut receiver) = mpsc::channel(8);
    // It ends only when it reads what is written after its first line has arrived.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let script = format!(
        "mkfifo {0}; echo first; read word < {0}; echo $word >&2",
        pipe.display()
    );
    let run = tokio::spawn(shell(&script).lines_to(sender).run());
    let line = receiver.recv().await.unwrap();
    assert_eq!(
        line,
        OutputLine {
            stream: OutputStream::Stdout,
            text: "first".to_owned()
        }
    );
    tokio::task::spawn_blocking(move || std::fs::write(pipe, "second\n"))
        .await
        .unwrap()
        .unwrap();
    let line = receiver.recv().await.unwrap();
    assert_eq!(
        line,
        OutputLine {
            stream: OutputStream::Stderr,
            text: "second".to_owned()
        }
    );
    run.await.unwrap().unwrap();
    assert!(receiver.recv().await.is_none());
}

#[tokio::test]
async fn a_reader_that_is_slow_does_not_stop_the_program() {
    let (sender, _receiver) = mpsc::channel(1);
    let script = "i=0; while [ $i -lt 3000 ]; do echo a line that fills the pipe in the end; i=$((i+1)); done";
    let output = shell(script).lines_to(sender).run().await.unwrap();
    assert_eq!(output.stdout().unwrap().lines().count(), 3000);
}

#[tokio::test]
async fn too_much_output_and_output_that_is_no_text_are_told() {
    let output = shell("head -c 5000000 /dev/zero").run().await.unwrap();
    let error = output.stdout().unwrap_err();
    assert!(error.to_string().contains("more than 4 MiB"), "{error}");
    let output = shell(r"printf '\377'").run().await.unwrap();
    assert!(matches!(
        output.stdout(),
        Err(ProgramError::Unusable { .. })
    ));
}

#[tokio::test]
async fn secrets_reach_the_program_and_nothing_else() {
    let script = r#"read word; echo "$word"; echo "$TOKEN"; exit "$CODE""#;
    let command = |code| {
        shell(script)
            .secret_environment("TOKEN", SecretString::from("hidden-one"))
            .environment("CODE", code)
            .secret_input(SecretString::from("hidden-two\n"))
            .secret_output()
    };
    let output = command("0").run().await.unwrap();
    assert_eq!(
        output.secret_stdout().unwrap().expose_secret(),
        "hidden-two\nhidden-one\n"
    );
    let error = command("1").run().await.unwrap_err();
    for text in [
        format!("{output:?}"),
        format!("{error:?} {error}"),
        format!("{:?}", command("0")),
        command("0").rendering(),
    ] {
        assert!(!text.contains("hidden"), "{text}");
    }
}

#[tokio::test]
async fn a_rendering_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("a copy");
    std::fs::write(&copy, "input").unwrap();
    let script = r#"cat; printf ' %s %s' "$1" "$VARIABLE" "${REMOVED-gone}""#;
    let command = shell(script)
        .arguments(["sh", "it's $HOME; `date`"])
        .environment("VARIABLE", "a b")
        .without_environment("REMOVED")
        .input_with_copy("input", &copy);
    let rendering = command.rendering();
    let pasted = shell(&rendering).environment("REMOVED", "still here").run();
    let pasted = pasted.await.unwrap();
    let ran = command.run().await.unwrap();
    assert_eq!(ran.stdout().unwrap(), "input it's $HOME; `date` a b gone ");
    assert_eq!(
        pasted.stdout().unwrap(),
        ran.stdout().unwrap(),
        "{rendering}"
    );
}

#[test]
fn a_rendering_names_the_folder_and_what_is_not_shown() {
    let command = Command::new("kubectl")
        .arguments(["apply", "-f", "-"])
        .folder("/some where")
        .secret_environment("TOKEN", SecretString::from("x"))
        .input("four");
    assert_eq!(
        command.to_string(),
        r#"cd '/some where' && TOKEN="${TOKEN:?}" kubectl apply -f - # and 4 bytes on standard input"#
    );
}
