//! Error codes of Bank Reconciliation.

use super::super::codes::codes;

codes! {}
