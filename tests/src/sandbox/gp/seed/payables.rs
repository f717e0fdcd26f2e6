//! What Payables Management begins with.

use super::super::error::Stop;
use super::Seed;

impl Seed<'_, '_> {
    pub(super) fn payables(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
