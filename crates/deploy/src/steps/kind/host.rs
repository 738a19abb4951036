//! The host is judged before anything is touched.

use std::sync::Arc;

use async_trait::async_trait;
use cluster::Flavour;
use cluster::host::{self, ImageLookup, NoLookup, Verdict};
use cluster::kind::inspect;

use super::KindPlace;
use super::offline::{self, Stock};
use crate::host_images::Registries;
use crate::plan::{Outcome, Progress, Step, StepError};
use crate::sources::SourceStore;
use crate::steps::DeployContext;

/// What `cargo xtask doctor` looks at, for the cluster that is asked for.
pub(in crate::steps) struct Host {
    pub(in crate::steps) place: Arc<KindPlace>,
    /// Where the files of other projects come from.
    pub(in crate::steps) sources: SourceStore,
}

#[async_trait]
impl Step<DeployContext> for Host {
    fn name(&self) -> &'static str {
        HOST
    }

    fn title(&self) -> &'static str {
        "judge the host: engine, programs, memory, disk, ports, images"
    }

    async fn run(
        &self,
        _context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let place = &self.place;
        let judged = "judge whether this host can run a Kind cluster";
        let wishes = place.wishes(Flavour::StandIns);
        let mut wishes = wishes.map_err(StepError::because(judged))?;
        progress.waiting("the engine");
        let is_there = is_there(place).await;
        let mut stock = Stock::default();
        if place.offline && !is_there {
            stock = offline::stock(place, &self.sources, &wishes).await?;
        }
        let lookup: Box<dyn ImageLookup> = if is_there {
            // A cluster that exists needs none of its images any more.
            wishes.node_image = None;
            wishes.images = Vec::new();
            Box::new(NoLookup)
        } else if place.offline {
            Box::new(NoLookup)
        } else {
            Box::new(Registries::new().map_err(StepError::because(judged))?)
        };
        let report = host::examine(&place.environment, &wishes, lookup.as_ref()).await;
        let failed: Vec<String> = report
            .failed()
            .filter(|check| !is_there || STILL_NEEDED.contains(&check.name.as_ref()))
            .map(|check| match &check.remedy {
                Some(remedy) => match &remedy.command {
                    Some(command) => format!(
                        "{}: {}; {}: {command}",
                        check.name, check.seen, remedy.advice
                    ),
                    None => format!("{}: {}; {}", check.name, check.seen, remedy.advice),
                },
                None => format!("{}: {}", check.name, check.seen),
            })
            .collect();
        if let Some(untold) = stock.untold.take() {
            progress.waiting(format!("nothing, but {untold}"));
        }
        if !stock.missing.is_empty() {
            let missing = stock.missing.join("\n  ");
            let error = StepError::new(
                "make a cluster without a network (--offline)",
                format!("this is missing:\n  {missing}"),
            );
            return Err(error.mended_by(
                "run it once without --offline, with ENABLE_IMAGE_CACHE=1, which keeps what is fetched",
            ));
        }
        if !failed.is_empty() {
            let error = StepError::new(judged, format!("it cannot:\n  {}", failed.join("\n  ")));
            return Err(error.mended_by("`cargo xtask doctor --konflux stand-ins` says it all"));
        }
        for check in report.checks() {
            if check.verdict == Verdict::Warn {
                progress.waiting(format!("nothing, but {}: {}", check.name, check.seen));
            }
        }
        Ok(Outcome::Unchanged)
    }
}

/// The name of this step: what fails here is what the host lacks.
pub(crate) const HOST: &str = "host";

/// What a cluster that is there needs of the host as well; whatever else is said of a new one, this one was made.
const STILL_NEEDED: [&str; 5] = [
    "engine",
    "engine-version",
    "engine-command",
    "kind",
    "kubectl",
];

/// Only a sure yes counts.
async fn is_there(place: &KindPlace) -> bool {
    let Ok(engine) = host::engine::find(&place.environment).await else {
        return false;
    };
    match engine.client() {
        Some(client) => inspect::inspect(client, &place.name)
            .await
            .is_ok_and(|found| found.is_some()),
        None => false,
    }
}
