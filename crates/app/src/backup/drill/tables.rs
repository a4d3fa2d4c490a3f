//! The copy's tables: indexes and pages, references and unique values, records counted and held against the log. Opens nothing.

use crate::{App, Error};
use domain::backup::drill::Look;
use store::backup::copy::{Copy, CopyRule};

/// Counts of one tenant's records that are told one by one, at most.
const MAX_COUNTS_TOLD: usize = 200;

/// Every index and every table, PostgreSQL's own among them.
pub(super) async fn indexes(copy: &Copy) -> Result<Look, Error> {
    let mut look = Look::at("indexes");
    if !copy.can_look().await? {
        look.fault("PostgreSQL came without amcheck: install its contrib modules");
        return Ok(look);
    }
    let (mut indexes, mut tables, mut all_rows) = (0, 0, 0);
    for index in copy.indexes().await? {
        indexes += 1;
        all_rows += i64::from(index.all_rows);
        if let Some(said) = copy.index_fault(&index).await? {
            look.fault(format!("{}: {said}", index.name));
        }
    }
    for table in copy.tables().await? {
        tables += 1;
        if let Some(said) = copy.table_fault(&table).await? {
            look.fault(format!("{}: {said}", table.name));
        }
    }
    Ok(look.counted("indexes", indexes).counted("with_all_rows", all_rows).counted("tables", tables))
}

/// Every reference leads somewhere, and what may stand once stands once: counted by reading the tables, not by their indexes.
pub(super) async fn references(copy: &Copy) -> Result<Look, Error> {
    let mut look = Look::at("references");
    let (references, unique) = (copy.references().await?, copy.unique().await?);
    let of = |rules: &Vec<CopyRule>| i64::try_from(rules.len()).unwrap_or(i64::MAX);
    let counted = [("references", of(&references)), ("unique", of(&unique))];
    for (rules, what) in [(references, "lead nowhere"), (unique, "values stand more than once")] {
        for rule in rules {
            match copy.violations(&rule).await? {
                Ok(0) => {}
                Ok(count) => look.fault(format!("{}: {count} {what}", rule.name)),
                Err(said) => look.fault(format!("{}: {said}", rule.name)),
            }
        }
    }
    Ok(counted.into_iter().fold(look, |look, (name, count)| look.counted(name, count)))
}

/// Records of every tenant and entity, against what the tenant's log says was made and removed.
pub(super) async fn records(over: &App, copy: &Copy) -> Result<Look, Error> {
    let mut look = Look::at("records");
    let (mut records, mut compared, mut told) = (0, 0, Vec::new());
    for service in over.store.services().await? {
        for entity in &service.entities {
            for count in copy.counts(&service.name, &entity.name).await? {
                let place = format!("{} {}.{}", count.tenant, service.name, entity.name);
                records += count.rows;
                if let Some(logged) = count.logged {
                    compared += count.rows;
                    if logged != count.rows {
                        look.fault(format!("{place}: {} records, and {logged} by the log", count.rows));
                    }
                }
                told.push((place, count.rows));
            }
        }
    }
    let tenants = i64::try_from(over.store.tenants().await?.len()).unwrap_or(i64::MAX);
    told.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let look = told.into_iter().take(MAX_COUNTS_TOLD).fold(look, |look, (place, rows)| look.counted(&place, rows));
    Ok(look.counted("tenants", tenants).counted("records", records).counted("held_against_log", compared))
}
