//! `probe registry-login`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use support::Step;

#[tokio::test]
async fn the_login_of_a_step_is_told_without_its_secret() {
    let step = Step::new();
    let tell = "registry-login --repository registry.example/team/app --login-result login";
    let login = |auths: &str| {
        let config = format!(r#"{{"auths": {{{auths}}}}}"#);
        step.write(".docker/config.json", &config);
    };
    let result = || std::fs::read_to_string(step.path("login")).unwrap();
    step.probe_succeeds(tell).await;
    assert_eq!(result(), "anonymous");
    // robot:pass and reader:pass
    let (robot, reader) = ("cm9ib3Q6cGFzcw==", "cmVhZGVyOnBhc3M=");
    login(&format!(
        r#""registry.example": {{"auth": "{robot}"}}, "registry.example/team": {{"auth": "{reader}"}}"#
    ));
    let ended = step.probe_succeeds(tell).await;
    assert_eq!(result(), "user:reader");
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains("pass") && !text.contains(reader), "{text}");
    }
    login(r#""registry.example": {"auth": "?"}"#);
    step.probe_fails(tell, "registry.example").await;
}
