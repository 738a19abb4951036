//! Rendering of lists as tables.
