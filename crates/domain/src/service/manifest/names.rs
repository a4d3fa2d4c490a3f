//! Names in manifests: their form, the reserved ones, and the nearest to a mistyped one.

use super::complaint::Complaints;
use toml::Spanned;

/// Columns every table of records has.
const COLUMNS: &[&str] =
    &["tenant_id", "id", "version", "sealed", "created_at", "created_by", "updated_at", "updated_by"];

/// Prefixes of the columns STRUCT makes beside them.
const PREFIXES: &[&str] = &["f_", "x_", "b_"];

/// Reserved words of PostgreSQL (its documentation, appendix C; those reserved for column or table names).
const SQL_WORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// `[a-z][a-z0-9_]*` of up to `max` characters, and nothing that SQL or STRUCT keeps for itself.
pub(super) fn check_name(complaints: &mut Complaints<'_>, name: &Spanned<String>, max: usize, what: &str) {
    let text = name.get_ref();
    if !has_form(text, max) {
        let message = format!(
            "\"{text}\" is no name of {what}: it begins with a-z and has up to {max} characters of a-z, 0-9 and _"
        );
        complaints.at(name.span(), message);
    } else if COLUMNS.contains(&text.as_str()) || SQL_WORDS.contains(&text.as_str()) {
        complaints.at(name.span(), format!("\"{text}\" is reserved; choose another name, for example \"{text}_name\""));
    } else if let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) {
        complaints.at(name.span(), format!("\"{text}\": names beginning with {prefix} are reserved"));
    }
}

/// The form alone, for words that never reach SQL as a name.
pub(super) fn has_form(text: &str, max: usize) -> bool {
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=max).contains(&text.len()) && text.as_bytes()[0].is_ascii_lowercase() && text.bytes().all(sound)
}

/// ` (did you mean "type"?)` when an allowed word is close to the one found, else nothing.
pub(super) fn nearest(found: &str, allowed: &[&str]) -> String {
    let close = found.chars().count().div_ceil(3).max(1);
    let best = allowed.iter().map(|word| (distance(found, word), word)).min();
    match best.filter(|(distance, _)| *distance <= close) {
        Some((_, word)) => format!(" (did you mean \"{word}\"?)"),
        None => String::new(),
    }
}

/// Edits from one word to the other: characters put in, left out, replaced, or two swapped (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let moved = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let best = replaced.min(moved);
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[a.len()][b.len()]
}

/// Complains about a word that is none of those allowed.
pub(super) fn unknown(complaints: &mut Complaints<'_>, word: &Spanned<String>, what: &str, allowed: &[&str]) {
    let text = word.get_ref();
    let message = format!("\"{text}\" is no {what}{}; allowed are {}", nearest(text, allowed), allowed.join(", "));
    complaints.at(word.span(), message);
}

/// A label without a place of its own: complained about at its owner's.
pub(super) fn check_label(complaints: &mut Complaints<'_>, label: &crate::locale::Label, span: std::ops::Range<usize>) {
    complaints.label(&Spanned::new(span, label.clone()));
}
