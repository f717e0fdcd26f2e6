//! Error codes of Payables Management.

use super::super::codes::codes;

codes! {}
