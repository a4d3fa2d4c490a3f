//! How far a backup or a restore is, from the lines pgBackRest writes about each file. Shows nothing.

use std::time::Duration;
use tokio::time::Instant;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Hundredths of a percent, of bytes.
    pub done_bp: u32,
    /// Bytes copied.
    pub done_bytes: u64,
    /// Bytes there are, as far as can be told from what was copied.
    pub total_bytes: u64,
    /// Files copied.
    pub files: u64,
    /// Since the start.
    pub elapsed: Duration,
    /// Until the end, at the speed so far; `None` at the very beginning.
    pub left: Option<Duration>,
}

/// Below this share nothing is foretold.
const TOO_EARLY_BP: u32 = 100;
/// All of it.
const ALL_BP: u32 = 10_000;

/// Counts lines.
pub(super) struct Count {
    since: Instant,
    done_bp: u32,
    done_bytes: u64,
    files: u64,
}

impl Count {
    pub fn new() -> Self {
        Self { since: Instant::now(), done_bp: 0, done_bytes: 0, files: 0 }
    }

    pub fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }

    /// How far it is after this line, when the line is about a file.
    pub fn line(&mut self, line: &str) -> Option<Progress> {
        let (size_bytes, done_bp) = file_done(line)?;
        self.files += 1;
        self.done_bytes = self.done_bytes.saturating_add(size_bytes);
        // Several processes write lines; one may come a little late.
        self.done_bp = self.done_bp.max(done_bp);
        Some(self.now())
    }

    fn now(&self) -> Progress {
        let elapsed = self.elapsed();
        let whole = |part: u128| part * u128::from(ALL_BP) / u128::from(self.done_bp.max(1));
        let total_bytes = u64::try_from(whole(u128::from(self.done_bytes))).unwrap_or(u64::MAX);
        let left = (self.done_bp >= TOO_EARLY_BP).then(|| {
            let all = u64::try_from(whole(elapsed.as_millis())).unwrap_or(u64::MAX);
            Duration::from_millis(all).saturating_sub(elapsed)
        });
        Progress { done_bp: self.done_bp, done_bytes: self.done_bytes, total_bytes, files: self.files, elapsed, left }
    }
}

/// `P01 DETAIL: backup file /…/1255 (bundle 2/43184, 768KB, 97.07%) checksum …`: bytes of the file, and the share done with it.
fn file_done(line: &str) -> Option<(u64, u32)> {
    let said = line.trim_start().split_once("DETAIL: ")?.1;
    if !(said.starts_with("backup file ") || said.starts_with("restore file ") || said.starts_with("match file ")) {
        return None;
    }
    // A path may hold brackets itself; the last that ends in a share is the one.
    let inside = said[..said.rfind("%)")?].rsplit_once('(')?.1;
    let mut parts = inside.rsplit(", ");
    let (share, size) = (parts.next()?, parts.next()?);
    Some((bytes(size)?, hundredths(share)?))
}

/// `97.07` as 9707.
fn hundredths(share: &str) -> Option<u32> {
    let (whole, part) = share.split_once('.').unwrap_or((share, "0"));
    let part: u32 = format!("{part:0<2}").get(..2)?.parse().ok()?;
    Some((whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(part)?).min(ALL_BP))
}

/// `8KB`, `1.2MB`, `0B`: pgBackRest rounds to a tenth.
fn bytes(size: &str) -> Option<u64> {
    let at = size.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = size.split_at(at);
    let unit: u64 = match unit {
        "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
    let (whole, tenths): (u64, u64) = (whole.parse().ok()?, tenths.get(..1)?.parse().ok()?);
    whole.checked_mul(unit)?.checked_add(tenths * unit / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "P01 DETAIL: backup file /d (1%)/base/1/1255 (bundle 2/43184, 768KB, 97.07%) checksum 46f8";

    #[test]
    fn a_line_that_is_about_no_file_moves_nothing() {
        for line in
            ["", "P00   INFO: full backup size = 21.9MB, file total = 964", "P00 DETAIL: sync path '/a (1KB, 5.0%)'"]
        {
            assert_eq!(Count::new().line(line), None, "{line}");
        }
        assert_eq!(file_done("P01 DETAIL: backup file /a (many, 5.0%) checksum"), None);
    }

    #[test]
    fn a_file_moves_bytes_and_share() {
        assert_eq!(file_done(LINE), Some((768 << 10, 9707)));
        assert_eq!(file_done("P01 DETAIL: restore file /r/a (1.5GB, 3.9%) checksum 1"), Some(((3 << 30) / 2, 390)));
        assert_eq!(file_done("P01 DETAIL: backup file /a (0B, 100.00%)"), Some((0, 10_000)));
    }

    #[test]
    fn the_whole_is_foretold_from_the_share() {
        let mut count = Count::new();
        let progress = count.line("P01 DETAIL: backup file /a (100B, 25.00%)").expect("a file");
        assert_eq!((progress.total_bytes, progress.files, progress.done_bp), (400, 1, 2500));
        let progress = count.line("P02 DETAIL: backup file /b (100B, 20.00%)").expect("a file");
        assert_eq!((progress.done_bp, progress.done_bytes), (2500, 200), "the share never shrinks");
    }
}
