//! Copying images into a cluster.

use std::path::Path;
use std::time::Duration;

use super::Kind;
use crate::kind::{ClusterName, KindError};

/// How long it may take to copy images into all nodes.
const LOAD: Duration = Duration::from_secs(900);

impl Kind {
    /// Copies images from the engine into every node of a cluster.
    ///
    /// # Errors
    ///
    /// [`KindError::Program`]; [`KindError::File`] when there is no room for an archive.
    pub async fn load(&self, name: &ClusterName, images: &[&str]) -> Result<(), KindError> {
        if images.is_empty() {
            return Ok(());
        }
        if self.provider() == "docker" {
            let command = self
                .command(["load", "docker-image", "--name", name.as_str()], LOAD)
                .arguments(images.iter().copied());
            let attempted = format!("load {} into Kind cluster {name}", images.join(", "));
            command.run().await.map_err(KindError::program(attempted))?;
            return Ok(());
        }
        // kind asks Docker for images whatever the provider is; archives come from every engine.
        for image in images {
            let folder = tempfile::tempdir().map_err(KindError::file(&std::env::temp_dir()))?;
            let archive = folder.path().join("image.tar");
            let save = self
                .program(self.provider(), LOAD)
                .arguments(["save", "--output"])
                .argument(&archive)
                .argument(*image);
            let attempted = format!("save {image} for Kind cluster {name}");
            save.run().await.map_err(KindError::program(attempted))?;
            self.load_archive(name, &archive).await?;
        }
        Ok(())
    }

    /// Copies the images of an archive (`docker save`) into every node of a cluster.
    ///
    /// # Errors
    ///
    /// [`KindError::Program`].
    pub async fn load_archive(&self, name: &ClusterName, archive: &Path) -> Result<(), KindError> {
        let command = self
            .command(["load", "image-archive", "--name", name.as_str()], LOAD)
            .argument(archive);
        let attempted = format!("load {} into Kind cluster {name}", archive.display());
        command.run().await.map_err(KindError::program(attempted))?;
        Ok(())
    }
}
