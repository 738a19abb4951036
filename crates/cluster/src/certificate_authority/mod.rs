//! A certificate authority that signs what a deployment needs, and forgets its own key.
//!
//! [`embedded`](crate::embedded) has it sign a whole cluster's certificates, [`kind`](crate::kind) those of one server.

mod authority;
mod error;
mod key_pair;
mod server_certificate;
mod validity;

pub(crate) use authority::Authority;
pub use error::CertificateError;
pub use key_pair::KeyPairPem;
pub use server_certificate::ServerCertificate;
pub(crate) use validity::Validity;
