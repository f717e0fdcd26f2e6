//! What Sales Order Processing needs beside the items of the store.

use super::super::error::Stop;
use super::Seed;

impl Seed<'_, '_> {
    pub(super) fn sales(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
