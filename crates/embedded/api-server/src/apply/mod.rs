//! Server-side apply and the ownership of fields.

mod topology;

pub(crate) use topology::{Merge, Shape, Topology};
