//! Which encoding a file has, and its text. Guesses from the bytes alone; a file's name and headers are not asked.

use super::{ImportFault, MAX_IMPORT_BYTES};
use encoding_rs::{CoderResult, Decoder, DecoderResult, SHIFT_JIS, UTF_8};
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// The encodings that are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with one.
    Utf8Bom,
    /// Windows code page 932: Shift_JIS as Excel saves it.
    Cp932,
}

const BOM: &[u8] = b"\xef\xbb\xbf";
const CHUNK_BYTES: usize = 16 * 1024;

/// Reads a file to its end and says its encoding: UTF-8 when every byte fits, else CP932 when every byte fits that.
pub fn detect(mut reader: impl Read) -> Result<Encoding, ImportFault> {
    let mut utf8 = Probe::new(UTF_8.new_decoder_without_bom_handling());
    let mut cp932 = Probe::new(SHIFT_JIS.new_decoder_without_bom_handling());
    let mut head: Vec<u8> = Vec::with_capacity(BOM.len());
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut total = 0_u64;
    loop {
        let read = read_some(&mut reader, &mut chunk)?;
        total += read as u64;
        if total > MAX_IMPORT_BYTES {
            return Err(ImportFault::TooLarge);
        }
        let bytes = &chunk[..read];
        head.extend(bytes.iter().take(BOM.len() - head.len()));
        utf8.feed(bytes, read == 0);
        cp932.feed(bytes, read == 0);
        if read == 0 {
            break;
        }
    }
    match (utf8.failed_at, cp932.failed_at) {
        (None, _) if head == BOM => Ok(Encoding::Utf8Bom),
        (None, _) => Ok(Encoding::Utf8),
        (Some(position), _) if head == BOM => Err(ImportFault::UnknownEncoding { position }),
        (Some(_), None) => Ok(Encoding::Cp932),
        // The encoding that got further is the one the file was meant to have.
        (Some(a), Some(b)) => Err(ImportFault::UnknownEncoding { position: a.max(b) }),
    }
}

/// The encoding and the whole text of a small file.
pub fn decode(bytes: &[u8]) -> Result<(Encoding, String), ImportFault> {
    let encoding = detect(bytes)?;
    let mut text = String::with_capacity(bytes.len());
    Utf8Reader::new(bytes, encoding)
        .read_to_string(&mut text)
        .map_err(|error| ImportFault::Unreadable { cause: error.to_string() })?;
    Ok((encoding, text))
}

/// Fills as much of `chunk` as one successful read gives.
fn read_some(reader: &mut impl Read, chunk: &mut [u8]) -> Result<usize, ImportFault> {
    loop {
        match reader.read(chunk) {
            Ok(read) => return Ok(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ImportFault::Unreadable { cause: error.to_string() }),
        }
    }
}

/// Decodes to nowhere, and remembers where it first could not.
struct Probe {
    decoder: Decoder,
    seen: u64,
    failed_at: Option<u64>,
    sink: String,
}

impl Probe {
    fn new(decoder: Decoder) -> Self {
        Self { decoder, seen: 0, failed_at: None, sink: String::with_capacity(CHUNK_BYTES) }
    }

    fn feed(&mut self, mut bytes: &[u8], last: bool) {
        while self.failed_at.is_none() {
            self.sink.clear();
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, &mut self.sink, last);
            self.seen += read as u64;
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, after) => {
                    self.failed_at = Some(self.seen.saturating_sub(u64::from(bad) + u64::from(after)));
                }
            }
        }
    }
}

/// A file as UTF-8 without its byte order mark. Bytes outside the encoding become U+FFFD; `detect` has refused files
/// that have any.
pub(super) struct Utf8Reader<R> {
    reader: R,
    decoder: Decoder,
    input: Box<[u8]>,
    /// What of `input` is read and not yet decoded.
    pending: std::ops::Range<usize>,
    /// Decoded text; of it `waiting` has not been handed out.
    output: Box<[u8]>,
    waiting: std::ops::Range<usize>,
    /// Bytes read so far.
    total: u64,
    ended: bool,
}

impl<R: Read> Utf8Reader<R> {
    pub(super) fn new(reader: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 | Encoding::Utf8Bom => UTF_8.new_decoder_with_bom_removal(),
            Encoding::Cp932 => SHIFT_JIS.new_decoder_without_bom_handling(),
        };
        Self {
            reader,
            decoder,
            input: vec![0; CHUNK_BYTES].into_boxed_slice(),
            pending: 0..0,
            output: vec![0; 4 * CHUNK_BYTES].into_boxed_slice(),
            waiting: 0..0,
            total: 0,
            ended: false,
        }
    }

    /// Decodes the next chunk into `output`, which has been handed out whole.
    fn refill(&mut self) -> io::Result<()> {
        if self.pending.is_empty() && !self.ended {
            let read = self.reader.read(&mut self.input)?;
            self.total += read as u64;
            if self.total > MAX_IMPORT_BYTES {
                return Err(io::Error::other("the file is larger than it was when its encoding was told"));
            }
            self.pending = 0..read;
            self.ended = read == 0;
        }
        let bytes = &self.input[self.pending.clone()];
        let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.output, self.ended);
        debug_assert!(result == CoderResult::InputEmpty, "four times the input holds any decoded chunk");
        self.pending.start += read;
        self.waiting = 0..written;
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.waiting.is_empty() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let waiting = &self.output[self.waiting.clone()];
        let count = waiting.len().min(buffer.len());
        buffer[..count].copy_from_slice(&waiting[..count]);
        self.waiting.start += count;
        Ok(count)
    }
}
