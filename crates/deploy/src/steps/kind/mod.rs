//! The steps that make a Kind cluster.

mod certificates;
mod evidence;
mod host;
mod image_cache;
mod make;
mod offline;
mod place;

pub(super) use certificates::{RegistryCertificate, ensure as ensure_certificate};
pub(crate) use host::HOST;
pub(super) use host::Host;
pub(super) use image_cache::KeptImages;
pub(super) use make::KindCluster;
pub(crate) use make::{ENGINE, kind};
pub use place::{KindPlace, WishesError};
