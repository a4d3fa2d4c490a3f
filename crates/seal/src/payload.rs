//! What stands inside an envelope: field names and their text, one after another.
//!
//! Neither compresses nor orders, and knows nothing of types; values are the canonical text of `domain`. Reading
//! borrows from the input and allocates nothing, so its cost is bounded by the bytes given.
//!
//! Layout: `0x01`, then for each pair `length name length text`, lengths in bytes as unsigned LEB128 in its shortest
//! form, so that equal pairs have exactly one encoding.

/// First byte of every payload.
pub const FORMAT: u8 = 0x01;

/// The bytes are not a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the opened bytes are not a payload")]
pub struct Malformed;

/// Writes pairs in the order given. A name that comes twice is written twice.
pub fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut out = vec![FORMAT];
    for (name, text) in pairs {
        for part in [name, text] {
            push_length(&mut out, part.len() as u64);
            out.extend_from_slice(part.as_bytes());
        }
    }
    out
}

/// Reads pairs in the order they were written. A malformed pair is reported once and ends the reading.
pub fn decode(bytes: &[u8]) -> Result<Pairs<'_>, Malformed> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => Ok(Pairs { rest }),
        _ => Err(Malformed),
    }
}

/// The pairs of a payload, read as they are asked for.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Pairs<'a> {
    fn part(&mut self) -> Result<&'a str, Malformed> {
        let length = usize::try_from(self.length()?).map_err(|_| Malformed)?;
        let (part, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        std::str::from_utf8(part).map_err(|_| Malformed)
    }

    fn length(&mut self) -> Result<u64, Malformed> {
        let mut length = 0u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return Err(Malformed);
            }
            length |= bits << shift;
            if byte & 0x80 == 0 {
                // A last group of zero is a longer way to write the same number.
                return if byte == 0 && shift > 0 { Err(Malformed) } else { Ok(length) };
            }
        }
        Err(Malformed)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, &'a str), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let pair = self.part().and_then(|name| Ok((name, self.part()?)));
        if pair.is_err() {
            self.rest = &[];
        }
        Some(pair)
    }
}

impl std::iter::FusedIterator for Pairs<'_> {}

fn push_length(out: &mut Vec<u8>, mut length: u64) {
    while length >= 0x80 {
        out.push((length as u8 & 0x7f) | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> bool {
        decode(bytes).map_or(true, |mut pairs| pairs.any(|pair| pair.is_err()))
    }

    #[test]
    fn an_unknown_format_is_refused() {
        assert!(decode(&[]).is_err());
        assert!(decode(&[0x02, 0, 0]).is_err());
    }

    #[test]
    fn a_pair_cut_off_anywhere_is_refused() {
        let whole = encode([("氏名", "髙橋")].into_iter());
        assert!(!refused(&whole));
        for end in 2..whole.len() {
            assert!(refused(&whole[..end]), "cut at {end}");
        }
    }

    #[test]
    fn a_length_beyond_the_bytes_or_the_number_range_is_refused() {
        assert!(refused(&[1, 5, b'a']));
        assert!(refused(&[&[1][..], &[0xff; 9], &[0x7f]].concat()));
        assert!(refused(&[&[1][..], &[0xff; 20]].concat()));
        // The bit that does not fit is not dropped, which would read as a length of zero.
        assert!(refused(&[&[1][..], &[0x80; 9], &[0x02, 0]].concat()));
    }

    #[test]
    fn a_length_written_longer_than_needed_is_refused() {
        assert!(refused(&[1, 0x81, 0x00, b'a', 0]));
        assert!(!refused(&[1, 0x01, b'a', 0]));
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused_once_and_ends_the_reading() {
        let pairs: Vec<_> = decode(&[1, 1, 0xff, 1, b'a', 1, b'b', 1, b'c']).expect("format is right").collect();
        assert_eq!(pairs, [Err(Malformed)]);
    }

    #[test]
    fn a_text_longer_than_127_bytes_keeps_every_byte() {
        let long = "あ".repeat(6000);
        let bytes = encode([("note", long.as_str()), ("", "")].into_iter());
        let pairs: Vec<_> = decode(&bytes).expect("own encoding").collect();
        assert_eq!(pairs, [Ok(("note", long.as_str())), Ok(("", ""))]);
    }
}
