//! The Kind cluster itself: made, or found as it is asked for.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bollard::Docker;
use cluster::host::engine::{self, Engine};
use cluster::kind::certs_d::{self, certs_d};
use cluster::kind::compare::{Field, compare};
use cluster::kind::configuration::{self, ClusterConfiguration};
use cluster::kind::image_cache::ImageCache;
use cluster::kind::inspect::{FoundCluster, inspect};
use cluster::kind::network::NetworkRecord;
use cluster::kind::{
    Creation, Existence, Kind, KindSettings, NodeMemory, PinnedContext, WorkFolder, nodes,
};
use cluster::state::{KubernetesEndpoint, RegistryEndpoint};
use cluster::{ClusterKind, connect};
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use tokio::sync::mpsc;

use super::{KindPlace, certificates, evidence};
use crate::plan::{Evidence, Outcome, Progress, Step, StepError, wait};
use crate::steps::forwarding::registry_endpoint;
use crate::steps::{Connection, DeployContext};

pub(in crate::steps) struct KindCluster(pub(in crate::steps) Arc<KindPlace>);

/// What the record calls the engine that holds the cluster.
pub(crate) const ENGINE: &str = "container-engine";
/// Lines of `kind` that wait to be told; more are passed over.
const LINES: usize = 64;

#[async_trait]
impl Step<DeployContext> for KindCluster {
    fn name(&self) -> &'static str {
        "kind-cluster"
    }

    fn title(&self) -> &'static str {
        "make the Kind cluster, whose nodes trust and resolve the registry"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let place = &self.0;
        let engine = engine::find(&place.environment)
            .await
            .map_err(StepError::because("find the container engine"))?;
        let run = Run {
            place,
            context,
            progress,
            kind: kind(&engine).cancelled_by(progress.cancellation().clone()),
            work: WorkFolder::of(&context.directory),
            engine,
        };
        let (mut changed, is_new) = run.ensure().await?;
        let pinned = run.kubeconfig().await?;
        changed.extend(run.limit_memory().await?);
        changed.extend(run.attach_cache().await?);
        let mut connection = run.connect(&pinned).await?;
        if is_new {
            // What was done was done to another cluster of this name.
            connection.record.steps_done.clear();
            connection.record.complete = false;
        }
        run.wait_for_nodes(&connection.client).await?;
        context.connect(connection)?;
        Ok(match changed.is_empty() {
            true => Outcome::Unchanged,
            false => Outcome::Changed(changed.join(", ")),
        })
    }

    async fn evidence(
        &self,
        _context: &DeployContext,
        _failure: &StepError,
        into: &Path,
    ) -> Result<Option<Evidence>, StepError> {
        evidence::of_nodes(&self.0, into).await.map(Some)
    }
}

/// `kind` with the engine that was found, asked the way that its client asks it.
pub(crate) fn kind(engine: &Engine) -> Kind {
    Kind::new(engine.selected().command.clone())
}

struct Run<'a> {
    place: &'a KindPlace,
    context: &'a DeployContext,
    progress: &'a Progress,
    kind: Kind,
    work: WorkFolder,
    engine: Engine,
}

impl Run<'_> {
    fn client(&self) -> Option<&Docker> {
        self.engine.client()
    }

    fn memory(&self) -> Option<NodeMemory> {
        let facts = self.engine.facts();
        let of_the_engine = facts.memory?;
        Some(NodeMemory::new(self.place.memory_gib, of_the_engine))
    }

    fn settings(&self) -> KindSettings {
        KindSettings {
            node_image: self.place.node_image.clone(),
            memory: self.memory(),
            registry_port: self.place.registry_port,
            certs_d: Some(self.work.certs_d()),
            ..KindSettings::new(self.place.name.clone())
        }
    }

    /// Makes sure that there is a cluster as it is asked for. Tells what was changed for that, and whether the cluster is new.
    async fn ensure(&self) -> Result<(Vec<String>, bool), StepError> {
        let name = &self.place.name;
        let (mut changed, mut is_new) = (Vec::new(), false);
        let document = configuration::render(&self.settings())
            .map_err(StepError::because("render the Kind configuration"))?;
        let discarded = self
            .kind
            .discard_unfinished(
                self.client(),
                &self.work,
                &self.context.directory.kubeconfig(),
            )
            .await
            .map_err(StepError::because("remove what an interrupted run left"))?;
        if discarded.is_some() {
            changed.push("removed what an interrupted run had made".to_owned());
        }
        match self.find().await? {
            Found::Nothing => {
                changed.extend(self.write_certs_d()?);
                self.create(&document).await?;
                changed.push(format!("created {name}"));
                is_new = true;
            }
            Found::Unseen => changed.extend(self.write_certs_d()?),
            Found::Cluster(found) => {
                let asked = ClusterConfiguration::read(&document)
                    .map_err(StepError::because("read the Kind configuration"))?;
                let differences = compare(&asked, self.memory(), &found);
                // The one field that is set without losing anything.
                let differences: Vec<String> = differences
                    .iter()
                    .filter(|difference| difference.field != Field::MemoryLimit)
                    .map(ToString::to_string)
                    .collect();
                if differences.is_empty() {
                    changed.extend(self.write_certs_d()?);
                    let started = self.start(&found).await?;
                    changed.extend(started.into_iter().map(|node| format!("started {node}")));
                } else if self.place.recreate {
                    self.delete().await?;
                    changed.extend(self.write_certs_d()?);
                    self.create(&document).await?;
                    changed.push(format!("deleted and created {name}"));
                    is_new = true;
                } else {
                    return Err(self.different(&differences));
                }
            }
        }
        Ok((changed, is_new))
    }

    fn different(&self, differences: &[String]) -> StepError {
        let name = &self.place.name;
        StepError::new(
            format!("use Kind cluster {name}, which is there already"),
            format!(
                "it is not as it is asked for, and nothing was changed:\n  {}",
                differences.join("\n  ")
            ),
        )
        .mended_by(
            "deploy with settings that match it, with another KIND_CLUSTER, or with --recreate, which deletes it and everything in it",
        )
        .explaining_itself()
    }

    async fn find(&self) -> Result<Found, StepError> {
        let name = &self.place.name;
        let looked = format!("look for Kind cluster {name}");
        match self.client() {
            Some(client) => {
                let found = inspect(client, name).await;
                let found = found.map_err(StepError::because(looked))?;
                Ok(found.map_or(Found::Nothing, Found::Cluster))
            }
            None => match self.kind.exists(name).await {
                Existence::Yes => Ok(Found::Unseen),
                Existence::No => Ok(Found::Nothing),
                Existence::Unknown(error) => Err(StepError::because(looked)(error)),
            },
        }
    }

    /// Only once it is clear that the cluster is as it is asked for: its nodes read the folder at every pull.
    fn write_certs_d(&self) -> Result<Option<String>, StepError> {
        let (certificate, _) = certificates::ensure(self.context)?;
        let files = certs_d(
            &certificate.ca,
            self.place.registry_port,
            self.context.mirrors(),
        );
        let written = certs_d::write(&self.work.certs_d(), &files);
        let written = written.map_err(|(path, source)| {
            StepError::new(format!("write {}", path.display()), source)
        })?;
        Ok(written.then(|| "certs.d written".to_owned()))
    }

    async fn note_network(&self) -> Result<(), StepError> {
        let Some(client) = self.client() else {
            return Ok(());
        };
        let noted = NetworkRecord::of(&self.place.root).note(client).await;
        noted.map_err(StepError::because("look at the engine's network kind"))
    }

    async fn create(&self, document: &str) -> Result<(), StepError> {
        self.note_network().await?;
        let name = &self.place.name;
        self.progress.waiting(format!("Kind cluster {name}"));
        let (lines, mut told) = mpsc::channel(LINES);
        let kubeconfig = self.context.directory.kubeconfig();
        let creation = Creation {
            name,
            document,
            work_folder: &self.work,
            kubeconfig: &kubeconfig,
            lines: Some(lines),
        };
        let telling = async {
            while let Some(line) = told.recv().await {
                let text = line.text.trim();
                if !text.is_empty() {
                    self.progress.waiting(format!("kind: {text}"));
                }
            }
        };
        let (created, ()) = tokio::join!(self.kind.create(creation), telling);
        created.map_err(|error| {
            let text = error.to_string();
            let attempted = format!("create Kind cluster {name}");
            let text = text
                .strip_prefix(&format!("cannot {attempted}: "))
                .unwrap_or(&text);
            StepError::new(attempted, text)
        })?;
        self.note_network().await
    }

    async fn delete(&self) -> Result<(), StepError> {
        let name = &self.place.name;
        let kubeconfig = self.context.directory.kubeconfig();
        let deleted = self.kind.delete(name, &kubeconfig).await;
        deleted.map_err(StepError::because(format!("delete Kind cluster {name}")))
    }

    async fn start(&self, found: &FoundCluster) -> Result<Vec<String>, StepError> {
        let Some(client) = self.client() else {
            return Ok(Vec::new());
        };
        let started = nodes::start_stopped(client, found).await;
        started.map_err(StepError::because("start the nodes"))
    }

    async fn kubeconfig(&self) -> Result<PinnedContext, StepError> {
        let path = self.context.directory.kubeconfig();
        let pinned = self.kind.kubeconfig(&self.place.name, &path).await;
        pinned.map_err(StepError::because("get the cluster's kubeconfig"))
    }

    async fn limit_memory(&self) -> Result<Option<String>, StepError> {
        let (Some(client), Some(memory)) = (self.client(), self.memory()) else {
            return Ok(None);
        };
        let Found::Cluster(found) = self.find().await? else {
            return Ok(None);
        };
        match nodes::limit_memory(client, &found, memory).await {
            Ok(changed) if changed.is_empty() => Ok(None),
            Ok(changed) => Ok(Some(format!(
                "limited the memory of {}",
                changed.join(", ")
            ))),
            // The kubelet's own reservation holds all the same (kind-config/README.md).
            Err(error) => {
                self.progress.waiting(format!(
                    "nothing, but the node has no memory limit: {error}"
                ));
                Ok(None)
            }
        }
    }

    async fn attach_cache(&self) -> Result<Option<String>, StepError> {
        let (true, Some(client)) = (self.place.image_cache, self.client()) else {
            return Ok(None);
        };
        let attached = ImageCache::of(client, &self.place.root).attach().await;
        let attached = attached.map_err(StepError::because("connect the image cache"))?;
        Ok(attached.then(|| "connected the image cache".to_owned()))
    }

    async fn connect(&self, pinned: &PinnedContext) -> Result<Connection, StepError> {
        let kubernetes = KubernetesEndpoint {
            server: pinned.server.clone(),
            context: pinned.context.clone(),
            kubeconfig: pinned.kubeconfig.clone(),
        };
        let registry = RegistryEndpoint {
            in_cluster_host: konflux_api::INTERNAL_REGISTRY_HOST.to_owned(),
            host_endpoint: registry_endpoint(self.place.registry_port, self.context)?,
            auth_file: None,
        };
        let mut record = self.context.record(ClusterKind::Kind, kubernetes, registry);
        let client = connect::kubernetes(&record)
            .await
            .map_err(StepError::because("connect to the Kind cluster"))?;
        self.progress.waiting("the API server to answer");
        let version = super::super::existing_cluster::version(&client, self.progress).await?;
        record.versions.insert("kubernetes".to_owned(), version);
        let engine = self.engine.selected().command.clone();
        record.versions.insert(ENGINE.to_owned(), engine);
        Ok(Connection { record, client })
    }

    async fn wait_for_nodes(&self, client: &Client) -> Result<(), StepError> {
        let api: Api<Node> = Api::all(client.clone());
        let listed = api.list_metadata(&ListParams::default()).await;
        let listed = listed.map_err(StepError::because("list the nodes"))?;
        for node in listed {
            let ready = |node: Option<&Node>| node.is_some_and(|node| wait::is_true(node, "Ready"));
            wait::for_object(
                api.clone(),
                &node.name_any(),
                "to be ready",
                ready,
                self.progress,
            )
            .await?;
        }
        Ok(())
    }
}

enum Found {
    Nothing,
    Cluster(FoundCluster),
    /// It is there, and the engine has no API to look at it.
    Unseen,
}
