//! `kind` and `kubectl` that are absent, old, broken, silent or somebody else.

use super::super::Verdict;
use super::super::check::Check;
use super::super::checks;
use super::fake_host::FakeHost;

async fn kind(script: &str) -> Check {
    let host = FakeHost::bare();
    host.program("kind", script);
    checks::kind(&host.environment()).await
}

async fn kubectl(script: &str) -> Check {
    let host = FakeHost::bare();
    host.program("kubectl", script);
    checks::kubectl(&host.environment()).await
}

#[tokio::test]
async fn kind_must_be_there_and_new_enough() {
    let absent = checks::kind(&FakeHost::bare().environment()).await;
    assert_eq!(
        (absent.verdict, absent.seen.as_str()),
        (Verdict::Fail, "no `kind` on PATH")
    );
    let old = kind("echo 0.25.0").await;
    assert_eq!(old.verdict, Verdict::Fail);
    assert!(old.seen.starts_with("0.25.0 is too old"), "{}", old.seen);
    assert_eq!(kind("echo 0.26.0").await.verdict, Verdict::Warn);
    assert_eq!(kind("echo 0.32.0").await.verdict, Verdict::Pass);
}

#[tokio::test]
async fn a_kind_that_fails_is_quoted_and_one_that_babbles_could_not_be_told() {
    let broken = kind("echo 'cannot execute binary file' >&2; exit 126").await;
    assert_eq!(broken.verdict, Verdict::Fail);
    assert!(
        broken.seen.contains("exit 126") && broken.seen.contains("cannot execute"),
        "{}",
        broken.seen
    );
    let babbling = kind("echo hello").await;
    assert_eq!(babbling.verdict, Verdict::Warn);
    assert!(
        babbling.seen.starts_with("could not tell"),
        "{}",
        babbling.seen
    );
}

/// Time jumps to the limit as soon as nothing but the program could go on.
#[tokio::test(start_paused = true)]
async fn a_kind_that_hangs_could_not_be_told() {
    let hanging = kind("exec /bin/sleep 600").await;
    assert_eq!(hanging.verdict, Verdict::Warn);
    assert!(
        hanging.seen.contains("did not end within 2 s"),
        "{}",
        hanging.seen
    );
}

#[tokio::test]
async fn kubectl_is_wanted_and_not_needed() {
    let absent = checks::kubectl(&FakeHost::bare().environment()).await;
    assert_eq!(absent.verdict, Verdict::Warn);
    let say =
        |version: &str| format!(r#"echo '{{"clientVersion": {{"gitVersion": "{version}"}}}}'"#);
    assert_eq!(kubectl(&say("v1.31.3")).await.verdict, Verdict::Warn);
    assert_eq!(
        kubectl(&say("v1.32.4-dispatcher")).await.verdict,
        Verdict::Pass
    );
    let nonsense = kubectl("echo Client Version: v1.36.0").await;
    assert!(
        nonsense.seen.starts_with("could not tell"),
        "{}",
        nonsense.seen
    );
}
