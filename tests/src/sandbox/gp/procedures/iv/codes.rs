//! Error codes of Inventory.

use super::super::codes::codes;

codes! {}
