//! From arguments and settings to the cluster to deploy on.

use std::sync::Arc;

use anyhow::anyhow;
use cluster::choice::{self, Choice, Knowledge};
use cluster::host::{self, Environment};
use cluster::{ClusterKind, Flavour, StateRoot};
use deploy::Settings;
use deploy::deployment::Target;
use deploy::host_images::Registries;
use deploy::sources::{Cache, LockFile, Mirror, Origin, SourceStore};
use deploy::steps::{ExistingPlace, KindPlace};

use crate::arguments::DeployLocal;
use crate::exit::{Exit, Failure};

/// Decides which cluster to use; a Kind cluster is asked after only where that matters.
pub(super) async fn choose(
    arguments: &DeployLocal,
    root: &StateRoot,
    settings: &Settings,
) -> Result<Choice, Failure> {
    let directory = root.deployment(&arguments.name.name);
    // A record that cannot be used says so itself, when it is needed.
    let recorded = directory.read_record().ok().flatten();
    let known = Knowledge {
        deployed: recorded.map(|record| record.cluster),
        flavour: arguments.konflux,
    };
    let possible = async || kind_is_possible(root, settings).await;
    choice::choose(arguments.cluster, &known, possible)
        .await
        .map_err(|error| Exit::WrongUse.with(error))
}

async fn kind_is_possible(root: &StateRoot, settings: &Settings) -> anyhow::Result<()> {
    let place = KindPlace::new(settings, Environment::of_this_process(), root.clone())?;
    let wishes = place.wishes(Flavour::StandIns)?;
    host::kind_is_possible(&place.environment, &wishes, &Registries::new()?).await?;
    Ok(())
}

/// What to deploy on, with what only that kind of cluster needs.
pub(super) fn target(
    cluster: ClusterKind,
    arguments: &DeployLocal,
    root: &StateRoot,
    settings: &Settings,
) -> Result<Target, Failure> {
    let wrong_use = |error: anyhow::Error| Exit::WrongUse.with(error);
    let refuse = |given: bool, flag: &str, only: ClusterKind| match given && cluster != only {
        true => Err(wrong_use(anyhow!(
            "{flag} is for --cluster {only}, and this is the {cluster} cluster"
        ))),
        false => Ok(()),
    };
    refuse(arguments.recreate, "--recreate", ClusterKind::Kind)?;
    refuse(
        arguments.context.is_some(),
        "--context",
        ClusterKind::Existing,
    )?;
    match cluster {
        ClusterKind::Embedded => Ok(Target::Embedded),
        ClusterKind::Kind => {
            let environment = Environment::of_this_process();
            let mut place = KindPlace::new(settings, environment, root.clone())
                .map_err(|error| wrong_use(error.into()))?;
            place.recreate = arguments.recreate;
            place.offline = arguments.offline;
            let sources = sources(arguments, settings)?;
            Ok(Target::Kind(Arc::new(place), sources))
        }
        ClusterKind::Existing => {
            let place = ExistingPlace::new(settings, arguments.context.as_deref())
                .map_err(|error| wrong_use(error.into()))?;
            let sources = sources(arguments, settings)?;
            Ok(Target::Existing(Arc::new(place), sources))
        }
    }
}

/// Where the files of other projects come from; digests that nobody published are recorded in the current folder.
fn sources(arguments: &DeployLocal, settings: &Settings) -> Result<SourceStore, Failure> {
    let cache = Cache::from_environment(|name| std::env::var(name).ok())
        .map_err(|error| Exit::HostLacks.with(error))?;
    let origin = match (&arguments.sources, settings.sources_mirror()) {
        (Some(directory), _) => Origin::Directory(directory.clone()),
        (None, Some(address)) => {
            Origin::Mirror(Mirror::parse(address).map_err(|error| Exit::WrongUse.with(error))?)
        }
        (None, None) => Origin::Project,
    };
    Ok(SourceStore::new(cache, LockFile::at(LockFile::NAME))
        .origin(origin)
        .offline(arguments.offline))
}
