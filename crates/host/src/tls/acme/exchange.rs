//! Requests of the ACME library over STRUCT's own way out: HTTPS alone, certificates verified, everything bounded. Knows nothing of
//! what it carries.

use crate::https::{HttpsError, MAX_ANSWER_BYTES, REQUEST_LIMIT, client_config, unreachable};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

/// The way to one authority.
pub(super) struct Exchange(Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl Exchange {
    /// Trusts the authorities of this machine or, when a file is given, those in it and no others.
    pub(super) fn new(authority: Option<&Path>) -> Result<Self, HttpsError> {
        let builder = HttpsConnectorBuilder::new().with_tls_config(client_config(authority)?);
        Ok(Self(Client::builder(TokioExecutor::new()).build(builder.https_only().enable_http1().build())))
    }
}

impl HttpClient for Exchange {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let sent = self.0.request(request);
        let exchange = async move {
            let (parts, body) = sent.await.map_err(|error| unreachable(&host, &error))?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
            let bytes = body.map_err(|_| HttpsError::Answer { host: host.clone() })?.to_bytes();
            Ok(BytesResponse::from(Response::from_parts(parts, Full::new(bytes))))
        };
        Box::pin(async move {
            let answer = match tokio::time::timeout(REQUEST_LIMIT, exchange).await {
                Ok(answer) => answer,
                Err(_) => Err(HttpsError::TooSlow { host: "the authority".to_owned() }),
            };
            answer.map_err(|error| Error::Other(Box::new(error)))
        })
    }
}
