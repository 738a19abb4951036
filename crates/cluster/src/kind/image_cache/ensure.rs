//! Making the cache, and connecting it.

use std::time::SystemTime;

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, NetworkConnectRequest, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, RemoveContainerOptions, UploadToContainerOptions,
};
use futures::StreamExt as _;

use super::container::{PORT, REVISION, body, files, labels, revision};
use super::{ImageCache, ImageCacheError, LABEL, UPSTREAMS, Upstream};
use crate::certificate_authority::ServerCertificate;
use crate::kind::EngineError;
use crate::kind::certs_d::Mirror;
use crate::kind::engine_error::is_absent;
use crate::kind::network::NETWORK;

impl ImageCache<'_> {
    /// Makes sure that every cache is there and runs. Containers of ours that are out of date are replaced, volumes never.
    /// Gives the mirrors for [`certs_d`](crate::kind::certs_d::certs_d), and the upstream hosts whose cache was changed.
    ///
    /// # Errors
    ///
    /// [`ImageCacheError`]; what was made until then stays, and running it again continues.
    pub async fn ensure(&self) -> Result<(Vec<Mirror>, Vec<&'static str>), ImageCacheError> {
        let names = UPSTREAMS.map(|upstream| upstream.cache_name());
        let names = names.each_ref().map(String::as_str);
        let (certificate, _) = ServerCertificate::ensure(
            &self.folder,
            "konflux-local image cache",
            &names,
            SystemTime::now(),
        )?;
        self.ensure_image().await?;
        let mut changed = Vec::new();
        for upstream in &UPSTREAMS {
            self.ensure_volume(upstream).await?;
            if self.ensure_container(upstream, &certificate).await? {
                changed.push(upstream.host);
            }
        }
        let mirrors = UPSTREAMS.iter().map(|upstream| {
            let endpoint = format!("https://{}:{PORT}", upstream.cache_name());
            let remote = self.remote(upstream);
            Mirror {
                host: upstream.host.to_owned(),
                server: remote.map_or_else(|| endpoint.clone(), str::to_owned),
                endpoint,
                ca: certificate.ca.clone(),
            }
        });
        Ok((mirrors.collect(), changed))
    }

    /// Connects the caches to the network of the nodes, which is there since the first cluster was made. Tells whether any of
    /// them was not connected yet.
    ///
    /// # Errors
    ///
    /// [`ImageCacheError::Engine`].
    pub async fn attach(&self) -> Result<bool, ImageCacheError> {
        let mut changed = false;
        for upstream in &UPSTREAMS {
            let name = upstream.cache_name();
            let attempted = format!("connect {name} to the network {NETWORK}");
            let found = self.engine.inspect_container(&name, None).await;
            let found = found.map_err(EngineError::call(attempted.clone()))?;
            if is_attached(&found) {
                continue;
            }
            let request = NetworkConnectRequest {
                container: name,
                endpoint_config: None,
            };
            let connected = self.engine.connect_network(NETWORK, request).await;
            connected.map_err(EngineError::call(attempted))?;
            changed = true;
        }
        Ok(changed)
    }

    /// Whom a cache asks for what it does not hold.
    fn remote(&self, upstream: &Upstream) -> Option<&'static str> {
        (!self.offline).then_some(upstream.server)
    }

    async fn ensure_image(&self) -> Result<(), ImageCacheError> {
        let image = &self.image;
        match self.engine.inspect_image(image).await {
            Ok(_) => return Ok(()),
            Err(error) if !is_absent(&error) => {
                return Err(EngineError::call(format!("look for the image {image}"))(error).into());
            }
            Err(_) if self.offline => {
                return Err(ImageCacheError::ImageMissing {
                    image: image.clone(),
                });
            }
            Err(_) => {}
        }
        let options = CreateImageOptions {
            from_image: Some(image.clone()),
            ..Default::default()
        };
        let mut progress = self.engine.create_image(Some(options), None, None);
        while let Some(step) = progress.next().await {
            step.map_err(EngineError::call(format!("pull {image}")))?;
        }
        Ok(())
    }

    async fn ensure_volume(&self, upstream: &Upstream) -> Result<(), EngineError> {
        let name = upstream.cache_name();
        let attempted = format!("make the volume {name}");
        // The call gives the volume that there is, if there is one.
        let request = VolumeCreateRequest {
            name: Some(name.clone()),
            labels: Some(labels(upstream)),
            ..Default::default()
        };
        let volume = self.engine.create_volume(request).await;
        let volume = volume.map_err(EngineError::call(attempted.clone()))?;
        if volume.labels.contains_key(LABEL) {
            Ok(())
        } else {
            Err(EngineError::NotOurs {
                attempted,
                object: "volume",
            })
        }
    }

    async fn ensure_container(
        &self,
        upstream: &Upstream,
        certificate: &ServerCertificate,
    ) -> Result<bool, EngineError> {
        let name = upstream.cache_name();
        let attempted = format!("start the image cache {name}");
        let failed = || EngineError::call(attempted.clone());
        let remote = self.remote(upstream);
        let revision = revision(&self.image, remote, certificate);
        let mut found = match self.engine.inspect_container(&name, None).await {
            Ok(found) => Some(found),
            Err(error) if is_absent(&error) => None,
            Err(error) => return Err(failed()(error)),
        };
        if let Some(container) = &found {
            let label = |label: &str| {
                let labels = container.config.as_ref()?.labels.as_ref()?;
                labels.get(label).cloned()
            };
            if label(LABEL).is_none() {
                return Err(EngineError::NotOurs {
                    attempted,
                    object: "container",
                });
            }
            if label(REVISION).as_ref() != Some(&revision) {
                let options = RemoveContainerOptions {
                    force: true,
                    ..Default::default()
                };
                let removed = self.engine.remove_container(&name, Some(options)).await;
                removed.map_err(failed())?;
                found = None;
            }
        }
        if found.as_ref().is_some_and(is_running) {
            return Ok(false);
        }
        if found.is_none() {
            let options = CreateContainerOptions {
                name: Some(name.clone()),
                ..Default::default()
            };
            let body = body(&self.image, upstream, remote, revision);
            let created = self.engine.create_container(Some(options), body).await;
            created.map_err(failed())?;
        }
        // Also into one that was made by a run that was killed before it could.
        let files = files(certificate).map_err(|error| failed()(error.into()))?;
        let options = UploadToContainerOptions {
            path: "/".to_owned(),
            ..Default::default()
        };
        let body = bollard::body_full(files.into());
        let uploaded = self.engine.upload_to_container(&name, Some(options), body);
        uploaded.await.map_err(failed())?;
        let started = self.engine.start_container(&name, None).await;
        started.map_err(failed())?;
        Ok(true)
    }
}

pub(super) fn is_running(container: &ContainerInspectResponse) -> bool {
    let state = container.state.as_ref();
    state.and_then(|state| state.status) == Some(ContainerStateStatusEnum::RUNNING)
}

pub(super) fn is_attached(container: &ContainerInspectResponse) -> bool {
    let settings = container.network_settings.as_ref();
    let networks = settings.and_then(|settings| settings.networks.as_ref());
    networks.is_some_and(|networks| networks.contains_key(NETWORK))
}
