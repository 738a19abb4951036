//! Which images steps may use: only the one whose program exists on this host.

use konflux_api::PROBE_IMAGE;

use crate::tekton::Failure;

/// The names under which the probe image has its program.
const PROGRAMS: [&str; 2] = ["probe", "/usr/local/bin/probe"];

/// Refuses every image but the probe image, whatever its tag or digest.
pub(crate) fn require_probe(step: &str, image: &str) -> Result<(), Failure> {
    if repository(image) == PROBE_IMAGE {
        return Ok(());
    }
    let image = if image.is_empty() { "no image" } else { image };
    Err(Failure::new(
        "TaskRunImagePullFailed",
        format!(
            "step {step:?} asks for {image}, but this cluster has no containers: steps run as processes of the host, and \
             only {PROBE_IMAGE} stands for a program there; use a kind cluster to run other images"
        ),
    ))
}

/// The arguments for the probe: what follows its name in `command`, then `args`. Without a command the image's
/// entrypoint runs, which is the probe.
pub(crate) fn probe_arguments(
    step: &str,
    command: &[String],
    args: &[String],
) -> Result<Vec<String>, Failure> {
    let leading = match command.split_first() {
        None => &[],
        Some((program, rest)) if PROGRAMS.contains(&program.as_str()) => rest,
        Some((program, _)) => {
            return Err(Failure::new(
                "TaskRunValidationFailed",
                format!(
                    "step {step:?} runs {program:?}, but the probe image contains only the program \"probe\""
                ),
            ));
        }
    };
    Ok(leading.iter().chain(args).cloned().collect())
}

fn repository(image: &str) -> &str {
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    match without_digest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => without_digest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_image_is_accepted_with_any_tag_or_digest() {
        for suffix in ["", ":latest", ":v1@sha256:00", "@sha256:00"] {
            assert!(
                require_probe("s", &format!("{PROBE_IMAGE}{suffix}")).is_ok(),
                "{suffix}"
            );
        }
    }

    #[test]
    fn any_other_image_is_refused_with_the_reason() {
        for image in [
            "",
            "quay.io/konflux-ci/buildah:latest",
            &format!("{PROBE_IMAGE}-other:latest"),
        ] {
            let failure = require_probe("build", image).unwrap_err();
            assert_eq!(failure.reason, "TaskRunImagePullFailed");
            assert!(
                failure.message.contains("only") && failure.message.contains("\"build\""),
                "{failure}"
            );
        }
    }

    #[test]
    fn the_program_in_the_command_is_the_probe_or_refused() {
        let texts = |items: &[&str]| {
            items
                .iter()
                .map(|item| (*item).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            probe_arguments("s", &texts(&["probe", "push"]), &texts(&["--help"])).unwrap(),
            ["push", "--help"]
        );
        assert_eq!(
            probe_arguments("s", &[], &texts(&["build"])).unwrap(),
            ["build"]
        );
        let failure = probe_arguments("s", &texts(&["/bin/sh", "-c"]), &[]).unwrap_err();
        assert!(failure.message.contains("/bin/sh"), "{failure}");
    }
}
