//! Rows of a company as a user's acts read and write them.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::error::Stop;
use super::super::heap::rows::{Access, Cell, Row};
use super::super::heap::work::Work;
use super::super::procedures::sop::document::SHARED;
use super::refused;

/// A company's rows in one transaction.
pub(super) struct Desk<'d, 'w> {
    pub(super) work: &'d mut Work<'w>,
    pub(super) database: usize,
}

impl Desk<'_, '_> {
    pub(super) fn find(&mut self, table: &str, key: &[Cell<'_>]) -> Result<Option<Row>, Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.find(&table, key, Access::Update)
    }

    /// A row that must be there.
    pub(super) fn one(&mut self, table: &str, key: &[Cell<'_>]) -> Result<Row, Stop> {
        let found = self.find(table, key)?;
        found.ok_or_else(|| refused(&format!("{table} has no such row: {key:?}")))
    }

    pub(super) fn rows(&mut self, table: &str, key: &[Cell<'_>]) -> Result<Vec<Row>, Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.select(&table, key, Access::Update)
    }

    pub(super) fn add(&mut self, table: &str, cells: &[Cell<'_>]) -> Result<i64, Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.add(&table, cells)
    }

    pub(super) fn set(&mut self, row: &Row, cells: &[Cell<'_>]) -> Result<(), Stop> {
        let table = Arc::clone(&row.table);
        self.work.set(&table, row.number, cells)
    }

    pub(super) fn remove(&mut self, row: &Row) -> Result<(), Stop> {
        let table = Arc::clone(&row.table);
        self.work.delete(&table, row.number)
    }

    /// Adds a row with the columns both tables have, some of them with values of their own.
    pub(super) fn copy(
        &mut self,
        row: &Row,
        into: &str,
        changed: &[Cell<'_>],
    ) -> Result<i64, Stop> {
        let table = self.work.table(self.database, into)?;
        self.work.copy(row, &table, changed)
    }

    /// A sales document of work.
    pub(super) fn document(&mut self, kind: i64, number: &str) -> Result<Row, Stop> {
        let key = [("SOPTYPE", kind.into()), ("SOPNUMBE", number.into())];
        self.one("SOP10100", &key)
    }

    /// The rows of a table that belong to the document of a header.
    pub(super) fn rows_of(&mut self, header: &Row, table: &str) -> Result<Vec<Row>, Stop> {
        let key = [
            ("SOPTYPE", header.int("SOPTYPE").into()),
            ("SOPNUMBE", header.text("SOPNUMBE").into()),
        ];
        self.rows(table, &key)
    }

    /// The serial and lot numbers of an invoice leave the stock: a serial number is gone, a lot has
    /// so much less. What a return brings back is not posted here.
    pub(super) fn sell_numbers(&mut self, header: &Row, returns: bool) -> Result<(), Stop> {
        let numbers = self.rows_of(header, "SOP10201")?;
        if returns && !numbers.is_empty() {
            return Err(refused(
                "Returns with serial or lot numbers are not posted in the sandbox.",
            ));
        }
        for number in numbers {
            let of = |column: &'static str| -> Vec<Cell<'_>> {
                let mut key: Vec<Cell<'_>> = ["ITEMNMBR", "DATERECD", "DTSEQNUM", "QTYTYPE"]
                    .into_iter()
                    .map(|name| (name, number.get(name).clone()))
                    .collect();
                key.push((column, number.text("SERLTNUM").into()));
                key
            };
            if let Some(serial) = self.find("IV00200", &of("SERLNMBR"))? {
                self.remove(&serial)?;
            } else if let Some(lot) = self.find("IV00300", &of("LOTNUMBR"))? {
                let quantity = number.money("SERLTQTY");
                let sold = lot.money("QTYSOLD") + quantity;
                let all = i64::from(sold >= lot.money("QTYRECVD"));
                let cells = [
                    ("QTYSOLD", sold.into()),
                    ("ATYALLOC", (lot.money("ATYALLOC") - quantity).into()),
                    ("LTNUMSLD", all.into()),
                ];
                self.set(&lot, &cells)?;
            }
            self.set(&number, &[("POSTED", 1.into())])?;
        }
        Ok(())
    }

    /// Moves a document to history, lines and all; its other rows get the audit trail code.
    pub(super) fn archive(&mut self, header: &Row, trail: &str) -> Result<(), Stop> {
        let cells = [("TRXSORCE", trail.into()), ("PSTGSTUS", 2.into())];
        self.copy(header, "SOP30200", &cells)?;
        for line in self.rows_of(header, "SOP10200")? {
            self.copy(&line, "SOP30300", &[("TRXSORCE", trail.into())])?;
            self.remove(&line)?;
        }
        for table in SHARED {
            for row in self.rows_of(header, table)? {
                self.set(&row, &[("TRXSORCE", trail.into())])?;
            }
        }
        self.remove(header)
    }

    /// Changes what is on hand and allocated of an item, at the site and overall.
    pub(super) fn stock(
        &mut self,
        item: &str,
        site: &str,
        on_hand: Decimal,
        allocated: Decimal,
    ) -> Result<(), Stop> {
        for (kind, site) in [(2, site), (1, "")] {
            let key = [
                ("ITEMNMBR", item.into()),
                ("RCRDTYPE", kind.into()),
                ("LOCNCODE", site.into()),
            ];
            let row = self.one("IV00102", &key)?;
            let cells = [
                ("QTYONHND", (row.money("QTYONHND") + on_hand).into()),
                ("ATYALLOC", (row.money("ATYALLOC") + allocated).into()),
            ];
            self.set(&row, &cells)?;
        }
        Ok(())
    }
}
