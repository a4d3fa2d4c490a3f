//! What a witness serves: one address that takes checkpoints (C2SP tlog-witness), and a page for those who come by. Decides
//! nothing: whoever makes the router lends the answers.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a request may take to arrive.
const BODY_LIMIT: Duration = Duration::from_secs(20);
/// Checkpoints considered at the same time; each may wait for the disk. The next is told to come back.
const MAX_AT_ONCE: usize = 128;

/// What a witness says to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessAnswer {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl WitnessAnswer {
    /// An answer of plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}

impl IntoResponse for WitnessAnswer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (status, headers, self.body).into_response()
    }
}

/// Everything a witness serves. `about` is the page at `/`, `limit` the bytes of a request's body at most, and `answer` is
/// called where it may wait for the disk.
pub fn witness_router<F>(about: String, limit: usize, answer: F) -> Router
where
    F: Fn(String) -> WitnessAnswer + Clone + Send + Sync + 'static,
{
    let slots = Arc::new(Semaphore::new(MAX_AT_ONCE));
    let add = async move |body: axum::body::Body| {
        let Ok(_slot) = slots.try_acquire_owned() else {
            return (
                [(header::RETRY_AFTER, "10")],
                WitnessAnswer::text(503, "too many requests at once; come back in 10 seconds\n"),
            )
                .into_response();
        };
        match body_text(body, limit).await {
            Ok(text) => tokio::task::spawn_blocking(move || answer(text))
                .await
                .unwrap_or_else(|_| WitnessAnswer::text(500, "the witness failed; see its log\n"))
                .into_response(),
            Err(refused) => refused.into_response(),
        }
    };
    Router::new()
        .route("/", get(async move || WitnessAnswer::text(200, about)))
        .route("/add-checkpoint", post(add))
        .fallback(async || WitnessAnswer::text(404, "there is nothing here; POST checkpoints to /add-checkpoint\n"))
        .layer(DefaultBodyLimit::disable())
}

async fn body_text(body: axum::body::Body, limit: usize) -> Result<String, WitnessAnswer> {
    let read = tokio::time::timeout(BODY_LIMIT, axum::body::to_bytes(body, limit)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            return Err(WitnessAnswer::text(413, format!("a request has {limit} bytes at most, and comes whole\n")));
        }
        Err(_) => return Err(WitnessAnswer::text(408, "the request did not arrive in time\n")),
    };
    String::from_utf8(bytes.into()).map_err(|_| WitnessAnswer::text(400, "the request is not UTF-8\n"))
}
