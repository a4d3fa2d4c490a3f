//! Looks at a leaf while its log is hashed: whether it is one, whose, and of when. The usual leaf is read in place; one that
//! looks in any way unusual goes to [`ledger::Leaf::decode`], whose word decides, so that reading fast refuses nothing and
//! accepts nothing by itself that the format would not.

use ledger::Leaf;
use ledger::leaf::LeafError;

/// Bytes of an instant: `2026-08-01T12:34:56.123456Z`.
pub(crate) const INSTANT_BYTES: usize = 27;
/// Bytes of a uuid with its hyphens.
const UUID_BYTES: usize = 36;
/// Bytes of SHA-256 in hex.
const SHA256_HEX_BYTES: usize = 64;
/// The longest word and name of the usual leaf; longer ones are for the slow way to judge.
const PLAIN_TEXT_BYTES: usize = 64;

/// When a leaf says its act committed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Instant(pub(crate) [u8; INSTANT_BYTES]);

impl Instant {
    fn read(text: &[u8]) -> Option<Self> {
        text.try_into().ok().map(Self)
    }

    /// The instant as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Microseconds since 1970.
    pub(crate) fn micros(&self) -> i64 {
        let number = |at: usize, digits: usize| {
            self.0[at..at + digits].iter().fold(0i64, |number, digit| number * 10 + i64::from(digit.wrapping_sub(b'0')))
        };
        let seconds = (days_since_1970(number(0, 4), number(5, 2), number(8, 2)) * 24 + number(11, 2)) * 3600;
        (seconds + number(14, 2) * 60 + number(17, 2)) * 1_000_000 + number(20, 6)
    }
}

/// Days of the proleptic Gregorian calendar, counted in years that begin in March so that a leap day ends one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// Seconds since 1970 as a date and time of UTC.
pub(crate) fn utc(seconds: u64) -> String {
    let (days, second) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Estimated by the mean length of a year, which is never more than a year too late.
    let mut year = 1971 + days * 400 / 146_097;
    while days_since_1970(year, 1, 1) > days {
        year -= 1;
    }
    let month = (1..=12).rev().find(|month| days_since_1970(year, *month, 1) <= days).unwrap_or(1);
    let day = days - days_since_1970(year, month, 1) + 1;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// What is looked at in a tenant's leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    /// When.
    pub(crate) at: Instant,
    /// Whether it is of the tenant that was asked for.
    pub(crate) is_of_tenant: bool,
    /// Whether the operator says by it that the log lost its end.
    pub(crate) is_restore: bool,
    /// The position below which STRUCT says by it that all entries were removed.
    pub(crate) pruned_below: Option<u64>,
}

/// How a canonical leaf begins and ends by which the operator says so.
const BY_OPERATOR: &[u8] = b"{\"actor\":\"operator\"";
const RESTORED: &[u8] = b"\"verb\":\"audit.restored\"}";

/// Looks at a tenant's leaf.
pub(crate) fn look(bytes: &[u8], tenant: &str) -> Result<Seen, LeafError> {
    let is_restore = bytes.ends_with(RESTORED) && bytes.starts_with(BY_OPERATOR);
    if let Some((at, of)) = plain(bytes) {
        return Ok(Seen { at, is_of_tenant: of == tenant.as_bytes(), is_restore, pruned_below: None });
    }
    let leaf = Leaf::decode(bytes)?;
    let at = Instant::read(leaf.at.as_bytes()).ok_or(LeafError::Field { field: "at", expected: "an instant" })?;
    Ok(Seen { at, is_of_tenant: leaf.tenant == tenant, is_restore, pruned_below: leaf.pruned_below })
}

/// Instant and tenant of a leaf that needs no second look.
pub(crate) fn plain(bytes: &[u8]) -> Option<(Instant, &[u8])> {
    let mut scan = Scan { rest: bytes };
    scan.literal(b"{\"actor\":\"")?;
    if scan.literal(b"user\",\"actor_user\":\"").is_some() {
        scan.uuid()?;
    } else {
        let other = [&b"system\""[..], b"operator\"", b"anyone\""].iter().any(|who| scan.literal(who).is_some());
        other.then_some(())?;
    }
    scan.literal(b",\"at\":\"")?;
    let at = scan.instant()?;
    scan.optional(b",\"commitment\":\"", Scan::sha256)?;
    scan.literal(b",\"detail_sha256\":\"")?;
    scan.sha256()?;
    scan.optional(b",\"entity\":\"", Scan::name)?;
    scan.literal(b",\"entry\":\"")?;
    scan.uuid()?;
    scan.literal(b",\"outcome\":\"d")?;
    scan.literal(b"one\"").or_else(|| scan.literal(b"enied\""))?;
    scan.optional(b",\"record\":\"", |scan| scan.uuid().map(|_| ()))?;
    scan.literal(b",\"request\":\"")?;
    scan.uuid()?;
    scan.optional(b",\"screen\":\"", Scan::name)?;
    scan.optional(b",\"service\":\"", Scan::name)?;
    scan.optional(b",\"subject_user\":\"", |scan| scan.uuid().map(|_| ()))?;
    scan.literal(b",\"tenant\":\"")?;
    let tenant = scan.uuid()?;
    scan.literal(b",\"v\":1,\"verb\":\"")?;
    scan.word(b'.')?;
    scan.word(b'"')?;
    (scan.rest == b"}").then_some((at, tenant))
}

/// A leaf that is read from the left. Each reader takes the closing quote too.
struct Scan<'b> {
    rest: &'b [u8],
}

impl<'b> Scan<'b> {
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    fn optional(&mut self, name: &[u8], read: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        if self.literal(name).is_some() { read(self) } else { Some(()) }
    }

    fn quoted<const BYTES: usize>(&mut self) -> Option<&'b [u8; BYTES]> {
        let (value, rest) = self.rest.split_first_chunk::<BYTES>()?;
        self.rest = rest.strip_prefix(b"\"")?;
        Some(value)
    }

    fn uuid(&mut self) -> Option<&'b [u8]> {
        const HYPHENS: [bool; UUID_BYTES] = {
            let mut hyphens = [false; UUID_BYTES];
            (hyphens[8], hyphens[13], hyphens[18], hyphens[23]) = (true, true, true, true);
            hyphens
        };
        let value = self.quoted::<UUID_BYTES>()?;
        let unfit = value
            .iter()
            .zip(HYPHENS)
            .fold(false, |unfit, (byte, hyphen)| unfit | if hyphen { *byte != b'-' } else { !is_lower_hex(*byte) });
        (!unfit).then_some(value)
    }

    fn sha256(&mut self) -> Option<()> {
        let value = self.quoted::<SHA256_HEX_BYTES>()?;
        value.iter().fold(true, |fit, byte| fit & is_lower_hex(*byte)).then_some(())
    }

    fn instant(&mut self) -> Option<Instant> {
        const PATTERN: &[u8; INSTANT_BYTES] = b"0000-00-00T00:00:00.000000Z";
        let value = self.quoted::<INSTANT_BYTES>()?;
        let fits = value.iter().zip(PATTERN).fold(true, |fits, (byte, pattern)| {
            fits & if *pattern == b'0' { byte.is_ascii_digit() } else { byte == pattern }
        });
        let two = |at: usize| value[at].wrapping_sub(b'0') * 10 + value[at + 1].wrapping_sub(b'0');
        // The last days of a month depend on the calendar, which the slow way knows.
        let usual = fits && (1..=12).contains(&two(5)) && (1..=28).contains(&two(8));
        (usual && two(11) < 24 && two(14) < 60 && two(17) < 60).then_some(Instant(*value))
    }

    /// A name in printable ASCII without escapes.
    fn name(&mut self) -> Option<()> {
        let end = self.rest.iter().take(PLAIN_TEXT_BYTES + 1).position(|byte| *byte == b'"').filter(|end| *end > 0)?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        name.iter().all(|byte| (b' '..=b'~').contains(byte) && *byte != b'\\').then_some(())
    }

    fn word(&mut self, end: u8) -> Option<()> {
        let length = self.rest.iter().take(PLAIN_TEXT_BYTES + 1).position(|byte| *byte == end)?;
        let (word, rest) = self.rest.split_at(length);
        self.rest = &rest[1..];
        let begins = word.first().is_some_and(u8::is_ascii_lowercase);
        let sound = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
        (begins && word.iter().all(sound)).then_some(())
    }
}

fn is_lower_hex(byte: u8) -> bool {
    (byte.wrapping_sub(b'0') < 10) | (byte.wrapping_sub(b'a') < 6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UUID: &str = "0192d5a0-0000-7000-8000-000000000001";

    fn leaf(optional: bool) -> Leaf {
        let some = |value: &str| optional.then(|| value.to_owned());
        Leaf {
            actor: if optional { "user" } else { "system" }.to_owned(),
            actor_user: some(UUID),
            at: "2026-08-01T03:04:00.000000Z".to_owned(),
            commitment: some(&"a1".repeat(32)),
            detail_sha256: "0f".repeat(32),
            entity: some("customer"),
            entry: UUID.to_owned(),
            outcome: if optional { "done" } else { "denied" }.to_owned(),
            pruned_below: None,
            record: some(UUID),
            request: UUID.to_owned(),
            screen: some("customers"),
            service: some("crm"),
            subject_user: some(UUID),
            tenant: UUID.to_owned(),
            v: 1,
            verb: "record.updated".to_owned(),
        }
    }

    #[test]
    fn a_leaf_that_the_format_refuses_is_refused() {
        for bytes in [&b""[..], b"{}", b"null", b"{\"actor\":\"user\"}"] {
            assert!(look(bytes, UUID).is_err());
        }
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("2026-08-01", "2026-13-01"),
            ("2026-08-01", "2026-02-30"),
            ("03:04", "24:04"),
            ("record.updated", "record.Updated"),
            ("record.updated", "record.a.b"),
            ("\"actor\":", "\"actor\": "),
            ("customer\"", "cust\\u006fmer\""),
            ("a1a1", "A1A1"),
            ("}", "} "),
        ] {
            let text = String::from_utf8(leaf(true).encode()).unwrap();
            let altered = text.replacen(from, to, 1);
            assert_ne!(text, altered);
            assert!(look(altered.as_bytes(), UUID).is_err(), "{altered}");
        }
    }

    #[test]
    fn a_usual_leaf_is_read_in_place_and_an_unusual_one_all_the_same() {
        for optional in [false, true] {
            let bytes = leaf(optional).encode();
            assert!(plain(&bytes).is_some());
            assert!(look(&bytes, UUID).unwrap().is_of_tenant);
            assert!(!look(&bytes, "0192d5a0-0000-7000-8000-000000000002").unwrap().is_of_tenant);
        }
        let unusual =
            Leaf { screen: Some("顧客".to_owned()), at: "2026-08-31T03:04:00.000000Z".to_owned(), ..leaf(true) };
        assert!(plain(&unusual.encode()).is_none());
        assert_eq!(look(&unusual.encode(), UUID).unwrap().at.text(), unusual.at);
    }

    #[test]
    fn a_bound_of_removed_entries_is_seen_where_it_may_stand_and_refused_elsewhere() {
        let outcome = "done".to_owned();
        let pruned = Leaf { outcome, pruned_below: Some(512), verb: "audit.pruned".to_owned(), ..leaf(false) };
        assert_eq!(look(&pruned.encode(), UUID).unwrap().pruned_below, Some(512));
        let older = Leaf { pruned_below: None, ..pruned.clone() };
        assert_eq!(look(&older.encode(), UUID).unwrap().pruned_below, None);
        assert!(look(&Leaf { pruned_below: Some(511), ..pruned.clone() }.encode(), UUID).is_err());
        assert!(look(&Leaf { verb: "audit.viewed".to_owned(), ..pruned }.encode(), UUID).is_err());
    }

    #[test]
    fn an_instant_is_counted_by_the_calendar() {
        let micros = |text: &str| Instant::read(text.as_bytes()).unwrap().micros();
        assert_eq!(micros("1970-01-01T00:00:00.000000Z"), 0);
        assert_eq!(micros("2000-02-29T12:00:00.000001Z"), 951_825_600_000_001);
        assert_eq!(micros("2026-08-01T12:34:56.123456Z"), 1_785_587_696_123_456);
    }

    #[test]
    fn seconds_are_told_as_a_date() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_825_600), "2000-02-29T12:00:00Z");
        assert_eq!(utc(1_798_761_599), "2026-12-31T23:59:59Z");
        // Far beyond any calendar, a hostile cosignature still ends.
        assert!(utc(i64::MAX as u64).ends_with('Z'));
    }

    proptest! {
        #[test]
        fn reading_in_place_accepts_nothing_that_the_format_refuses(
            optional in any::<bool>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = leaf(optional).encode();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let decoded = Leaf::decode(&bytes);
            if let Some((at, tenant)) = plain(&bytes) {
                let decoded = decoded.unwrap();
                prop_assert_eq!(at.text(), decoded.at);
                prop_assert_eq!(tenant, decoded.tenant.as_bytes());
            }
            bytes.remove(cut.index(bytes.len()));
            prop_assert!(plain(&bytes).is_none() || Leaf::decode(&bytes).is_ok());
        }
    }
}
