//! The `log` subresource of pods.

use http::Response;

use super::Api;
use super::call::Call;
use crate::http::response;
use crate::status::ApiError;

impl Api {
    pub(super) async fn pod_log(&self, _call: &Call) -> Result<Response<response::Body>, ApiError> {
        Err(ApiError::not_modelled("pod logs"))
    }
}
