//! The rows of a file, one by one. Holds one row at a time, whatever the file's size.

use super::encoding::Utf8Reader;
use super::quotes::Quotes;
use super::{Encoding, ImportFault, MAX_CELL_CHARS, MAX_IMPORT_ROWS, match_columns};
use crate::record::{Fault, FaultReason, Values, parse_all};
use crate::service::Entity;
use std::io::Read;

/// A row of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// 1 is the first row after the header; blank lines don't count.
    pub number: u64,
    /// The line of the file it begins on, the header's being 1.
    pub line: u64,
    /// Its values, or all that is wrong with it.
    pub values: Result<Values, Vec<Fault>>,
}

/// Reads rows of an entity. An iterator of rows; after an `Err`, which refuses the file, it ends.
pub struct RowReader<'e, R> {
    entity: &'e Entity,
    reader: csv::Reader<Quotes<Utf8Reader<R>>>,
    columns: Vec<usize>,
    record: csv::StringRecord,
    rows: u64,
    ended: bool,
}

impl<'e, R: Read> RowReader<'e, R> {
    /// Reads the header and matches it. The encoding is the one `detect` gave for the same bytes.
    pub fn new(reader: R, encoding: Encoding, entity: &'e Entity) -> Result<Self, ImportFault> {
        let text = Quotes::new(Utf8Reader::new(reader, encoding));
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text);
        let mut record = csv::StringRecord::new();
        if !reader.read_record(&mut record).map_err(unreadable)? {
            return Err(ImportFault::Empty);
        }
        let columns = match_columns(entity, record.iter())?;
        Ok(Self { entity, reader, columns, record, rows: 0, ended: false })
    }

    /// The field names of the columns, in the file's order.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| self.entity.fields[*column].name.as_str())
    }

    /// Passes over rows that were taken before: an import goes on where it stopped.
    pub fn skip_rows(&mut self, rows: u64) -> Result<(), ImportFault> {
        for _ in 0..rows {
            if !self.advance()? {
                break;
            }
        }
        Ok(())
    }

    /// Moves to the next row; false at the end.
    fn advance(&mut self) -> Result<bool, ImportFault> {
        if self.ended || !self.reader.read_record(&mut self.record).map_err(unreadable)? {
            self.ended = true;
            return Ok(false);
        }
        self.rows += 1;
        if self.rows > MAX_IMPORT_ROWS {
            return Err(ImportFault::TooManyRows);
        }
        Ok(true)
    }

    /// The values of the row just read.
    fn values(&self) -> Result<Values, Vec<Fault>> {
        if self.reader.get_ref().ended_open() {
            // Everything to the end of the file has run into this row's last cell.
            return Err(vec![Fault::new("", FaultReason::OpenQuote)]);
        }
        let (expected, found) = (self.columns.len(), self.record.len());
        if expected != found {
            return Err(vec![Fault::new("", FaultReason::CellCount { expected, found })]);
        }
        let named = self.columns.iter().map(|column| &self.entity.fields[*column].name).zip(self.record.iter());
        let too_long = |cell: &str| cell.len() > MAX_CELL_CHARS && cell.chars().count() > MAX_CELL_CHARS;
        if let Some((name, cell)) = named.clone().find(|(_, cell)| too_long(cell)) {
            let reason = FaultReason::TooLong { max: MAX_CELL_CHARS, found: cell.chars().count() };
            return Err(vec![Fault::new(name, reason)]);
        }
        parse_all(self.entity, named.map(|(name, cell)| (name.clone(), cell.to_owned())))
    }
}

impl<R: Read> Iterator for RowReader<'_, R> {
    type Item = Result<Row, ImportFault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                Some(Ok(Row { number: self.rows, line, values: self.values() }))
            }
            Err(fault) => {
                self.ended = true;
                Some(Err(fault))
            }
        }
    }
}

fn unreadable(error: csv::Error) -> ImportFault {
    ImportFault::Unreadable { cause: error.to_string() }
}
