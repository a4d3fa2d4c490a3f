//! Style sheet, script and icons, embedded and served under names that carry their hash. Holds no page.

use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

/// The files of the style sheet, in the order of the cascade.
const CSS: &[&str] = &[
    include_str!("../assets/css/layers.css"),
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/layout.css"),
    include_str!("../assets/css/parts.css"),
    include_str!("../assets/css/tables.css"),
    include_str!("../assets/css/forms.css"),
    include_str!("../assets/css/records.css"),
    include_str!("../assets/css/access.css"),
    include_str!("../assets/css/activity.css"),
    include_str!("../assets/css/session.css"),
    include_str!("../assets/css/trust.css"),
    include_str!("../assets/css/util.css"),
    include_str!("../assets/css/print.css"),
];

/// One embedded file.
struct Asset {
    path: String,
    content_type: &'static str,
    body: &'static [u8],
}

struct Assets {
    css: Asset,
    js: Asset,
    icons: Asset,
    mark: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let css: &'static str = Box::leak(CSS.concat().into_boxed_str());
    Assets {
        css: asset("struct", "css", "text/css; charset=utf-8", css.as_bytes()),
        js: asset("struct", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/js/struct.js")),
        icons: asset("icons", "svg", "image/svg+xml", include_bytes!("../assets/icons.svg")),
        mark: asset("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")),
    }
});

fn asset(name: &str, extension: &str, content_type: &'static str, body: &'static [u8]) -> Asset {
    Asset { path: format!("/assets/{name}-{:016x}.{extension}", fnv(body)), content_type, body }
}

/// FNV-1a, 64 bits: a name that changes with the content. It guards nothing, so it need not be cryptographic.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The path of the style sheet.
pub fn css() -> &'static str {
    &ASSETS.css.path
}

/// The path of the script.
pub fn js() -> &'static str {
    &ASSETS.js.path
}

/// The path of the icon sprite; an icon is `icons()#i-name`.
pub fn icons() -> &'static str {
    &ASSETS.icons.path
}

/// The path of the mark, for the browser's tab.
pub fn mark() -> &'static str {
    &ASSETS.mark.path
}

/// `GET /assets/{file}`: the file, cacheable for ever, since its name changes with it.
pub async fn file(Path(file): Path<String>) -> Response {
    let assets = &*ASSETS;
    let wanted = format!("/assets/{file}");
    let Some(found) =
        [&assets.css, &assets.js, &assets.icons, &assets.mark].into_iter().find(|asset| asset.path == wanted)
    else {
        return crate::problem::Problem::not_found().into_response();
    };
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(found.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (StatusCode::OK, headers, found.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_opens_and_closes_the_same_number_of_blocks() {
        for css in CSS {
            assert_eq!(css.matches('{').count(), css.matches('}').count(), "{}", &css[..60]);
        }
    }

    #[test]
    fn every_icon_a_template_names_is_in_the_sprite() {
        let sprite = include_str!("../assets/icons.svg");
        for (path, text) in crate::locale::tests::sources(&["templates"]) {
            for name in text.split("icon(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(sprite.contains(&format!("id=\"i-{name}\"")), "{path} names icon {name}");
            }
        }
    }
}
