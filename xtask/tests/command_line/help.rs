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
