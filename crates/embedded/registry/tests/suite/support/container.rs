//! An image of Debian's `docker-registry`, made from the installed package: no registry has to be asked for it.

use std::path::Path;

use testcontainers::core::IntoContainerPort as _;
use testcontainers::{ContainerRequest, GenericImage, ImageExt as _};
use tokio::process::Command;

use super::skopeo::output;

const PROGRAM: &str = "/usr/bin/docker-registry";
const NAME: &str = "registry-suite/docker-registry";
const TAG: &str = "debian";

/// Gives the image to the engine.
pub async fn import(archive: &Path) {
    let mut command = Command::new("ldd");
    command.arg(PROGRAM);
    let libraries = output(command, "libc-bin").await.unwrap();
    let libraries = libraries
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    let mut builder = tar::Builder::new(std::fs::File::create(archive).unwrap());
    for path in std::iter::once(PROGRAM).chain(libraries) {
        let mut file = std::fs::File::open(path).unwrap();
        builder
            .append_file(path.trim_start_matches('/'), &mut file)
            .unwrap();
    }
    builder.finish().unwrap();
    let mut command = Command::new("docker");
    command
        .arg("import")
        .arg(archive)
        .arg(format!("{NAME}:{TAG}"));
    output(command, "docker.io").await.unwrap();
}

/// The program in a container, with port 5000 published.
pub fn request() -> ContainerRequest<GenericImage> {
    GenericImage::new(NAME, TAG)
        .with_exposed_port(5000.tcp())
        .with_cmd([PROGRAM, "serve", "/etc/registry/config.yml"])
}
