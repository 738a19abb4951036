//! Reproducible assembly of images into an OCI image layout.
//!
//! The same input gives the same bytes, on every machine and at every time: entries are sorted, every time is the epoch, every
//! owner is 0:0, modes are 0755 or 0644, the gzip header is fixed, JSON members are sorted.
//!
//! ```
//! use oci::image::{ImageBuilder, LayerFiles};
//!
//! let directory = tempfile::tempdir()?;
//! let layout = oci::Layout::create(directory.path().join("layout"))?;
//! let mut files = LayerFiles::new();
//! files.add_content("etc/motd", b"hello\n".to_vec())?;
//! let mut image = ImageBuilder::scratch(&layout, oci::Platform::linux_host());
//! image.settings_mut().labels.insert("org.example".into(), "yes".into());
//! image.add_layer(&files, "COPY motd /etc/motd")?;
//! let manifest = image.finish()?;
//! assert_eq!(layout.image()?.digest, manifest.digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod base;
mod base_paths;
mod builder;
mod files;
mod json;
mod settings;

pub use base::BaseImage;
pub use builder::ImageBuilder;
pub use files::LayerFiles;
pub use settings::Settings;
