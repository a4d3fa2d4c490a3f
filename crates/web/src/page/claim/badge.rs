//! A claim as a badge for other sites: an SVG that says promise and state in words, shape and colour. Links nowhere, loads
//! nothing.

use super::feed::escaped;
use super::words;
use crate::locale::Texts;
use app::claim::Claim;
use domain::claim::State;

/// Height of a badge, in pixels.
const HEIGHT: u32 = 24;
/// Space beside the words.
const GAP: u32 = 8;
/// The icon with the space behind it.
const ICON: u32 = 18;
/// How wide a Latin letter is taken to be at 12 pixels.
const NARROW: u32 = 7;
/// How wide a Japanese one is.
const WIDE: u32 = 12;

/// The badge.
pub fn svg(claim: &Claim, t: Texts) -> String {
    let (id, state) = (claim.promise.id, words::state(claim.state, t).text);
    let title = escaped(&format!("STRUCT {id}: {state}"));
    let left = format!("STRUCT {id}");
    let (left_width, right_width) = (width(&left) + 2 * GAP, width(&state) + 2 * GAP + ICON);
    let all = left_width + right_width;
    let (fill, icon) = look(claim.state);
    let (left_x, icon_x, right_x) = (GAP, left_width + GAP, left_width + GAP + ICON);
    let dashes = if claim.state == State::Unverified { " stroke=\"#ffffff\" stroke-dasharray=\"3 2\"" } else { "" };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"{HEIGHT}\" viewBox=\"0 0 {all} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"t\" lang=\"{lang}\"><title id=\"t\">{title}</title>\
         <rect width=\"{all}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"#1a1a1a\"/>\
         <path d=\"M{left_width} 0h{straight}a4 4 0 0 1 4 4v16a4 4 0 0 1 -4 4h-{straight}z\" fill=\"{fill}\"{dashes}/>\
         <g transform=\"translate({icon_x} 5) scale(.7)\" fill=\"none\" stroke=\"#ffffff\" stroke-width=\"2\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\">{icon}</g>\
         <g fill=\"#ffffff\" font-family=\"'Noto Sans JP','Hiragino Sans','Yu Gothic UI',sans-serif\" font-size=\"12\">\
         <text x=\"{left_x}\" y=\"16\" textLength=\"{left_text}\">{left}</text>\
         <text x=\"{right_x}\" y=\"16\" font-weight=\"700\" textLength=\"{right_text}\">{state}</text></g></svg>\n",
        lang = t.tag(),
        straight = right_width - 4,
        left_text = width(&left),
        right_text = width(&state),
        state = escaped(&state),
        left = escaped(&left),
    )
}

/// Colour, which white words can be read on, and shape: a circle, a triangle, an octagon, a dashed clock.
fn look(state: State) -> (&'static str, &'static str) {
    match state {
        State::Met => ("#115a36", "<circle cx=\"10\" cy=\"10\" r=\"7.5\"/><path d=\"m6.6 10.2 2.4 2.4 4.6-5\"/>"),
        State::AtRisk => ("#6e5600", "<path d=\"M10 2.8 18 16.8H2Z\"/><path d=\"M10 8v4M10 14.4v.2\"/>"),
        State::Missed => (
            "#ce0000",
            "<path d=\"M6.8 2.5h6.4l4.3 4.3v6.4l-4.3 4.3H6.8l-4.3-4.3V6.8Z\"/><path d=\"m7.4 7.4 5.2 5.2m0-5.2-5.2 5.2\"/>",
        ),
        State::Unverified => (
            "#4d4d4d",
            "<circle cx=\"10\" cy=\"10\" r=\"7.5\" stroke-dasharray=\"2.6 2.6\"/><path d=\"M10 6v4.5l2.6 1.8\"/>",
        ),
    }
}

fn width(text: &str) -> u32 {
    text.chars().map(|c| if c.is_ascii() { NARROW } else { WIDE }).sum()
}
