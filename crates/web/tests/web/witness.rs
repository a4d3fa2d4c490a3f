//! What a witness serves, as far as it is HTTP: bounds, types, and that nothing but its one address takes anything. How it
//! decides is tested where it does.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;
use web::{WitnessAnswer, witness_router};

const LIMIT: usize = 100;

/// Status, type and body; how often the witness was asked.
async fn asked(method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, String, String, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let router = witness_router("about it\n".to_owned(), LIMIT, move |body| {
        counted.fetch_add(1, Ordering::SeqCst);
        WitnessAnswer { status: 409, content_type: "text/x.tlog.size", body: format!("{}\n", body.len()) }
    });
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let types = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    (parts.status, types.to_owned(), text, count.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_witness_is_not_troubled_with_what_is_too_long_or_no_text_or_somewhere_else() {
    let (status, _, _, count) = asked("POST", "/add-checkpoint", "a".repeat(LIMIT + 1)).await;
    assert_eq!((status, count), (StatusCode::PAYLOAD_TOO_LARGE, 0));
    let (status, _, _, count) = asked("POST", "/add-checkpoint", vec![0xff, 0xfe]).await;
    assert_eq!((status, count), (StatusCode::BAD_REQUEST, 0));
    for (method, path, expected) in [
        ("GET", "/add-checkpoint", StatusCode::METHOD_NOT_ALLOWED),
        ("PUT", "/add-checkpoint", StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/", StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/add-checkpoint/", StatusCode::NOT_FOUND),
        ("GET", "/checkpoint", StatusCode::NOT_FOUND),
    ] {
        let (status, _, _, count) = asked(method, path, "old 0\n").await;
        assert_eq!((status, count), (expected, 0), "{method} {path}");
    }
}

#[tokio::test]
async fn a_witnesss_answer_is_passed_on_to_the_letter() {
    let (status, types, body, count) = asked("POST", "/add-checkpoint", "a".repeat(LIMIT)).await;
    assert_eq!((status, types.as_str(), body.as_str(), count), (StatusCode::CONFLICT, "text/x.tlog.size", "100\n", 1));
    let (status, types, body, _) = asked("GET", "/", "").await;
    assert_eq!((status, types.as_str(), body.as_str()), (StatusCode::OK, "text/plain; charset=utf-8", "about it\n"));
}

#[tokio::test]
async fn a_witness_that_panics_answers_that_it_failed_and_signs_nothing() {
    let router = witness_router(String::new(), LIMIT, |_| panic!("a fault"));
    let request = Request::builder().method("POST").uri("/add-checkpoint").body(Body::from("old 0\n")).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
}
