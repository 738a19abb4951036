//! `cargo xtask doctor`.

use std::path::{Path, PathBuf};

use clap::Args;
use cluster::host::{self, Check, Environment, Remedy, Report};
use cluster::{ClusterKind, Flavour};
use deploy::host_images::Registries;
use deploy::steps::KindPlace;
use deploy::{Settings, SettingsError, Sources};

use crate::arguments::{Format, Output, state_root};
use crate::exit::{self, Exit, Failure};
use crate::report;

/// The check that is made here, because settings live above the host.
const SETTINGS: &str = "settings";
/// Read when no `--env-file` is given.
const DEFAULT_ENV_FILE: &str = "deploy-local.env";

/// Judge whether this host can run Konflux in a Kind cluster, and say what is in the way.
///
/// Nothing is changed. Commands that mend something are printed and never run. `--cluster embedded` needs none of this.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Doctor {
    /// Who would act on Konflux resources: operator, or stand-ins, which need far less.
    #[arg(long, default_value = "operator", value_name = "FLAVOUR")]
    konflux: Flavour,
    /// Settings file to judge; default: deploy-local.env in the current folder, if there is one.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(arguments: Doctor) -> Result<Exit, Failure> {
    let default = PathBuf::from(DEFAULT_ENV_FILE);
    let env_file = arguments
        .env_file
        .or_else(|| default.exists().then_some(default));
    let settings = settings(env_file.clone(), arguments.konflux);
    let place = place(settings.as_ref().ok())?;
    let wishes = place.wishes(arguments.konflux);
    // The document is ours; what is wrong with it comes from a setting.
    let wishes = wishes.map_err(|error| Exit::WrongUse.with(error))?;
    let registries = Registries::new().map_err(|error| Exit::HostLacks.with(error))?;
    let mut report = host::examine(&place.environment, &wishes, &registries).await;
    report.add(judge(&settings, env_file.as_deref()));
    if arguments.output.output == Format::Json {
        report::json(&report)?;
    } else {
        report::result(report.to_string())?;
    }
    Ok(exit(&report))
}

/// Settings alone are wrong use; everything else is what the host lacks.
fn exit(report: &Report) -> Exit {
    let mut failed = report.failed().peekable();
    if failed.peek().is_none() {
        Exit::Done
    } else if failed.all(|check| check.name == SETTINGS) {
        Exit::WrongUse
    } else {
        Exit::HostLacks
    }
}

fn settings(env_file: Option<PathBuf>, flavour: Flavour) -> Result<Settings, SettingsError> {
    let sources = Sources {
        arguments: Vec::new(),
        // A variable that is not text cannot be one of ours: their values are checked to be text.
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        env_file,
    };
    let settings = Settings::resolve(&sources)?;
    settings.for_cluster(ClusterKind::Kind, flavour)?;
    Ok(settings)
}

fn judge(settings: &Result<Settings, SettingsError>, env_file: Option<&Path>) -> Check {
    match (settings, env_file) {
        (Ok(_), Some(file)) => Check::pass(
            SETTINGS,
            format!("{} and the environment are in order", file.display()),
        ),
        (Ok(_), None) => Check::pass(
            SETTINGS,
            format!("no {DEFAULT_ENV_FILE} here; the environment is in order"),
        ),
        (Err(error), _) => Check::fail(
            SETTINGS,
            error.to_string(),
            Remedy::advice("mend it; `cargo xtask deploy-local --help` lists every setting"),
        ),
    }
}

/// The cluster that would be made; with settings that cannot be used, the one that is made without any.
fn place(settings: Option<&Settings>) -> Result<KindPlace, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let none = Settings::default();
    let environment = Environment::of_this_process();
    KindPlace::new(settings.unwrap_or(&none), environment, root)
        .map_err(|error| Exit::WrongUse.with(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(names: &[&'static str]) -> Report {
        let fail = |name: &&'static str| Check::fail(*name, "", Remedy::advice(""));
        Report::new(names.iter().map(fail).collect())
    }

    #[test]
    fn what_failed_decides_the_exit_code_and_a_warning_does_not() {
        assert_eq!(exit(&failing(&[])), Exit::Done);
        assert_eq!(exit(&failing(&[SETTINGS])), Exit::WrongUse);
        assert_eq!(exit(&failing(&[SETTINGS, "engine"])), Exit::HostLacks);
        let warned = Report::new(vec![Check::unknown("engine", "no answer")]);
        assert_eq!(exit(&warned), Exit::Done);
    }
}
