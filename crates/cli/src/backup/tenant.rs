//! `struct backup tenant-restore`: one tenant at one time. Told first, changed only on demand; nothing is ever removed.

use super::at;
use crate::config::Config;
use crate::log::say;
use crate::operator::{Opened, addresses, app_with};
use anyhow::{Context as _, bail, ensure};
use app::backup::Backups;
use app::backup::copy::CopyPlace;
use app::backup::tenant::{Brought, Difference, EntityCompared, FieldDifference, Kind, Outcome, TenantThen, Wish};
use app::{App, Error};
use clap::Args;
use domain::id::RecordId;
use host::backup::Target;
use host::backup::throwaway::{ThrowAway, Turn};
use jiff::Timestamp;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Differences that are printed one by one; a file takes all.
const SHOWN: u64 = 200;
/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Options of `struct backup tenant-restore`.
#[derive(Args, Debug)]
pub struct TenantRestore {
    /// The tenant's code.
    tenant: String,
    /// The moment, such as 2026-11-23T02:00:00+09:00.
    #[arg(long, value_name = "TIME", value_parser = at)]
    to: Timestamp,
    /// Only this entity, such as customer or crm.customer.
    #[arg(long, value_name = "NAME")]
    entity: Option<String>,
    /// Only what was removed since.
    #[arg(long)]
    deleted: bool,
    /// Only what was changed since.
    #[arg(long)]
    changed: bool,
    /// Bring records back: `all` that are told, or these ids. Without it, nothing is changed.
    #[arg(long, value_name = "all|ID,...", requires = "reason", value_parser = chosen)]
    apply: Option<Chosen>,
    /// Why; it stands in the tenant's log.
    #[arg(long)]
    reason: Option<String>,
    /// Show what fields held and hold, not only which; this is entered in the tenant's log.
    #[arg(long, requires = "reason")]
    show_values: bool,
    /// Write all differences into this file, which must not exist, as JSON.
    #[arg(long, value_name = "FILE")]
    into_file: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Which records are brought back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// Those that are told.
    All,
    /// These.
    Ids(Vec<RecordId>),
}

fn chosen(text: &str) -> Result<Chosen, String> {
    if text == "all" {
        return Ok(Chosen::All);
    }
    let ids = text.split(',').map(|id| id.trim().parse::<RecordId>().map_err(|_| format!("{id} is no record's id")));
    ids.collect::<Result<_, _>>().map(Chosen::Ids)
}

impl TenantRestore {
    fn wish(&self) -> Wish {
        let kinds = [(self.deleted, Kind::Deleted), (self.changed, Kind::Changed)];
        Wish {
            entity: self.entity.clone(),
            kinds: kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect(),
            ids: None,
            values: self.show_values,
        }
    }

    /// The reason, when one is needed.
    fn reason(&self) -> anyhow::Result<&str> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        let fits =
            !reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS && !reason.chars().any(char::is_control);
        ensure!(fits, "--reason takes 1 to {MAX_REASON_CHARS} characters in one line: it stands in the tenant's log");
        Ok(reason)
    }
}

/// Compares, and brings back what was chosen.
pub async fn run(config: &Config, options: &TenantRestore) -> anyhow::Result<ExitCode> {
    if options.apply.is_some() || options.show_values {
        options.reason()?;
    }
    let app = app_with(config, &addresses(config)?, false, Opened::with_backups(config).await?)?;
    let kept = match &app.settings().backups {
        Backups::On(kept) => kept,
        Backups::Off(why) => bail!("there is nothing to restore from: {why}"),
    };
    let turn = Turn::take(&kept.dir).await?;
    let id = app.new_request_id().to_string();
    let mut restored = ThrowAway::restore(turn, &kept.repository, &Target::Time(options.to), &id, |_| {}).await?;
    let done = tokio::select! {
        done = beside(&app, &mut restored, options) => done,
        // What was brought back stays, and is in the log; the copy goes.
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    restored.remove().await?;
    done
}

async fn beside(app: &App, restored: &mut ThrowAway, options: &TenantRestore) -> anyhow::Result<ExitCode> {
    restored.start().await?;
    let copy = app.over(&CopyPlace::of(restored)).await?;
    let then = match app.tenant_then(copy, &options.tenant, options.to).await {
        Err(Error::NotFound) => bail!("there is no tenant {} now, or there was none at {}", options.tenant, options.to),
        then => then?,
    };
    let wish = options.wish();
    if options.show_values {
        then.enter_showing(&wish, options.reason()?).await?;
    }
    let mut told = Told::new(options)?;
    let compared = then.compare(&wish, &mut |difference| told.take(difference)).await?;
    told.end(&compared)?;
    let brought = match &options.apply {
        None => Vec::new(),
        Some(chosen) => bring_back(&then, wish, chosen, options.reason()?, options.json).await?,
    };
    let conflicts = brought.iter().filter(|one| matches!(one.outcome, Outcome::Conflict(_))).count();
    if options.json {
        say(&document(options, &told, &compared, &brought).to_string());
    } else {
        summary(options, &told, &compared, &brought, conflicts);
    }
    Ok(if conflicts == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn bring_back(
    then: &TenantThen<'_>,
    wish: Wish,
    chosen: &Chosen,
    reason: &str,
    json: bool,
) -> anyhow::Result<Vec<Brought>> {
    let ids = match chosen {
        Chosen::All => None,
        Chosen::Ids(ids) => Some(ids.iter().copied().collect()),
    };
    let mut brought = Vec::new();
    let wish = Wish { ids, ..wish };
    then.bring_back(&wish, reason, &mut |one| {
        if !json {
            say(&line(&one));
        }
        brought.push(one);
    })
    .await?;
    for id in wish.ids.iter().flatten().filter(|id| brought.iter().all(|one| one.id != **id)) {
        say_unless(json, &format!("  {id}  is as it was, or was not there: nothing to bring back"));
    }
    Ok(brought)
}

fn say_unless(json: bool, text: &str) {
    if !json {
        say(text);
    }
}

fn line(one: &Brought) -> String {
    let outcome = match &one.outcome {
        Outcome::Restored => "is there again".to_owned(),
        Outcome::ChangedBack => "has its values of then".to_owned(),
        Outcome::Conflict(why) => format!("STAYS AS IT IS: {why}"),
    };
    format!("  {}.{} {}  {outcome}", one.service, one.entity, one.id)
}

/// Where differences go as they are found.
struct Told {
    file: Option<(PathBuf, BufWriter<File>)>,
    print: bool,
    count: u64,
    shown: Vec<Difference>,
}

impl Told {
    fn new(options: &TenantRestore) -> anyhow::Result<Self> {
        let file = match &options.into_file {
            Some(path) => Some((path.clone(), BufWriter::new(private(path)?))),
            None => None,
        };
        let mut told = Self { file, print: !options.json, count: 0, shown: Vec::new() };
        if let Some((path, file)) = &mut told.file {
            let (tenant, to) = (json!(options.tenant), json!(options.to));
            write!(file, "{{\"tenant\":{tenant},\"to\":{to},\"differences\":[").with_context(|| written(path))?;
        }
        Ok(told)
    }

    fn take(&mut self, difference: Difference) -> Result<(), Error> {
        if let Some((path, file)) = &mut self.file {
            let comma = if self.count == 0 { "" } else { "," };
            let text = serde_json::to_string(&difference).map_err(|error| Error::Internal(error.to_string()))?;
            write!(file, "{comma}\n{text}").map_err(|error| Error::Internal(format!("{}: {error}", written(path))))?;
        }
        self.count += 1;
        if self.count <= SHOWN {
            say_unless(!self.print, &told_line(&difference));
            self.shown.push(difference);
        }
        Ok(())
    }

    fn end(&mut self, compared: &[EntityCompared]) -> anyhow::Result<()> {
        if let Some((path, file)) = &mut self.file {
            write!(file, "\n],\"entities\":{}}}\n", json!(compared)).with_context(|| written(path))?;
            file.flush().with_context(|| written(path))?;
        }
        Ok(())
    }
}

fn written(path: &Path) -> String {
    format!("{} can't be written", path.display())
}

/// A file that only its owner may read: it tells of a tenant's records.
fn private(path: &Path) -> anyhow::Result<File> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("{} can't be made; name a file that does not exist", path.display()))
}

fn told_line(difference: &Difference) -> String {
    let kind = match difference.kind {
        Kind::Added => "added  ",
        Kind::Changed => "changed",
        Kind::Deleted => "deleted",
    };
    let field = |field: &FieldDifference| match (&field.then, &field.now) {
        (None, None) => field.field.clone(),
        (then, now) => {
            let value = |value: &Option<String>| format!("{:?}", value.as_deref().unwrap_or_default());
            format!("{} {} -> {}", field.field, value(then), value(now))
        }
    };
    let fields: Vec<String> = difference.fields.iter().map(field).collect();
    format!("  {kind}  {}.{} {}  {}", difference.service, difference.entity, difference.id, fields.join(", "))
}

fn summary(options: &TenantRestore, told: &Told, compared: &[EntityCompared], brought: &[Brought], conflicts: usize) {
    if told.count > SHOWN {
        say(&format!("  and {} more; --into-file writes all of them", told.count - SHOWN));
    }
    say(&format!("\n{} at {}, against now:", options.tenant, options.to));
    for one in compared {
        let name = format!("{}.{}", one.service, one.entity);
        match &one.not_compared {
            Some(why) => say(&format!("  {name:<24} not compared: {why}")),
            None => say(&format!(
                "  {name:<24} added {}, changed {}, deleted {}, the same {}",
                one.added, one.changed, one.deleted, one.same
            )),
        }
        if !one.fields_gone.is_empty() {
            let gone = one.fields_gone.join(", ");
            say(&format!("  {:<24} the service no longer has: {gone}; what they held can't come back", ""));
        }
    }
    match options.apply {
        Some(_) => say(&format!("Brought back {}, conflicts {conflicts}.", brought.len() - conflicts)),
        None => say("Nothing was changed. Bring records back with --apply all|ID,... --reason TEXT."),
    }
}

fn document(
    options: &TenantRestore,
    told: &Told,
    compared: &[EntityCompared],
    brought: &[Brought],
) -> serde_json::Value {
    json!({
        "tenant": options.tenant,
        "to": options.to,
        "entities": compared,
        "differences": told.shown,
        "differences_in_all": told.count,
        "brought": brought,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_all_nor_an_id_is_refused() {
        assert!(chosen("some").is_err() && chosen("").is_err() && chosen("all,").is_err());
        assert_eq!(chosen("all"), Ok(Chosen::All));
        let id = "0190f3a0-0000-7000-8000-000000000001";
        assert!(matches!(chosen(&format!("{id}, {id}")), Ok(Chosen::Ids(ids)) if ids.len() == 2));
    }

    #[test]
    fn a_difference_names_fields_and_shows_values_only_when_there_are_some() {
        let field =
            |then: Option<&str>| FieldDifference { field: "name".to_owned(), then: then.map(str::to_owned), now: None };
        let of = |fields| Difference {
            service: "crm".to_owned(),
            entity: "customer".to_owned(),
            id: uuid::Uuid::nil().into(),
            kind: Kind::Changed,
            fields,
        };
        assert!(told_line(&of(vec![field(None)])).ends_with("  name"));
        assert!(told_line(&of(vec![field(Some("港"))])).ends_with("name \"港\" -> \"\""));
    }
}
