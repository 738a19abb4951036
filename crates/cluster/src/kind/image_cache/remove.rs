//! Removing the cache, with all that it holds.

use std::collections::HashMap;
use std::io;

use bollard::query_parameters::{
    ListContainersOptions, ListVolumesOptions, RemoveContainerOptions, RemoveVolumeOptions,
};

use super::{ImageCache, ImageCacheError, LABEL};
use crate::kind::EngineError;
use crate::kind::engine_error::is_absent;
use crate::kind::network::{NetworkFate, NetworkRecord};

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedCache {
    /// Containers.
    pub containers: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// What became of the network, which the cache may have been the last to use.
    pub network: NetworkFate,
}

impl ImageCache<'_> {
    /// Removes every container and volume with the cache's label, and its certificate; then looks whether they are gone.
    ///
    /// # Errors
    ///
    /// [`ImageCacheError`]; running it again continues.
    pub async fn remove(&self, network: &NetworkRecord) -> Result<RemovedCache, ImageCacheError> {
        let containers = self.containers().await?;
        for name in &containers {
            let options = RemoveContainerOptions {
                force: true,
                ..Default::default()
            };
            match self.engine.remove_container(name, Some(options)).await {
                Err(error) if !is_absent(&error) => {
                    let attempted = format!("remove the image cache {name}");
                    return Err(EngineError::call(attempted)(error).into());
                }
                _ => {}
            }
        }
        let volumes = self.volumes().await?;
        for name in &volumes {
            let options = None::<RemoveVolumeOptions>;
            match self.engine.remove_volume(name, options).await {
                Err(error) if !is_absent(&error) => {
                    let attempted = format!("remove the volume {name} of the image cache");
                    return Err(EngineError::call(attempted)(error).into());
                }
                _ => {}
            }
        }
        let left = [self.containers().await?, self.volumes().await?].concat();
        if !left.is_empty() {
            return Err(ImageCacheError::Left(left));
        }
        match std::fs::remove_dir_all(&self.folder) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(ImageCacheError::File {
                    path: self.folder.clone(),
                    source,
                });
            }
            _ => {}
        }
        Ok(RemovedCache {
            containers,
            volumes,
            network: network.remove_if_ours(self.engine).await?,
        })
    }

    async fn containers(&self) -> Result<Vec<String>, EngineError> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(filter()),
            ..Default::default()
        };
        let listed = self.engine.list_containers(Some(options)).await;
        let listed = listed.map_err(EngineError::call("list the image cache's containers"))?;
        let names = listed.into_iter().filter_map(|container| {
            let name = container.names?.into_iter().next()?;
            Some(name.trim_start_matches('/').to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    async fn volumes(&self) -> Result<Vec<String>, EngineError> {
        let options = ListVolumesOptions {
            filters: Some(filter()),
        };
        let listed = self.engine.list_volumes(Some(options)).await;
        let listed = listed.map_err(EngineError::call("list the image cache's volumes"))?;
        let volumes = listed.volumes.unwrap_or_default();
        let mut names: Vec<String> = volumes.into_iter().map(|volume| volume.name).collect();
        names.sort();
        Ok(names)
    }
}

fn filter() -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])])
}
