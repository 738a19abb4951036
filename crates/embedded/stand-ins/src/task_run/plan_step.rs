//! One step's command, environment and mounts.

use std::time::Duration;

use k8s_openapi::api::core::v1::{EnvVar, VolumeMount};
use konflux_api::tekton::{Step, StepTemplate};

use super::{
    image,
    plan::invalid,
    plan_volume::{self, Mount, VolumePlan},
};
use crate::tekton::{
    Failure, Variables, duration, reference::references, variables::VariableError,
};

/// What one step runs.
#[derive(Clone, Debug)]
pub(crate) struct StepPlan {
    /// The step's name.
    pub(crate) name: String,
    /// Its container's name in the pod.
    pub(crate) container: String,
    /// The image it asks for.
    pub(crate) image: String,
    /// The arguments of the probe, with container paths.
    pub(crate) arguments: Vec<String>,
    /// Its own environment, with container paths.
    pub(crate) env: Vec<EnvVar>,
    /// Its working directory in the container.
    pub(crate) working_dir: Option<String>,
    /// Its volumes.
    pub(crate) mounts: Vec<Mount>,
    /// Its own limit.
    pub(crate) timeout: Option<Duration>,
    /// Whether the task goes on when it fails.
    pub(crate) continue_on_error: bool,
}

/// Plans the step of that position, with the defaults of the template.
pub(crate) fn plan(
    index: usize,
    step: &Step,
    template: Option<&StepTemplate>,
    volumes: &[VolumePlan],
    variables: &Variables,
) -> Result<StepPlan, Failure> {
    let name = step
        .name
        .clone()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("unnamed-{index}"));
    let undefined = |error: VariableError| invalid(format!("step {name:?}: {error}"));
    if step.script.is_some() {
        return Err(invalid(format!(
            "step {name:?} has a script, but this cluster has no containers to run scripts in; use command and args of the probe"
        )));
    }
    let default = StepTemplate::default();
    let template = template.unwrap_or(&default);
    let image = step
        .image
        .as_ref()
        .or(template.image.as_ref())
        .map_or("", String::as_str);
    let image = variables.text(image).map_err(undefined)?;
    image::require_probe(&name, &image)?;

    let command = if step.command.is_empty() {
        &template.command
    } else {
        &step.command
    };
    let args = if step.args.is_empty() {
        &template.args
    } else {
        &step.args
    };
    let env = merge_env(&template.env, &step.env);
    let env = env
        .into_iter()
        .map(|variable| plan_variable(variable, variables))
        .collect::<Result<Vec<_>, _>>();
    let env = env.map_err(undefined)?;
    check_env(&name, &env)?;
    let command = variables.list(command).map_err(undefined)?;
    let args = expand(variables.list(args).map_err(undefined)?, &env);
    let working_dir = step.working_dir.as_ref().or(template.working_dir.as_ref());
    let working_dir = working_dir
        .map(|path| variables.text(path))
        .transpose()
        .map_err(undefined)?;
    let on_error = step.on_error.as_deref().unwrap_or("stopAndFail");
    if !["stopAndFail", "continue"].contains(&on_error) {
        return Err(invalid(format!(
            "step {name:?}: onError is {on_error:?}, neither \"stopAndFail\" nor \"continue\""
        )));
    }
    let timeout = step
        .timeout
        .as_deref()
        .map(|text| variables.text(text))
        .transpose()
        .map_err(undefined)?;
    let timeout = duration::timeout(timeout.as_deref(), None)
        .map_err(|problem| invalid(format!("step {name:?}: {problem}")))?;
    Ok(StepPlan {
        container: format!("step-{name}"),
        arguments: image::probe_arguments(&name, &command, &args)?,
        mounts: plan_volume::mounts(
            &name,
            merge_mounts(&template.volume_mounts, &step.volume_mounts),
            volumes,
            variables,
        )?,
        continue_on_error: on_error == "continue",
        image,
        env,
        working_dir,
        timeout,
        name,
    })
}

fn plan_variable(variable: EnvVar, variables: &Variables) -> Result<EnvVar, VariableError> {
    let value = variable
        .value
        .as_deref()
        .map(|value| variables.text(value))
        .transpose()?;
    Ok(EnvVar { value, ..variable })
}

/// The step's variables after the template's, whose own are replaced by name.
fn merge_env(template: &[EnvVar], step: &[EnvVar]) -> Vec<EnvVar> {
    let kept = template
        .iter()
        .filter(|variable| step.iter().all(|own| own.name != variable.name));
    kept.chain(step).cloned().collect()
}

fn merge_mounts(template: &[VolumeMount], step: &[VolumeMount]) -> Vec<VolumeMount> {
    let kept = template
        .iter()
        .filter(|mount| step.iter().all(|own| own.mount_path != mount.mount_path));
    kept.chain(step).cloned().collect()
}

fn check_env(step: &str, env: &[EnvVar]) -> Result<(), Failure> {
    for variable in env {
        let source = variable.value_from.as_ref();
        let foreign = source.is_some_and(|source| {
            source.field_ref.is_some()
                || source.resource_field_ref.is_some()
                || source.file_key_ref.is_some()
        });
        if foreign {
            let message = format!(
                "step {step:?}: the variable {} takes its value from a field, which this model of Tekton does not implement; \
                 secretKeyRef and configMapKeyRef are",
                variable.name
            );
            return Err(invalid(message));
        }
        if variable.name == "HOME" {
            return Err(invalid(format!(
                "step {step:?} sets HOME, but each step has a home of its own on this host"
            )));
        }
    }
    Ok(())
}

/// Replaces `$(NAME)` by the value of an environment variable, as kubelet does; other references stay.
fn expand(arguments: Vec<String>, env: &[EnvVar]) -> Vec<String> {
    let value = |name: &str| {
        env.iter()
            .find(|variable| variable.name == name)
            .and_then(|variable| variable.value.as_deref())
    };
    let expand_one = |argument: String| {
        let found: Vec<(String, String)> = references(&argument)
            .filter(|reference| reference.path.len() == 1 && reference.index.is_none())
            .filter_map(|reference| {
                Some((
                    reference.text.to_owned(),
                    value(reference.path[0])?.to_owned(),
                ))
            })
            .collect();
        found
            .into_iter()
            .fold(argument, |text, (reference, value)| {
                text.replace(&reference, &value)
            })
    };
    arguments.into_iter().map(expand_one).collect()
}
