//! What `--help` says. A change of it is a change of the interface: look at the difference, then accept it.

use crate::support::Sandbox;

#[test]
fn the_commands_and_the_exit_codes_are_explained() {
    insta::assert_snapshot!(Sandbox::new().run(&["--help"]).stdout);
}

#[test]
fn deploy_local_explains_every_option_and_setting() {
    insta::assert_snapshot!(Sandbox::new().run(&["deploy-local", "--help"]).stdout);
}

#[test]
fn conformance_explains_its_options() {
    insta::assert_snapshot!(Sandbox::new().run(&["conformance", "--help"]).stdout);
}

#[test]
fn doctor_explains_its_options() {
    insta::assert_snapshot!(Sandbox::new().run(&["doctor", "--help"]).stdout);
}

#[test]
fn the_registry_commands_explain_their_options_and_exit_codes() {
    insta::assert_snapshot!(Sandbox::new().run(&["registry", "--help"]).stdout);
    for command in [
        "push-secret",
        "release-secret",
        "check",
        "login",
        "list",
        "inspect",
    ] {
        let help = Sandbox::new().run(&["registry", command, "--help"]).stdout;
        insta::assert_snapshot!(format!("registry_{command}"), help);
    }
}
