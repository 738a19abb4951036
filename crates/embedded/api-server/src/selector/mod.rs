//! Label and field selectors, as Kubernetes' `list`, `watch` and `deletecollection` take them.
//!
//! - [`LabelSelector`]: the whole grammar of `k8s.io/apimachinery/pkg/labels` (`a=b`, `a in (x,y)`, `!a`, …).
//! - [`FieldSelector`]: the grammar of `k8s.io/apimachinery/pkg/fields` plus, through [`SelectableFields`], the
//!   fields that a kind can really be selected by. Any other field is an error, never an empty list.
//! - [`syntax`]: which strings are label keys, label values and object names.

mod error;
mod field;
mod label;
mod label_parser;
mod selectable;
pub(crate) mod syntax;

pub(crate) use error::SelectorError;
pub(crate) use field::FieldSelector;
pub(crate) use label::LabelSelector;
pub(crate) use selectable::SelectableFields;

#[cfg(test)]
mod tests;
