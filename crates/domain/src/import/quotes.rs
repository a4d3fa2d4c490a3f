//! Watches the quotes of a CSV text passing through. Changes no byte; the csv reader takes an open quote silently, and
//! a file cut off in a quoted cell would otherwise look complete.

use std::io::{self, Read};

/// A reader that knows whether the text ended inside a quoted cell.
pub(super) struct Quotes<R> {
    reader: R,
    state: State,
    ended: bool,
}

/// Where in a cell the last byte stood. Follows the csv reader's own rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or the first of two.
    QuoteInQuoted,
}

impl<R> Quotes<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, state: State::CellStart, ended: false }
    }

    /// Whether the end was reached inside a quoted cell.
    pub(super) fn ended_open(&self) -> bool {
        self.ended && self.state == State::Quoted
    }
}

impl State {
    fn next(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::QuoteInQuoted,
            (Self::Quoted, _) => Self::Quoted,
            (Self::QuoteInQuoted | Self::CellStart, b'"') => Self::Quoted,
            (_, b',' | b'\r' | b'\n') => Self::CellStart,
            _ => Self::Bare,
        }
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.ended |= read == 0 && !buffer.is_empty();
        self.state = buffer[..read].iter().fold(self.state, |state, byte| state.next(*byte));
        Ok(read)
    }
}
