//! The image cache, before the cluster whose nodes ask it.

use std::sync::Arc;

use async_trait::async_trait;
use cluster::host::engine;
use cluster::kind::image_cache::ImageCache;

use super::KindPlace;
use crate::plan::{Outcome, Progress, Step, StepError};
use crate::steps::DeployContext;

pub(in crate::steps) struct KeptImages(pub(in crate::steps) Arc<KindPlace>);

#[async_trait]
impl Step<DeployContext> for KeptImages {
    fn name(&self) -> &'static str {
        "image-cache"
    }

    fn title(&self) -> &'static str {
        "run pull-through registries in the engine, if ENABLE_IMAGE_CACHE asks for them"
    }

    async fn run(
        &self,
        context: &DeployContext,
        progress: &Progress,
    ) -> Result<Outcome, StepError> {
        let place = &self.0;
        if !place.image_cache {
            return Ok(Outcome::Unchanged);
        }
        let engine = engine::find(&place.environment)
            .await
            .map_err(StepError::because("find the container engine"))?;
        let Some(client) = engine.client() else {
            return Err(StepError::new(
                "run the image cache",
                format!("{} has no API for it", engine.selected().command),
            )
            .mended_by("use Docker or Podman, or ENABLE_IMAGE_CACHE=0"));
        };
        progress.waiting("the registries of the image cache");
        let cache = ImageCache::of(client, &place.root);
        let cache = if place.offline {
            cache.offline()
        } else {
            cache
        };
        let (mirrors, changed) = cache
            .ensure()
            .await
            .map_err(StepError::because("run the image cache"))?;
        context.share_mirrors(mirrors);
        Ok(match changed.is_empty() {
            true => Outcome::Unchanged,
            false => Outcome::Changed(format!("for {}", changed.join(", "))),
        })
    }
}
