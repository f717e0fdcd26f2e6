//! What Inventory begins with beside the items of the store.

use super::super::error::Stop;
use super::Seed;

impl Seed<'_, '_> {
    pub(super) fn inventory(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
