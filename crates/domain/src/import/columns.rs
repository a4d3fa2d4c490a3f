//! Which column of a file is which field. Reads only the header.

use super::ImportFault;
use crate::service::Entity;
use unicode_normalization::UnicodeNormalization;

/// Header cells that a refusal quotes at most.
const MAX_QUOTED: usize = 10;
/// Characters of each.
const MAX_QUOTED_CHARS: usize = 40;

/// The field index of each header cell. A cell may be the Japanese or English label or the field's name; width, case
/// and white space don't matter. Cells that name nothing, name a field twice, or leave a required field without a
/// column refuse the file.
pub fn match_columns<'h>(
    entity: &Entity,
    header: impl IntoIterator<Item = &'h str>,
) -> Result<Vec<usize>, ImportFault> {
    let mut columns = Vec::new();
    let (mut unknown, mut repeated) = (Vec::new(), Vec::new());
    for cell in header {
        match field_of(entity, cell) {
            None => unknown.push(cell.to_owned()),
            Some(field) if columns.contains(&field) => repeated.push(cell.to_owned()),
            Some(field) => columns.push(field),
        }
    }
    if columns.is_empty() && unknown.iter().all(|cell: &String| cell.trim().is_empty()) {
        return Err(ImportFault::Empty);
    }
    if !unknown.is_empty() {
        return Err(ImportFault::UnknownColumns { columns: quoted(unknown) });
    }
    if !repeated.is_empty() {
        return Err(ImportFault::RepeatedColumns { columns: quoted(repeated) });
    }
    let absent = entity.fields.iter().enumerate().filter(|(place, field)| field.required && !columns.contains(place));
    let missing: Vec<String> = absent.map(|(_, field)| field.name.clone()).collect();
    if missing.is_empty() { Ok(columns) } else { Err(ImportFault::MissingColumns { fields: missing }) }
}

/// Cells short and few enough for a sentence: what was handed in may be no list at all.
fn quoted(mut cells: Vec<String>) -> Vec<String> {
    let more = cells.len() > MAX_QUOTED;
    cells.truncate(MAX_QUOTED);
    for cell in &mut cells {
        let printable = cell.chars().filter(|c| !c.is_control());
        *cell = printable.clone().take(MAX_QUOTED_CHARS).collect::<String>()
            + if printable.count() > MAX_QUOTED_CHARS { "…" } else { "" };
    }
    cells.extend(more.then(|| "…".to_owned()));
    cells
}

/// The field a cell means; a field's own name wins over another's label.
fn field_of(entity: &Entity, cell: &str) -> Option<usize> {
    let cell = folded(cell);
    let by = |named: &dyn Fn(&crate::service::Field) -> [&str; 2]| {
        entity.fields.iter().position(|field| named(field).into_iter().any(|name| folded(name) == cell))
    };
    by(&|field| [&field.name, &field.name]).or_else(|| by(&|field| [&field.label.ja, &field.label.en]))
}

fn folded(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
