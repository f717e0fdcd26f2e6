//! The eConnect document language: model, reader, writer, catalogue, checks and error codes.

mod assemble;
pub mod catalogue;
mod check;
mod document;
mod errors;
mod read_error;
mod reader;
pub mod value;
mod writer;

pub use check::{Violation, ViolationKind, check, check_document, check_transaction};
pub use document::{Document, Element, Node, Transaction, Value};
pub use errors::{ErrorClass, ErrorInfo, error_infos, explain, explain_sql};
pub use read_error::{ReadError, ReadErrorKind};
pub use reader::{Limits, Options, read, read_with};
pub use writer::write;
