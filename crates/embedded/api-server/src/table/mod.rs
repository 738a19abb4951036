//! Tables: what `kubectl get` asks for with `Accept: application/json;as=Table;v=v1;g=meta.k8s.io`.
//!
//! A [`Printer`] knows the columns of one kind: [`Printer::built_in`] those that Kubernetes compiles in
//! (`k8s.io/kubernetes/pkg/printers/internalversion`), [`Printer::custom`] the `additionalPrinterColumns` of a
//! CustomResourceDefinition (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor`).

mod age;
mod built_in;
mod column;
mod custom;
mod event;
mod json_path;
mod pod;
mod render;
mod service;
mod text;
mod volume_claim;

pub(crate) use custom::TableError;
pub(crate) use render::{IncludeObject, Printer};

#[cfg(test)]
mod tests;
