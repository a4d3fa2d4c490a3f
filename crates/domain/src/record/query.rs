//! What may be asked of a list. Refuses what an index can't answer; the asking itself is the store's.

use super::{
    Condition, DEFAULT_PAGE, Fault, FaultReason, ListQuery, MAX_CONDITIONS, MAX_CURSOR_BYTES, MAX_PAGE,
    MAX_SEARCH_CHARS, Test, normalised, parse,
};
use crate::service::{Entity, Field, FieldKind, Index};

/// The query with its size filled in and its values canonical (plain columns) or normalised (blind indexes).
/// Asking again with the answer changes nothing.
pub fn check_query(entity: &Entity, query: &ListQuery) -> Result<ListQuery, Fault> {
    if query.conditions.len() > MAX_CONDITIONS {
        return Err(Fault::new("", FaultReason::TooManyConditions { max: MAX_CONDITIONS }));
    }
    if query.limit > MAX_PAGE {
        let reason = FaultReason::OutOfRange { min: Some(1), max: Some(MAX_PAGE as i64) };
        return Err(Fault::new("limit", reason));
    }
    if let Some(cursor) = query.cursor.as_ref().filter(|cursor| cursor.len() > MAX_CURSOR_BYTES) {
        return Err(Fault::new("cursor", FaultReason::TooLong { max: MAX_CURSOR_BYTES, found: cursor.len() }));
    }
    if let Some(sort) = &query.sort {
        let field = named(entity, &sort.field)?;
        if !can_sort(field) {
            return Err(Fault::new(&field.name, FaultReason::NotSearchable));
        }
    }
    let conditions = query.conditions.iter().map(|condition| check_condition(entity, condition));
    Ok(ListQuery {
        conditions: conditions.collect::<Result<_, _>>()?,
        sort: query.sort.clone(),
        cursor: query.cursor.clone(),
        limit: if query.limit == 0 { DEFAULT_PAGE } else { query.limit },
    })
}

impl Field {
    /// Whether a list can be ordered by the field: a plain column whose order means something.
    pub fn can_sort(&self) -> bool {
        can_sort(self)
    }

    /// The tests a condition on this field may use.
    pub fn tests(&self) -> &'static [Test] {
        let ordered =
            matches!(self.kind, FieldKind::Number { .. } | FieldKind::Money | FieldKind::Date | FieldKind::Datetime);
        match self.index {
            _ if self.is_plain() && ordered => &[Test::Equals, Test::AtLeast, Test::AtMost],
            _ if self.is_plain() => &[Test::Equals],
            Some(Index::Exact) => &[Test::Equals],
            Some(Index::Partial) => &[Test::Contains],
            _ => &[],
        }
    }
}

fn can_sort(field: &Field) -> bool {
    // The order of ids of other records tells people nothing.
    field.is_plain() && !matches!(field.kind, FieldKind::Reference { .. })
}

fn named<'e>(entity: &'e Entity, name: &str) -> Result<&'e Field, Fault> {
    entity.field(name).ok_or_else(|| Fault::new(name, FaultReason::UnknownField))
}

fn check_condition(entity: &Entity, condition: &Condition) -> Result<Condition, Fault> {
    let field = named(entity, &condition.field)?;
    let refused = |reason| Fault::new(&field.name, reason);
    if !field.tests().contains(&condition.test) {
        return Err(refused(FaultReason::NotSearchable));
    }
    let found = condition.value.chars().count();
    if found > MAX_SEARCH_CHARS {
        return Err(refused(FaultReason::TooLong { max: MAX_SEARCH_CHARS, found }));
    }
    if let Some(c) = condition.value.trim().chars().find(|c| c.is_control()) {
        return Err(refused(FaultReason::ControlCharacter { code: u32::from(c) }));
    }
    // Part of a number or of an address is a fair thing to look for, so text-like kinds are not parsed.
    let text_like = matches!(
        field.kind,
        FieldKind::Text | FieldKind::LongText | FieldKind::Email | FieldKind::Phone | FieldKind::PostalCode
    );
    let value = if !text_like {
        parse(field, &condition.value)?.unwrap_or_default()
    } else if field.is_plain() {
        // A plain column holds text as typed, so it is compared so; white space around a search is a slip.
        condition.value.trim().to_owned()
    } else {
        normalised(field, &condition.value)
    };
    if value.trim().is_empty() {
        return Err(refused(FaultReason::NothingToFind));
    }
    Ok(Condition { field: field.name.clone(), test: condition.test, value })
}
