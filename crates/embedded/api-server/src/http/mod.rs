//! The HTTP side: connections, paths, bodies, answers.

pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod negotiate;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod response;
pub(crate) mod tls;
