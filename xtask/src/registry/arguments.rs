//! What can be said after `cargo xtask registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cluster::DeploymentName;
use deploy::registry_access::check::Subject;
use deploy::registry_access::{NamespaceName, Place, PlaceError, ResourceName};

use crate::arguments::{Name, Output};
use crate::exit;

/// Give pipelines the credentials of a registry, check them, and look into a deployment's own registry.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Registry {
    #[command(subcommand)]
    pub(crate) command: RegistryCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    PushSecret(PushSecret),
    ReleaseSecret(ReleaseSecret),
    Check(Check),
    Login(Login),
    List(List),
    Inspect(Inspect),
}

/// Let the builds of a component push to its registry.
///
/// Finds credentials on this computer, checks that they can pull and push, puts only the needed ones into a Secret, and links it to the ServiceAccount
/// build-pipeline-NAME. What is in the Secret or linked already stays. Nothing is written before the registry has accepted the credentials.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct PushSecret {
    /// The component's namespace.
    #[arg(long)]
    pub(crate) namespace: NamespaceName,
    /// The component.
    #[arg(long, value_name = "NAME")]
    pub(crate) component: ResourceName,
    /// Registry, or a part of it. Default: where the component's image goes. If that does not lie below it, HOST/PREFIX/NAME is checked.
    #[arg(long, value_name = "HOST[/PREFIX]")]
    pub(crate) registry: Option<Place>,
    #[command(flatten)]
    pub(crate) give: Give,
}

/// Let releases push to their destinations.
///
/// Reads the ReleasePlanAdmissions of a managed namespace: the ServiceAccount that each names, the repositories of its mapping, and its ociStorage. Checks
/// credentials for each repository, and gives them to the ServiceAccounts as push-secret does. With --oci-storage, sets the latter.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct ReleaseSecret {
    /// The managed namespace.
    #[arg(long, value_name = "MANAGED")]
    pub(crate) namespace: NamespaceName,
    /// The ReleasePlanAdmission. Default: all of the namespace.
    #[arg(long, value_name = "NAME")]
    pub(crate) admission: Option<ResourceName>,
    /// Repository in which releases of the admission store trusted artifacts: becomes its ociStorage, once the credentials for it are given.
    #[arg(long, value_name = "HOST/REPOSITORY", value_parser = storage)]
    pub(crate) oci_storage: Option<Place>,
    #[command(flatten)]
    pub(crate) give: Give,
}

#[derive(Debug, Args)]
pub(crate) struct Give {
    #[command(flatten)]
    pub(crate) credentials: Credentials,
    /// Name of the Secret.
    #[arg(long, value_name = "NAME", default_value = "regcred")]
    pub(crate) secret: ResourceName,
    /// Link the Secret for pulling the images of pods, too (imagePullSecrets).
    #[arg(long)]
    pub(crate) pull: bool,
    /// Wait for a ServiceAccount that does not exist yet, 10 minutes at most.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) cluster: Cluster,
}

/// Find out whether credentials can pull from repositories and push to them; leaves nothing behind.
///
/// With --service-account, for exactly what Tekton gives to its pipelines: all linked Secrets, merged by Tekton's rules.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Check {
    /// Repositories; a tag or digest is of no concern, and a prefix is asked about like a repository. Of a registry alone it is found out whether it
    /// takes the login.
    #[arg(required = true, value_name = "IMAGE-OR-PREFIX", value_parser = subject)]
    pub(crate) subjects: Vec<Subject>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
    /// Namespace of the ServiceAccount.
    #[arg(long, requires = "service_account")]
    pub(crate) namespace: Option<NamespaceName>,
    /// Check what pipelines of this ServiceAccount get, not what this computer has.
    #[arg(
        long,
        value_name = "NAME",
        requires = "namespace",
        conflicts_with = "auth_file"
    )]
    pub(crate) service_account: Option<ResourceName>,
    #[command(flatten)]
    pub(crate) cluster: Cluster,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Log this computer in to a deployment's own registry, for podman, skopeo, docker and the commands here.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Login {
    /// Docker config to write to; what it has stays. Default: where `podman login` writes.
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) name: Name,
}

/// List the repositories of a deployment's own registry, or the tags of one.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct List {
    /// Repository, with or without the registry's host.
    pub(crate) repository: Option<String>,
    #[command(flatten)]
    pub(crate) name: Name,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Show an image of a deployment's own registry: platforms, layers, and the signatures, attestations, SBOMs and trusted artifacts attached to it.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Inspect {
    /// Image with tag or digest, with or without the registry's host.
    pub(crate) image: String,
    #[command(flatten)]
    pub(crate) name: Name,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// A place that is a repository.
fn storage(text: &str) -> Result<Place, PlaceError> {
    let place: Place = text.parse()?;
    place.as_repository().map(|_| place)
}

fn subject(text: &str) -> Result<Subject, PlaceError> {
    match text.parse::<Place>() {
        Ok(place) => Ok(match place.as_repository() {
            Ok(repository) => Subject::Repository(repository),
            Err(_) => Subject::Registry(place.registry().to_owned()),
        }),
        Err(PlaceError::Image(_)) => {
            let reference = text.parse().map_err(|source| PlaceError::Reference {
                text: text.to_owned(),
                source,
            });
            reference.map(Subject::Repository)
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Credentials {
    /// Docker config with the credentials. Default: where podman, skopeo and docker keep them, credential helpers included.
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_file: Option<PathBuf>,
    /// Certificate authority of the registry, PEM. A deployment's own registry needs none.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Cluster {
    /// Deployment. Default: konflux if it exists, else the kubeconfig's current context.
    #[arg(long, conflicts_with = "context")]
    pub(crate) name: Option<DeploymentName>,
    /// Context of the kubeconfig, even if there is a deployment.
    #[arg(long)]
    pub(crate) context: Option<String>,
}
