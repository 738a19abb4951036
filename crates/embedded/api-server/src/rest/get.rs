//! get: one object.

use http::{Response, StatusCode};

use super::Api;
use super::call::Call;
use super::present::{is_stored_form, present};
use crate::http::response;
use crate::status::ApiError;

impl Api {
    pub(super) fn get(&self, call: &Call) -> Result<Response<response::Body>, ApiError> {
        let record = self
            .store
            .get(&call.key())?
            .ok_or_else(|| call.not_found())?;
        if is_stored_form(&call.resource) && !super::list::wants_table(call)? {
            return Ok(response::bytes(
                StatusCode::OK,
                "application/json",
                record.json,
            ));
        }
        let object = present(&call.resource, &record)?;
        super::list::respond_object(call, object)
    }
}
