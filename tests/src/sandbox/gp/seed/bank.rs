//! What Bank Reconciliation begins with.

use super::super::error::Stop;
use super::Seed;

impl Seed<'_, '_> {
    pub(super) fn bank(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
