//! Seven days of backups as shapes: places and lengths in the drawing's own units. Holds no words but those of titles.

use crate::format::{self, When};
use crate::locale::Texts;
use app::backup::overview::{DrillRow, Overview, RunRow};
use domain::backup::lane::{Span, State};
use jiff::{SignedDuration, Timestamp};

/// Width of the drawing, in its own units: so many a day.
pub const DAY_WIDTH: f64 = 144.0;
/// Days drawn.
pub const DAYS: i32 = 7;
/// A run is drawn at least so wide.
const LEAST_WIDTH: f64 = 4.0;
/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// `f-key`, `f-ok`, `f-warn`, `f-bad`, `f-unk`.
    pub class: &'static str,
    /// From the left.
    pub x: String,
    /// From the top.
    pub y: u32,
    /// How wide.
    pub width: String,
    /// What it is, for those who point at it.
    pub title: String,
}

/// The drawing.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// The days, oldest first.
    pub days: Vec<When>,
    /// All shapes.
    pub shapes: Vec<Shape>,
    /// Where the present is.
    pub now: String,
    /// The whole in a sentence.
    pub label: String,
}

/// A lane's top, by its place.
fn top(lane: u32) -> u32 {
    12 + lane * 40
}

struct Drawing {
    start: Timestamp,
    now: Timestamp,
}

impl Drawing {
    fn x(&self, at: Timestamp) -> f64 {
        let seconds = (at.as_millisecond() - self.start.as_millisecond()) as f64 / 1000.0;
        (seconds / DAY_S * DAY_WIDTH).clamp(0.0, DAY_WIDTH * f64::from(DAYS))
    }

    fn shape(&self, lane: u32, (from, until): (Timestamp, Timestamp), class: &'static str, title: String) -> Shape {
        let (x, end) = (self.x(from), self.x(until));
        Shape { class, x: format!("{x:.1}"), y: top(lane), width: format!("{:.1}", (end - x).max(LEAST_WIDTH)), title }
    }

    fn shown(&self, until: Timestamp) -> bool {
        until > self.start
    }
}

/// The drawing of an overview.
pub fn lanes(overview: &Overview, t: Texts) -> Lanes {
    let now = overview.at;
    let drawing = Drawing { start: format::start_of_day(now, DAYS - 1), now };
    let day = |number: i32| {
        let at = drawing.start + SignedDuration::from_hours(24 * i64::from(number));
        format::day_of_week(t.locale, at)
    };
    let mut shapes: Vec<Shape> = overview.runs.iter().filter_map(|run| of_run(&drawing, run, t)).collect();
    shapes.extend(overview.log_lane.iter().filter_map(|span| of_span(&drawing, span, t)));
    shapes.extend(overview.drills.iter().filter_map(|drill| of_drill(&drawing, drill, t)));
    let count = |kind: &str, outcome: &str| {
        let of = |run: &&RunRow| run.kind == kind && run.outcome == outcome && drawing.shown(run.started_at);
        i64::try_from(overview.runs.iter().filter(of).count()).unwrap_or(i64::MAX)
    };
    let label = t.figures(
        "backup-lanes-label",
        vec![
            ("full", count("full", "done").into()),
            ("differential", count("differential", "done").into()),
            ("failed", (count("full", "failed") + count("differential", "failed")).into()),
        ],
    );
    Lanes { days: (0..DAYS).map(day).collect(), shapes, now: format!("{:.1}", drawing.x(now)), label }
}

fn of_run(drawing: &Drawing, run: &RunRow, t: Texts) -> Option<Shape> {
    let lane = match run.kind.as_str() {
        "full" => 0,
        "differential" => 1,
        _ => 3,
    };
    let until = run.ended_at.unwrap_or(drawing.now);
    let class = match run.outcome.as_str() {
        "done" if lane == 3 && run.is_faulty() => "f-bad",
        "done" if lane == 3 => "f-ok",
        "done" => "f-key",
        "running" => "f-plan",
        "failed" => "f-bad",
        _ => "f-unk",
    };
    let title = t.two(
        "backup-shape",
        "what",
        t.text(format!("backup-kind-{}", run.kind)),
        "at",
        format::brief(t.locale, drawing.now, run.started_at).words,
    );
    drawing.shown(until).then(|| drawing.shape(lane, (run.started_at, until), class, title))
}

fn of_span(drawing: &Drawing, span: &Span, t: Texts) -> Option<Shape> {
    let (class, key) = match span.state {
        State::Good => ("f-ok", "backup-lane-good"),
        State::Gap => ("f-bad", "backup-lane-gap"),
        State::Unknown => ("f-unk", "backup-lane-unknown"),
    };
    drawing.shown(span.until).then(|| drawing.shape(2, (span.from.max(drawing.start), span.until), class, t.text(key)))
}

fn of_drill(drawing: &Drawing, drill: &DrillRow, t: Texts) -> Option<Shape> {
    let until = drill.ended_at.unwrap_or(drawing.now);
    let class = match drill.outcome.as_str() {
        "passed" => "f-ok",
        "failed" => "f-bad",
        "running" => "f-plan",
        _ => "f-unk",
    };
    let at = format::brief(t.locale, drawing.now, drill.started_at).words;
    let title = t.two("backup-shape", "what", t.text("backup-kind-drill"), "at", at);
    drawing.shown(until).then(|| drawing.shape(4, (drill.started_at, until), class, title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_the_seven_days_is_drawn_at_their_edge_and_nothing_is_too_thin_to_see() {
        let now: Timestamp = "2026-11-22T09:05:00Z".parse().unwrap();
        let drawing = Drawing { start: format::start_of_day(now, DAYS - 1), now };
        let early = drawing.start - SignedDuration::from_hours(30);
        assert_eq!(drawing.x(early), 0.0);
        assert_eq!(drawing.x(drawing.start + SignedDuration::from_hours(24)), DAY_WIDTH);
        let shape = drawing.shape(1, (now, now), "f-key", String::new());
        assert_eq!((shape.y, shape.width.as_str()), (52, "4.0"));
        assert!(!drawing.shown(early));
    }

    #[test]
    fn a_verification_without_a_fault_is_drawn_as_good_and_one_with_a_fault_is_not() {
        let now: Timestamp = "2026-11-22T09:05:00Z".parse().unwrap();
        let drawing = Drawing { start: format::start_of_day(now, DAYS - 1), now };
        let class = |outcome: &str, faults: Option<&str>| {
            let run = RunRow {
                id: uuid::Uuid::nil(),
                kind: "verify".to_owned(),
                cause: "rule".to_owned(),
                started_at: now,
                ended_at: Some(now),
                label: None,
                size_bytes: None,
                repo_size_bytes: None,
                progress: None,
                outcome: outcome.to_owned(),
                error: None,
                faults: faults.map(str::to_owned),
                tool: String::new(),
            };
            of_run(&drawing, &run, Texts { locale: domain::locale::Locale::Ja }).map(|shape| shape.class)
        };
        assert_eq!(class("done", Some("[]")), Some("f-ok"));
        assert_eq!(class("done", Some(r#"[{"code":"file_corrupted"}]"#)), Some("f-bad"));
        assert_eq!(class("failed", None), Some("f-bad"));
    }
}
