//! `cargo xtask registry login`.

use cluster::DeploymentRecord;
use deploy::registry_access::{Environment, LoggedIn, LoginError, default_auth_file, login};

use super::arguments::Login;
use super::interrupt::Interrupts;
use super::{give, own};
use crate::exit::{Exit, Failure};
use crate::report::say;

pub(crate) async fn run(arguments: Login, interrupts: &mut Interrupts) -> Result<Exit, Failure> {
    let record = own::record(&arguments.name.name)?;
    let directory = own::directory(&arguments.name.name)?;
    let registry = &record.registry;
    say(format!(
        "registry: {} of deployment {} (in the cluster: {})",
        registry.host_endpoint, record.name, registry.in_cluster_host
    ));
    let path = match arguments.auth_file {
        Some(path) => path,
        None => default_auth_file(&Environment::of_process()).map_err(failure)?,
    };
    let logged_in = interrupts
        .end(login(&directory, &record, &path), "no file was changed")
        .await?;
    match logged_in.map_err(failure)? {
        LoggedIn::NoneNeeded => say("it asks for no login; nothing was changed"),
        LoggedIn::File {
            path,
            changes,
            was_open,
            helper,
        } => {
            let path = path.display();
            say(match changes.is_nothing() {
                true => format!("unchanged  {path} has this login already"),
                false => format!("changed    {path}: {}", give::entries(&changes)),
            });
            if was_open {
                say(format!("changed    {path}: only you can read it now"));
            }
            if let Some(helper) = helper {
                say(format!(
                    "note: {path} makes docker ask its credential helper ({helper}), which does not know this login; use a file of its own for it"
                ));
            }
        }
    }
    trust(&record).iter().for_each(say);
    Ok(Exit::Done)
}

fn failure(error: LoginError) -> Failure {
    match error {
        LoginError::Registry(error) => own::failure(error),
        error @ LoginError::NoPlace => Exit::HostLacks.with(error),
        error => Exit::Failed.with(error),
    }
}

/// How other programs come to trust the registry's certificate.
fn trust(record: &DeploymentRecord) -> Vec<String> {
    let (endpoint, authority) = (&record.registry.host_endpoint, record.ca_file.display());
    let folder = record.ca_file.parent().unwrap_or(&record.ca_file).display();
    vec![
        "other programs trust its certificate like this:".to_owned(),
        format!("  skopeo, podman  --cert-dir {folder}"),
        format!(
            "  docker          copy {authority} to /etc/docker/certs.d/{endpoint}/ca.crt, as root"
        ),
        "docker reads logins from ~/.docker/config.json: name it with --auth-file".to_owned(),
    ]
}
