//! What an image must be, checked by content.
//!
//! Every byte is fetched and hashed ([`oci::Client::verify`]), compared with what the build said it pushed, and with
//! what the scenario put in ([`Description`]). What is not so is a [`Lie`].

mod compare;
mod content;
mod description;
mod destination;
mod lie;
mod pushed;
mod trusted_artifact;

pub use description::Description;
pub use destination::Destination;
pub use lie::Lie;
pub use pushed::PushedImage;
pub use trusted_artifact::TrustedArtifact;
