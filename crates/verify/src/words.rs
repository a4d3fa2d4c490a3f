//! Every sentence that the program says, in both languages, by what it is about. Codes and figures are part of them; whether
//! one is true is decided elsewhere.

pub mod findings;
pub mod log;
pub mod proof;
mod reasons;
pub mod unchecked;
