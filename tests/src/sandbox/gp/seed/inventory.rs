//! What Inventory begins with beside the items of the store.

use serde_json::Value as Json;

use super::super::clock;
use super::super::error::Stop;
use super::super::value::Value;
use super::{Seed, number, text};

impl Seed<'_, '_> {
    pub(super) fn inventory(&mut self) -> Result<(), Stop> {
        let setup = [
            ("SETUPKEY", 1.into()),
            ("DECPLCUR", 3.into()),
            ("DECPLQTY", 1.into()),
            ("NXADJDOC", "ADJ0000000001".into()),
            ("NXTVDNUM", "VAR0000000001".into()),
            ("TXTRDNUM", "TFR0000000001".into()),
        ];
        self.add("IV40100", &setup)?;
        // Inventory control and its offset, of the posting accounts of the inventory series.
        for (place, index) in [(1, 3), (2, 8)] {
            let cells = [
                ("SERIES", 5.into()),
                ("SEQNUMBR", Value::Int(place)),
                ("ACTINDX", Value::Int(index)),
            ];
            self.add("SY01100", &cells)?;
        }
        let stock = self.world.get("stock_items").cloned().unwrap_or_default();
        for class in list(&stock, "classes") {
            self.class(class)?;
        }
        for item in list(&stock, "items") {
            self.tracked(item)?;
        }
        Ok(())
    }

    fn class(&mut self, class: &Json) -> Result<(), Stop> {
        let cells = [
            ("ITMCLSCD", text(class, "ITMCLSCD").into()),
            ("ITMCLSDC", text(class, "ITMCLSDC").into()),
            ("ITEMTYPE", 1.into()),
            ("ITMTRKOP", whole(class, "ITMTRKOP").into()),
            ("UOMSCHDL", text(class, "UOMSCHDL").into()),
            ("VCTNMTHD", 1.into()),
            ("ALWBKORD", 1.into()),
            ("TAXOPTNS", 1.into()),
            ("ITMTSHID", text(class, "ITMTSHID").into()),
            ("DECPLQTY", 1.into()),
            ("IVIVINDX", 3.into()),
            ("PRCLEVEL", text(class, "PRCLEVEL").into()),
            ("PRICMTHD", 1.into()),
        ];
        self.add("IV40400", &cells)
    }

    /// An item with its serial or lot numbers at the first site.
    fn tracked(&mut self, item: &Json) -> Result<(), Stop> {
        self.item(item, 1)?;
        let id = text(item, "ITEMNMBR");
        let table = self.work.table(self.database, "IV00101")?;
        let key = [("ITEMNMBR", id.into())];
        let access = super::super::heap::rows::Access::Update;
        if let Some(row) = self.work.find(&table, &key, access)? {
            let tracking = [("ITMTRKOP", whole(item, "ITMTRKOP").into())];
            self.work.set(&table, row.number, &tracking)?;
        }
        let site = self.texts("sites").first().cloned().unwrap_or_default();
        for (receipt, serial) in (1..).zip(list(item, "serials")) {
            let cells = [
                ("ITEMNMBR", id.into()),
                ("LOCNCODE", site.as_str().into()),
                ("DATERECD", Value::Time(clock::today())),
                ("DTSEQNUM", (receipt * 16_384).into()),
                ("UNITCOST", number(text(item, "cost"))),
                ("RCTSEQNM", Value::Int(receipt)),
                ("SERLNMBR", serial.as_str().unwrap_or_default().into()),
                ("QTYTYPE", 1.into()),
            ];
            self.add("IV00200", &cells)?;
        }
        for (receipt, lot) in (1..).zip(list(item, "lots")) {
            let cells = [
                ("ITEMNMBR", id.into()),
                ("LOCNCODE", site.as_str().into()),
                ("DATERECD", Value::Time(clock::today())),
                ("DTSEQNUM", (receipt * 16_384).into()),
                ("LOTNUMBR", text(lot, "LOTNUMBR").into()),
                ("QTYRECVD", whole(lot, "QTYRECVD").into()),
                ("UNITCOST", number(text(item, "cost"))),
                ("RCTSEQNM", Value::Int(receipt)),
                ("QTYTYPE", 1.into()),
            ];
            self.add("IV00300", &cells)?;
        }
        Ok(())
    }
}

fn list<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name)
        .and_then(Json::as_array)
        .map_or(&[], Vec::as_slice)
}

fn whole(json: &Json, name: &str) -> i64 {
    json.get(name).and_then(Json::as_i64).unwrap_or_default()
}
