//! Pages and the JSON API: extract, call `app`, render. No rule lives here, and no statement of SQL.
//!
//! `routes` lists every route. `request` is what each goes through, `problem` what is said when it can't be done, `page`
//! the pages by noun, `api` the same acts for programs.

pub mod api;
pub mod assets;
pub mod cookie;
pub mod form;
pub mod format;
mod headers;
pub mod locale;
pub mod log;
pub mod ops;
pub mod page;
pub mod problem;
pub mod request;
mod routes;
pub mod session;
pub mod token;
mod witness;

pub use ops::{OPS_ROUTES, ops_router};
pub use routes::{ROUTES, Route, Who, metrics_route, redirect_router, router};
pub use witness::{WitnessAnswer, witness_router};

use app::App;
use std::sync::Arc;

/// How the pages are served.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Origins (`https://struct.example.jp`) that count as this one, when a proxy in front changes `Host`.
    pub origins: Vec<String>,
}

/// What every handler is given.
pub struct Web {
    /// What STRUCT does.
    pub app: Arc<App>,
    /// How it is served.
    pub options: Options,
}
