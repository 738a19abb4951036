//! Who manages which fields: the link between writes and [`crate::apply`].

use serde_json::Value;

use crate::resource::Resource;
use crate::rest::{Stage, WriteOptions};
use crate::status::ApiError;

/// Updates `metadata.managedFields` of an object that is about to be written.
pub(crate) fn record_update(
    _resource: &Resource,
    _before: Option<&Value>,
    _after: &mut Value,
    _stage: Stage,
    _options: &WriteOptions,
) -> Result<(), ApiError> {
    Ok(())
}
