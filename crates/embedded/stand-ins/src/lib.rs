//! stand-ins.
