//! Putting layers and settings together.

use serde_json::{Value, json};

use super::archive::write_layer;
use super::json::sorted;
use super::{BaseImage, LayerFiles, Settings};
use crate::media_type::{OCI_CONFIG, OCI_MANIFEST};
use crate::{Descriptor, Digest, Error, ImageManifest, Layout, Platform};

/// The time that everything was made at: reproducible images have no other.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// An image that is being assembled in a [`Layout`].
#[derive(Debug)]
pub struct ImageBuilder<'a> {
    layout: &'a Layout,
    platform: Platform,
    settings: Settings,
    layers: Vec<Descriptor>,
    diff_ids: Vec<Digest>,
    history: Vec<Value>,
}

impl<'a> ImageBuilder<'a> {
    /// Starts with nothing.
    #[must_use]
    pub fn scratch(layout: &'a Layout, platform: Platform) -> Self {
        Self {
            layout,
            platform,
            settings: Settings::default(),
            layers: Vec::new(),
            diff_ids: Vec::new(),
            history: Vec::new(),
        }
    }

    /// Starts with an image whose layers are in `layout` already.
    #[must_use]
    pub fn from_base(layout: &'a Layout, base: BaseImage) -> Self {
        Self {
            layout,
            platform: base.platform,
            settings: base.settings,
            layers: base.layers,
            diff_ids: base.diff_ids,
            history: base.history,
        }
    }

    /// What a container will be given.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a container will be given, to be changed.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Writes a layer and puts it on top. Blocks while it reads and compresses.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Assembly`] when a file changes while it is read.
    pub fn add_layer(&mut self, files: &LayerFiles, created_by: &str) -> Result<(), Error> {
        let (descriptor, diff_id) = write_layer(self.layout, files)?;
        self.layers.push(descriptor);
        self.diff_ids.push(diff_id);
        self.history
            .push(json!({"created": CREATED, "created_by": created_by}));
        Ok(())
    }

    /// Records a step that changed settings only.
    pub fn add_empty_step(&mut self, created_by: &str) {
        let step = json!({"created": CREATED, "created_by": created_by, "empty_layer": true});
        self.history.push(step);
    }

    /// Writes configuration and manifest, makes the image the layout's one image, and returns the manifest's descriptor.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn finish(self) -> Result<Descriptor, Error> {
        let mut config = json!({
            "created": CREATED,
            "architecture": self.platform.architecture,
            "os": self.platform.os,
            "config": self.settings.to_json(),
            "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
            "history": self.history,
        });
        if let Some(variant) = &self.platform.variant {
            config["variant"] = json!(variant);
        }
        let config = sorted(config).to_string();
        let manifest = ImageManifest {
            schema_version: 2,
            media_type: Some(OCI_MANIFEST.to_owned()),
            artifact_type: None,
            config: self.layout.write_blob(OCI_CONFIG, config.as_bytes())?,
            layers: self.layers,
            subject: None,
            annotations: Default::default(),
        };
        let bytes =
            serde_json::to_vec(&manifest).map_err(|error| Error::Assembly(error.to_string()))?;
        let mut descriptor = self.layout.write_blob(OCI_MANIFEST, &bytes)?;
        descriptor.platform = Some(self.platform);
        self.layout.set_image(&descriptor)?;
        Ok(descriptor)
    }
}
