//! A scripted world in which steps do what a test says.

mod ends;
mod evidence;
mod interruption;

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Barrier, Notify};
use tokio_util::sync::CancellationToken;

use crate::events::Events;
use crate::plan::{
    Again, Conduct, Evidence, Finished, Outcome, Plan, Progress, Rule, Step, StepError, run,
};

/// What a scripted step does.
#[derive(Clone, Copy)]
enum Script {
    Refuse,
    Succeed,
    Fail,
    Panic,
    Hang,
    /// Ends only when two steps are here at the same time.
    Meet,
    /// Cancels the run, and then never ends.
    CancelAndHang,
    /// Cancels the run, and ends well when it is told to stop.
    CancelAndFinish,
    /// Says that it stopped when it is told to stop.
    StopWhenTold,
}

/// What a scripted step offers as evidence.
#[derive(Clone, Copy)]
enum Offer {
    Nothing,
    Lines,
    Error,
    Panic,
    Hang,
}

struct Scripted {
    name: &'static str,
    needs: &'static [&'static str],
    script: Script,
    offer: Offer,
}

struct World {
    meeting: Barrier,
    order: Mutex<Vec<&'static str>>,
    cancellation: CancellationToken,
    dropped: Notify,
}

#[async_trait]
impl Step<World> for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        "a scripted step"
    }
    fn needs(&self) -> &'static [&'static str] {
        self.needs
    }
    fn rule(&self) -> Option<Rule> {
        Some(Rule::new(Duration::from_secs(60), Again::Keeps))
    }
    async fn run(&self, world: &World, progress: &Progress) -> Result<Outcome, StepError> {
        world.order.lock().unwrap().push(self.name);
        match self.script {
            Script::Succeed => Ok(Outcome::Changed("it".to_owned())),
            Script::Fail => {
                Err(StepError::new("open the door", "it is locked").mended_by("find the key"))
            }
            Script::Refuse => {
                Err(StepError::new("open the door", "it is another door").explaining_itself())
            }
            Script::Panic => panic!("scripted"),
            Script::Hang => {
                progress.waiting("the door to open");
                std::future::pending().await
            }
            Script::Meet => {
                world.meeting.wait().await;
                Ok(Outcome::Unchanged)
            }
            Script::CancelAndHang => {
                progress.waiting("the door to open");
                world.cancellation.cancel();
                let _tells = TellsWhenDropped(&world.dropped);
                std::future::pending().await
            }
            Script::CancelAndFinish => {
                world.cancellation.cancel();
                progress.cancellation().cancelled().await;
                Ok(Outcome::Changed("it".to_owned()))
            }
            Script::StopWhenTold => {
                progress.cancellation().cancelled().await;
                Err(StepError::new("go through the door", "it was told to stop"))
            }
        }
    }
    async fn evidence(
        &self,
        _world: &World,
        failure: &StepError,
        into: &Path,
    ) -> Result<Option<Evidence>, StepError> {
        match self.offer {
            Offer::Nothing => Ok(None),
            Offer::Lines => {
                std::fs::create_dir_all(into)
                    .map_err(StepError::because("make a folder for the evidence"))?;
                std::fs::write(into.join("failure.txt"), failure.to_string())
                    .map_err(StepError::because("write the evidence"))?;
                let lines = ["first", "second", "third", "fourth"].map(str::to_owned);
                Ok(Some(Evidence::new(into.to_owned(), lines)))
            }
            Offer::Error => Err(StepError::new("read the log", "it is gone")),
            Offer::Panic => panic!("scripted"),
            Offer::Hang => std::future::pending().await,
        }
    }
}

struct TellsWhenDropped<'a>(&'a Notify);

impl Drop for TellsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn step(
    name: &'static str,
    needs: &'static [&'static str],
    script: Script,
) -> Box<dyn Step<World>> {
    offering(name, needs, script, Offer::Nothing)
}

fn offering(
    name: &'static str,
    needs: &'static [&'static str],
    script: Script,
    offer: Offer,
) -> Box<dyn Step<World>> {
    Box::new(Scripted {
        name,
        needs,
        script,
        offer,
    })
}

fn world() -> World {
    World {
        meeting: Barrier::new(2),
        order: Mutex::default(),
        cancellation: CancellationToken::new(),
        dropped: Notify::new(),
    }
}

/// Runs the steps; gives back how it ended and the order in which they began.
async fn run_all(
    steps: Vec<Box<dyn Step<World>>>,
    conduct: Conduct,
    events: &Events,
) -> (Finished, World) {
    let world = world();
    let conduct = Conduct {
        cancellation: world.cancellation.clone(),
        ..conduct
    };
    let plan = Plan::new(steps).unwrap();
    let finished = run(&plan, &world, events, &conduct).await;
    (finished, world)
}

fn order(world: World) -> Vec<&'static str> {
    world.order.into_inner().unwrap()
}
