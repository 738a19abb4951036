//! Running Debian's `skopeo`.

use std::path::Path;

use tokio::process::Command;

use super::server::Server;

pub const SOURCE: &str = "--src-cert-dir";
pub const DESTINATION: &str = "--dest-cert-dir";
pub const CERTIFICATES: &str = "--cert-dir";

/// An image layout with an image tagged `latest`, as skopeo names it.
pub fn layout(directory: &Path) -> String {
    format!("oci:{}:latest", directory.display())
}

/// Runs skopeo, which trusts the server's authority where `arguments` have one of the options above.
pub async fn skopeo(server: &Server, arguments: &[&str]) -> Result<String, String> {
    run(server.certificate_directory.path(), arguments).await
}

/// Runs skopeo with the certificate folder after each option that takes one. Returns standard output, or standard error
/// when it failed.
pub async fn run(certificates: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("skopeo");
    command.arg("--insecure-policy");
    for argument in arguments {
        command.arg(argument);
        if [SOURCE, DESTINATION, CERTIFICATES].contains(argument) {
            command.arg(certificates);
        }
    }
    output(command, "skopeo").await
}

/// Runs a program of a Debian package. Returns standard output, or standard error when it failed.
pub async fn output(mut command: Command, package: &str) -> Result<String, String> {
    let output = command.kill_on_drop(true).output().await.unwrap_or_else(|error| {
        panic!("{package} could not be started ({error}): install Debian's package {package}, this suite needs it")
    });
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}
