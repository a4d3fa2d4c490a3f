//! How fast a restore writes the database's files, against copying the restored files once more: same bytes, same disk, and every
//! file on the disk at the end on both sides. The log's replay is no part of it; drills measure that.

use super::Stage;
use crate::log::say;
use crate::trial::report::{Target, median};
use anyhow::Context as _;
use host::backup::{RestoreOptions, Target as To};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Instant;

/// What a restore has to reach of a plain copy.
const SHARE: f64 = 0.5;
/// What is read at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// Restores and copies, round by round.
pub async fn measure(stage: &mut Stage, rounds: u64) -> anyhow::Result<()> {
    stage.quiet().await?;
    let repository = stage.app.backups().context("backups are on")?.repository.clone();
    let (mut restored, mut copied): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let into = stage.product.folder().join(format!("restored-{round}"));
        let since = Instant::now();
        let made = repository.restore(&To::Latest, &into, RestoreOptions::default(), |_| {}).await?;
        let restore_s = since.elapsed().as_secs_f64();
        let (from, to) = (made.cluster.directory(), stage.product.folder().join(format!("copied-{round}")));
        let since = Instant::now();
        let bytes = tokio::task::spawn_blocking({
            let to = to.clone();
            move || copy(&from, &to)
        })
        .await??;
        let copy_s = since.elapsed().as_secs_f64();
        let mib = bytes as f64 / 1024.0 / 1024.0;
        say(&format!("round {round}: {mib:.0} MiB restored in {restore_s:.2} s, copied in {copy_s:.2} s"));
        restored.push(mib / restore_s);
        copied.push(mib / copy_s);
        fs::remove_dir_all(&into)?;
        fs::remove_dir_all(&to)?;
    }
    let report = &mut stage.report;
    report.figure("restore.struct_mib_per_s", median(&restored), "MiB/s");
    report.figure("restore.copy_mib_per_s", median(&copied), "MiB/s");
    let ratios: Vec<f64> = restored.iter().zip(&copied).map(|(restored, copied)| restored / copied).collect();
    report.ratio("restore", &ratios, Target::AtLeast(SHARE));
    Ok(())
}

/// Copies a folder with everything below it, each file onto the disk. Bytes copied.
fn copy(from: &Path, to: &Path) -> anyhow::Result<u64> {
    fs::create_dir(to)?;
    let (mut bytes, mut piece) = (0, vec![0; PIECE_BYTES]);
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            bytes += copy(&path, &target)?;
        } else if kind.is_file() {
            let (mut source, mut made) = (File::open(&path)?, File::create_new(&target)?);
            loop {
                let read = source.read(&mut piece)?;
                if read == 0 {
                    break;
                }
                made.write_all(&piece[..read])?;
                bytes += read as u64;
            }
            made.sync_all()?;
        }
    }
    File::open(to)?.sync_all()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_every_file_and_counts_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs::create_dir_all(from.join("base/1")).unwrap();
        fs::write(from.join("base/1/2"), vec![7; PIECE_BYTES + 3]).unwrap();
        fs::write(from.join("PG_VERSION"), "15\n").unwrap();
        let to = folder.path().join("to");
        assert_eq!(copy(&from, &to).unwrap(), PIECE_BYTES as u64 + 6);
        assert_eq!(fs::read(to.join("base/1/2")).unwrap(), fs::read(from.join("base/1/2")).unwrap());
    }
}
