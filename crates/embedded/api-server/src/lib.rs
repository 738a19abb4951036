//! api-server.
