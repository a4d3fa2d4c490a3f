//! Records of a service: list, detail, form, conflict, deletion. One file a page; what they share stands here.
//!
//! Every page is made from the manifest, so nothing here names an entity or a field. Rights are `app`'s.

pub mod conflict;
pub mod delete;
pub mod detail;
pub mod filter;
pub mod form;
pub mod list;
pub mod value;

use crate::problem::Problem;
use app::record::{Can, EntityPlace};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::id::RecordId;
use domain::locale::Locale;
use domain::screen::ScreenKind;

/// `/app/s/{service}/{entity}` of the request.
#[derive(Clone, Debug)]
pub struct At {
    /// The service's name.
    pub service: String,
    /// The entity's name.
    pub entity: String,
}

/// `/app/s/{service}/{entity}/{id}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Debug)]
pub struct AtRecord {
    /// Service and entity.
    pub at: At,
    /// The record.
    pub id: RecordId,
}

impl At {
    /// The list's path.
    pub fn path(&self) -> String {
        format!("/app/s/{}/{}", self.service, self.entity)
    }
}

impl AtRecord {
    /// The record's path.
    pub fn path(&self) -> String {
        format!("{}/{}", self.at.path(), self.id)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        Ok(Self { service: param(&params, "service")?, entity: param(&params, "entity")? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AtRecord {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        let at = At { service: param(&params, "service")?, entity: param(&params, "entity")? };
        let id = param(&params, "id")?.parse().map_err(|_| Problem::not_found())?;
        Ok(Self { at, id })
    }
}

/// The path's parts, decoded. Bytes that are no text are refused by name.
pub(crate) async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, Problem> {
    RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::bad_field("not_text", "path"))
}

/// One part of the path.
pub(crate) fn param(params: &RawPathParams, name: &str) -> Result<String, Problem> {
    let found = params.iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_owned());
    found.filter(|value| !value.contains('\0')).ok_or_else(Problem::not_found)
}

/// What stands above every page of an entity: names, paths, what may be done.
#[derive(Clone, Debug)]
pub struct Head {
    /// `/app/s/{service}/{entity}`.
    pub path: String,
    /// The service's label.
    pub service: String,
    /// The entity's label, e.g. 顧客.
    pub entity: String,
    /// The list screen's label, e.g. 顧客一覧.
    pub list: String,
    /// What may be done, for links and buttons.
    pub can: Can,
}

/// A link of the crumbs, or of an error summary.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: String,
}

impl Head {
    /// From where `app` says the caller stands.
    pub fn new(place: &EntityPlace, locale: Locale) -> Self {
        let screen = place.service.screen_for(&place.entity.name, ScreenKind::List);
        let entity = place.entity.label.get(locale).to_owned();
        Self {
            path: format!("/app/s/{}/{}", place.service.name, place.entity.name),
            service: place.service.label.get(locale).to_owned(),
            list: screen.map_or_else(|| entity.clone(), |screen| screen.label.get(locale).to_owned()),
            entity,
            can: place.can,
        }
    }

    /// The way to the list, when it may be opened.
    pub fn crumbs(&self) -> Vec<Link> {
        let list = Link { href: self.path.clone(), label: self.list.clone() };
        if self.can.list { vec![list] } else { Vec::new() }
    }

    /// The way to a record.
    pub fn crumbs_to(&self, id: RecordId, title: &str) -> Vec<Link> {
        let mut crumbs = self.crumbs();
        if self.can.detail {
            crumbs.push(Link { href: format!("{}/{id}", self.path), label: title.to_owned() });
        }
        crumbs
    }
}
