//! What Receivables Management begins with beside its customers.

use super::super::error::Stop;
use super::Seed;

impl Seed<'_, '_> {
    pub(super) fn receivables(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
