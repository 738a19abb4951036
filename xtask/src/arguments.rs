//! What can be said on the command line.

use std::path::PathBuf;

use clap::builder::styling::Styles;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cluster::state::RootError;
use cluster::{ClusterChoice, DeploymentName, Flavour, StateRoot};

use crate::doctor::Doctor;
use crate::exit;
use crate::registry::arguments::Registry;

/// A local Konflux whose container registry works, and the proof that builds and releases push the right images.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, after_help = exit::HELP, styles = Styles::plain())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    DeployLocal(DeployLocal),
    Conformance(Conformance),
    Status(Status),
    Destroy(Destroy),
    Doctor(Doctor),
    Registry(Registry),
}

/// Bring up a local Konflux with a working registry, or find it unchanged.
///
/// Running it again completes an interrupted deployment and repairs a stopped one; on a healthy one it changes nothing.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP, after_long_help = deploy_help())]
pub(crate) struct DeployLocal {
    /// Konflux resource to apply (a real operator reads it; the stand-ins do not).
    pub(crate) konflux_cr: Option<String>,
    /// Where the Kubernetes API and the registry come from: auto, kind, existing or embedded.
    #[arg(long, default_value = "auto", value_name = "CLUSTER")]
    pub(crate) cluster: ClusterChoice,
    /// Who acts on Konflux resources: operator or stand-ins. Default: stand-ins on embedded, operator on kind and existing,
    /// which this version does not support yet.
    #[arg(long, value_name = "FLAVOUR")]
    pub(crate) konflux: Option<Flavour>,
    /// Context of the kubeconfig to deploy on, with --cluster existing. Default: the current one.
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
    /// Delete a Kind cluster that is not as it is asked for, with everything in it, and make it anew.
    #[arg(long)]
    pub(crate) recreate: bool,
    /// Take what other projects release from this folder (NAME/VERSION/FILE) and from nowhere else.
    #[arg(long, value_name = "DIR")]
    pub(crate) sources: Option<PathBuf>,
    /// Fetch nothing: use what is cached, and say at once what is missing.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Whether the internal registry asks for a login: none or htpasswd. The setting REGISTRY_AUTH says the same.
    #[arg(long, value_name = "KIND")]
    pub(crate) registry_auth: Option<String>,
    #[command(flatten)]
    pub(crate) name: Name,
    /// Settings file; default: deploy-local.env in the current folder, if there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Print the plan and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// After a failure, go on with the steps that do not need the failed one.
    #[arg(long)]
    pub(crate) keep_going: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Run the scenarios against a deployment: builds and releases push the right images, by digest and by bytes.
///
/// Without a deployment, an embedded one is made for this run and destroyed afterwards.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP, after_long_help = conformance_help())]
pub(crate) struct Conformance {
    /// Deployment to run against; default: konflux if it exists, else one made for this run.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<DeploymentName>,
    /// Run only scenarios whose name contains this; `*` stands for any text. May be given several times.
    #[arg(long = "scenario", value_name = "PATTERN")]
    pub(crate) scenarios: Vec<String>,
    /// List the scenarios and run none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Write summary.txt, junit.xml and report.json into this folder, and the evidence of failures;
    /// default without a deployment: target/conformance.
    #[arg(long, value_name = "DIR")]
    pub(crate) report_dir: Option<PathBuf>,
    /// Leave the scenarios' namespaces and images in place, to look at them.
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Show whether a deployment is there and well, how to reach it, and what is lost when.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) name: Name,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Remove a deployment: its processes, its Kind cluster or what it made in an existing one, and every file.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Destroy {
    #[command(flatten)]
    pub(crate) name: Name,
    /// Remove the image cache, too, which all Kind clusters share and which is kept otherwise.
    #[arg(long)]
    pub(crate) cache: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Name {
    /// Name of the deployment.
    #[arg(long, default_value_t, value_name = "NAME")]
    pub(crate) name: DeploymentName,
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// How results are written to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(crate) output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
}

/// Where state lives, by the environment of this process.
pub(crate) fn state_root() -> Result<StateRoot, RootError> {
    StateRoot::from_environment(|name| std::env::var(name).ok())
}

fn conformance_help() -> String {
    let mut text = String::from("Settings (environment; empty counts as not set):\n");
    for (name, value, meaning) in harness::runner::REGISTRY_SETTINGS {
        text.push_str(&format!("  {name} ({value})\n      {meaning}\n"));
    }
    format!("{text}\n{}", exit::HELP)
}

fn deploy_help() -> String {
    let mut text = String::from(
        "Settings (environment, or a line NAME=value in the settings file; empty switches off):\n",
    );
    for setting in deploy::settings::SETTINGS {
        let default = setting
            .default
            .map_or_else(String::new, |value| format!(" [default: {value}]"));
        let clusters: Vec<String> = setting.clusters.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "  {}{default} ({})\n      {}\n",
            setting.name,
            clusters.join(", "),
            setting.meaning
        ));
    }
    format!("{text}\n{}", exit::HELP)
}
