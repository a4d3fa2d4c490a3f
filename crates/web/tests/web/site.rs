//! A STRUCT served without a socket: requests go to the router as a browser or a program would send them.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use domain::id::RecordId;
use http_body_util::BodyExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use testkit::running::Running;
use tokio::sync::watch;
use tower::ServiceExt;

/// A running STRUCT and its router.
pub struct Site {
    pub running: Running,
    router: axum::Router,
    tokens: Mutex<HashMap<String, String>>,
    stop: watch::Sender<bool>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    /// The body as sent.
    pub raw: Vec<u8>,
    /// Of the body as sent.
    pub bytes: usize,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Site {
    pub async fn start() -> Self {
        Self::serving(Running::start().await, |running| running.app.clone())
    }

    /// The same, but an installation that is no demo.
    pub async fn outside_demo() -> Self {
        Self::serving(Running::start().await, Running::outside_demo)
    }

    /// One served by an `App` made for the test.
    pub fn serving(running: Running, app: impl Fn(&Running) -> Arc<app::App>) -> Self {
        let router = web::router(app(&running), web::Options::default());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(running.app.clone().work(stopped));
        Self { running, router, tokens: Mutex::default(), stop }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, body, bytes: bytes.len(), raw: bytes.to_vec() }
    }

    /// A request of somebody signed in, or of nobody.
    pub async fn request(&self, method: &str, path: &str, who: Option<&str>) -> axum::http::request::Builder {
        let mut builder = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        builder = builder.header(header::HOST, "struct.example.jp").header("sec-fetch-site", "same-origin");
        match who {
            Some(email) => builder.header(header::COOKIE, self.cookie(email).await),
            None => builder,
        }
    }

    pub async fn cookie(&self, email: &str) -> String {
        format!("{}={}", web::cookie::SESSION, self.token(email).await)
    }

    async fn token(&self, email: &str) -> String {
        let known = self.tokens.lock().unwrap().get(email).cloned();
        match known {
            Some(token) => token,
            None => {
                let token = self.running.sign_in(email).await;
                self.tokens.lock().unwrap().insert(email.to_owned(), token.clone());
                token
            }
        }
    }

    pub async fn get(&self, path: &str, who: Option<&str>) -> Answer {
        let request = self.request("GET", path, who).await.body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Posts a form with the token of the member's session.
    pub async fn post(&self, path: &str, who: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token(who).await;
        let pairs = fields.iter().copied().chain([("csrf", token.as_str())]);
        let body = web::page::query(pairs).trim_start_matches('?').to_owned();
        let request = self.request("POST", path, Some(who)).await;
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Uploads a file with the token of the member's session.
    pub async fn upload(&self, path: &str, who: &str, file: &str) -> Answer {
        let token = self.form_token(who).await;
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n--b\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--b--\r\n"
        );
        let request = self.request("POST", path, Some(who)).await;
        let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.send(request.body(body.into()).unwrap()).await
    }

    pub async fn form_token(&self, who: &str) -> String {
        // The session of the cookie, not an earlier one.
        self.token(who).await;
        let caller = self.running.caller(who).await;
        web::token::masked(&caller.csrf, caller.peer.request)
    }

    /// The page of a job that has ended.
    pub async fn ended(&self, path: &str, who: &str) -> Answer {
        for _ in 0..100 {
            let page = self.get(path, Some(who)).await;
            if !page.body.contains("data-refresh") {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the job at {path} does not end");
    }

    /// Sends JSON.
    pub async fn json(&self, method: &str, path: &str, who: Option<&str>, body: &str) -> Answer {
        let request = self.request(method, path, who).await.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// A customer of the first tenant.
    pub async fn customer(&self, number: &str) -> RecordId {
        let fields = [("number", number), ("name", "相沢 由佳"), ("email", "yuka@example.jp"), ("rank", "A")];
        let typed = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let caller = self.running.caller(testkit::running::SALES).await;
        self.running.app.record_create(&caller, "crm", "customer", typed).await.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}
