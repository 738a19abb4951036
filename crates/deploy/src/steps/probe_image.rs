//! The image that the steps of our pipelines run, made from this very program and pushed to the registry.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use cluster::program::Command;
use oci::image::{ImageBuilder, LayerFiles};
use oci::{Algorithm, Digest, ImageReference, Layout};

use super::{DeployContext, registry};
use crate::plan::{Outcome, Progress, Step, StepError};

/// Where the program lies in the image. It runs as the probe when it is called so.
const PROGRAM: &str = "usr/local/bin/probe";
/// How long it may take to leave out what only a debugger reads.
const STRIP: Duration = Duration::from_secs(60);

/// The image of our pipelines' steps.
pub(super) fn reference() -> ImageReference {
    let reference = format!(
        "{}/konflux-local/probe:latest",
        konflux_api::INTERNAL_REGISTRY_HOST
    );
    reference.parse().expect("a literal reference is valid")
}

pub(super) struct ProbeImage;

#[async_trait]
impl Step<DeployContext> for ProbeImage {
    fn name(&self) -> &'static str {
        "probe-image"
    }

    fn title(&self) -> &'static str {
        "make the image of our pipelines' steps from this program, and push it"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        if !cfg!(target_os = "linux") {
            return Err(StepError::new(
                "make the image of the pipelines' steps",
                "this program is not built for Linux, which the nodes run",
            )
            .mended_by(
                "run konflux-local in a Linux machine or container that reaches the engine",
            ));
        }
        let client = registry::client(&context.connection()?.record)
            .map_err(StepError::because("use the registry"))?;
        let program = context.program.clone();
        let digest = on_a_thread(move || digest_of(&program)).await?;
        // The image has the digest of the program as a second tag, so that a program that did not change is not pushed again.
        let latest = reference();
        let of_this_program = latest.with_tag(&digest.hex()[..32]);
        let of_this_program = of_this_program.map_err(StepError::because("name the image"))?;
        let there = client
            .resolve(&of_this_program)
            .await
            .map_err(StepError::because(format!("resolve {of_this_program}")))?;
        let tagged = client
            .resolve(&latest)
            .await
            .map_err(StepError::because(format!("resolve {latest}")))?;
        if there.is_some() && there == tagged {
            return Ok(Outcome::Unchanged);
        }
        let folder = tempfile::tempdir().map_err(StepError::because("make a folder"))?;
        progress.waiting("the image to be made");
        let stripped = strip(&context.program, folder.path()).await;
        let (layout, libraries) = (folder.path().join("layout"), libraries()?);
        let made = on_a_thread(move || assemble(&layout, stripped, &libraries)).await?;
        for reference in [&of_this_program, &latest] {
            progress.waiting(format!("the push of {reference}"));
            let pushed = client.push_layout(made.directory(), reference).await;
            pushed.map_err(StepError::because(format!("push {reference}")))?;
        }
        Ok(Outcome::Changed(format!("pushed {latest}")))
    }
}

fn digest_of(program: &Path) -> Result<Digest, StepError> {
    let content = fs::read(program);
    let content = content.map_err(StepError::because(format!("read {}", program.display())))?;
    Ok(Digest::of(Algorithm::Sha256, &content))
}

/// The program without what only a debugger reads; as it is where `strip` is not there or fails.
async fn strip(program: &Path, folder: &Path) -> PathBuf {
    let stripped = folder.join("probe");
    let command = Command::new("strip")
        .argument("--strip-debug")
        .argument("-o")
        .argument(&stripped)
        .argument(program)
        .limit(STRIP);
    match command.run().await {
        Ok(_) => stripped,
        Err(_) => program.to_owned(),
    }
}

/// The libraries that this program runs with, its loader among them: the system says what it has loaded for it.
fn libraries() -> Result<Vec<PathBuf>, StepError> {
    let maps = fs::read_to_string("/proc/self/maps");
    let maps = maps.map_err(StepError::because("see which libraries this program uses"))?;
    Ok(libraries_in(&maps))
}

fn libraries_in(maps: &str) -> Vec<PathBuf> {
    let paths = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            name.ends_with(".so") || name.contains(".so.")
        })
        .map(PathBuf::from)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

fn assemble(folder: &Path, program: PathBuf, libraries: &[PathBuf]) -> Result<Layout, StepError> {
    let failed = || StepError::because("make the image of the pipelines' steps");
    let layout = Layout::create(folder).map_err(failed())?;
    let mut files = LayerFiles::new();
    files.add_file(PROGRAM, program, true).map_err(failed())?;
    for (path, library) in places(libraries) {
        files.add_file(&path, library, true).map_err(failed())?;
    }
    files.add_directory("tmp").map_err(failed())?;
    let users = b"root:x:0:0:root:/tmp:/\n".to_vec();
    files.add_content("etc/passwd", users).map_err(failed())?;
    let mut image = ImageBuilder::scratch(&layout, oci::Platform::linux_host());
    let path = "/usr/local/bin".to_owned();
    image.settings_mut().set_environment("PATH", path);
    image
        .add_layer(&files, "the probe of konflux-local")
        .map_err(failed())?;
    image.finish().map_err(failed())?;
    Ok(layout)
}

/// Where a program finds its libraries and loader: by their names in the folders that every loader searches, and where the program's own
/// header has the loader.
fn places(libraries: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let mut places = Vec::new();
    for library in libraries {
        let Some(name) = library.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let folder = match cfg!(target_pointer_width = "64") {
            true => "lib64",
            false => "lib",
        };
        for folder in [folder, "lib"] {
            let place = (format!("{folder}/{name}"), library.clone());
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
) -> Result<T, StepError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(StepError::because("make the image of the pipelines' steps"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_those_that_the_system_has_loaded() {
        let maps = "7f00-7f01 r-xp 00000000 08:01 12   /usr/lib/x86_64-linux-gnu/libc.so.6\n\
                    7f02-7f03 r--p 00000000 08:01 12   /usr/lib/x86_64-linux-gnu/libc.so.6\n\
                    7f04-7f05 r-xp 00000000 08:01 13   /usr/lib64/ld-linux-x86-64.so.2\n\
                    7f06-7f07 r-xp 00000000 08:01 14   /usr/bin/program\n\
                    7f08-7f09 rw-p 00000000 00:00 0    [heap]\n";
        let found = libraries_in(maps);
        let names: Vec<_> = found.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "/usr/lib/x86_64-linux-gnu/libc.so.6",
                "/usr/lib64/ld-linux-x86-64.so.2"
            ]
        );
    }

    #[test]
    fn the_image_holds_the_program_under_the_name_by_which_it_is_the_probe() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "a program").unwrap();
        let layout = assemble(&folder.path().join("layout"), program, &[]).unwrap();
        assert!(layout.image().is_ok());
    }
}
