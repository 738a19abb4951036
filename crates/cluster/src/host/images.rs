//! Asking registries for images, as whoever examines the host can.

use async_trait::async_trait;

/// What a registry says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It has the manifest.
    There,
    /// It says that there is none.
    Absent,
    /// The registry cannot be reached from this machine; why, as a fragment.
    Unreachable(String),
    /// Nobody could tell: it asks for a login, limits requests, is in trouble; why, as a fragment.
    Unknown(String),
}

/// Asks registries. The clients of registries live above this crate, so whoever examines a host brings one.
#[async_trait]
pub trait ImageLookup: Send + Sync {
    /// Does the registry have the image? Nothing is downloaded.
    async fn look_up(&self, image: &str) -> Presence;
}

/// For hosts whose images are already cached, or where nobody may ask: it could not tell, and says so.
#[derive(Debug, Clone, Copy)]
pub struct NoLookup;

#[async_trait]
impl ImageLookup for NoLookup {
    async fn look_up(&self, _image: &str) -> Presence {
        Presence::Unknown("its registry was not asked".to_owned())
    }
}
