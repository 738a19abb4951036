//! Server-side apply.

use http::Response;

use super::call::Call;
use super::options::WriteOptions;
use super::{Api, Stage};
use crate::http::negotiate::Form;
use crate::http::response;
use crate::status::ApiError;

impl Api {
    pub(super) async fn apply(
        &self,
        _call: &Call,
        _stage: Stage,
        _form: Form,
        _options: &WriteOptions,
    ) -> Result<Response<response::Body>, ApiError> {
        Err(ApiError::not_modelled("server-side apply"))
    }
}
