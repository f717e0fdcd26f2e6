//! The eConnect document language: model, reader, writer, catalogue, checks and error codes.

mod assemble;
pub mod catalogue;
mod document;
mod read_error;
mod reader;
pub mod value;
mod writer;

pub use document::{Document, Element, Node, Transaction, Value};
pub use read_error::{ReadError, ReadErrorKind};
pub use reader::{Limits, Options, read, read_with};
pub use writer::write;
