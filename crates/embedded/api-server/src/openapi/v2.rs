//! OpenAPI version 2 in protobuf: per kind the one path that old clients look for.
//! Field numbers: github.com/google/gnostic/openapiv2/OpenAPIv2.proto.

use super::protobuf::Message;
use super::{TITLE, WRITE_PARAMETERS};
use crate::catalog::Catalog;
use crate::resource::Resource;

/// Content type of the document. The `@` that clients ask with is no character of a media type, and Go refuses it in an answer.
pub(super) const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The document.
pub(super) fn protobuf(catalog: &Catalog) -> Vec<u8> {
    const DOCUMENT_SWAGGER: u32 = 1;
    const DOCUMENT_INFO: u32 = 2;
    const DOCUMENT_PATHS: u32 = 8;
    const INFO_TITLE: u32 = 1;
    const INFO_VERSION: u32 = 2;
    const PATHS_PATH: u32 = 2;
    let info = Message::default()
        .with(INFO_TITLE, TITLE)
        .with(INFO_VERSION, "v1");
    let paths = catalog
        .all()
        .iter()
        .fold(Message::default(), |paths, resource| {
            paths.with(PATHS_PATH, path(resource))
        });
    Message::default()
        .with(DOCUMENT_SWAGGER, "2.0")
        .with(DOCUMENT_INFO, info)
        .with(DOCUMENT_PATHS, paths)
        .into_bytes()
}

fn path(resource: &Resource) -> Message {
    const NAMED_NAME: u32 = 1;
    const NAMED_VALUE: u32 = 2;
    const PATH_ITEM_PATCH: u32 = 8;
    const OPERATION_PARAMETERS: u32 = 8;
    const OPERATION_VENDOR_EXTENSION: u32 = 13;
    const ANY_YAML: u32 = 2;
    let kind = format!(
        "group: {:?}\nversion: {:?}\nkind: {:?}\n",
        resource.group, resource.version, resource.kind
    );
    let extension = Message::default()
        .with(NAMED_NAME, "x-kubernetes-group-version-kind")
        .with(NAMED_VALUE, Message::default().with(ANY_YAML, kind));
    let patch = WRITE_PARAMETERS
        .iter()
        .fold(Message::default(), |operation, name| {
            operation.with(OPERATION_PARAMETERS, query_parameter(name))
        })
        .with(OPERATION_VENDOR_EXTENSION, extension);
    Message::default()
        .with(NAMED_NAME, super::v3::object_path(resource))
        .with(NAMED_VALUE, Message::default().with(PATH_ITEM_PATCH, patch))
}

fn query_parameter(name: &str) -> Message {
    const ITEM_PARAMETER: u32 = 1;
    const PARAMETER_NON_BODY: u32 = 2;
    const NON_BODY_QUERY: u32 = 3;
    const QUERY_IN: u32 = 2;
    const QUERY_NAME: u32 = 4;
    const QUERY_TYPE: u32 = 6;
    let query = Message::default()
        .with(QUERY_IN, "query")
        .with(QUERY_NAME, name)
        .with(QUERY_TYPE, "string");
    let non_body = Message::default().with(NON_BODY_QUERY, query);
    Message::default().with(
        ITEM_PARAMETER,
        Message::default().with(PARAMETER_NON_BODY, non_body),
    )
}
