//! What Payables Management begins with.

use serde_json::Value as Json;

use super::super::error::Stop;
use super::super::heap::rows::Access;
use super::super::value::Value;
use super::{Seed, number, text};

/// The index of the first payables account, past those of the shared list.
const FIRST_ACCOUNT: i64 = 401;

impl Seed<'_, '_> {
    pub(super) fn payables(&mut self) -> Result<(), Stop> {
        let setup = self.world.get("payables").cloned().unwrap_or_default();
        let numbers = [
            ("UNIQKEY", 1.into()),
            ("NTVCHNUM", text(&setup, "next_voucher").into()),
            ("PMNPYNBR", text(&setup, "next_payment").into()),
        ];
        self.add("PM40100", &numbers)?;
        for (index, posting) in (FIRST_ACCOUNT..).zip(each(&setup, "accounts")) {
            self.account(index, text(posting, "account"))?;
            let cells = [
                ("SERIES", 4.into()),
                ("SEQNUMBR", whole(posting, "SEQNUMBR", 0)),
                ("PTGACDSC", text(posting, "name").into()),
                ("ACTINDX", index.into()),
            ];
            self.add("SY01100", &cells)?;
        }
        for class in each(&setup, "classes") {
            self.vendor_class(class)?;
        }
        for vendor in each(&setup, "vendors") {
            self.vendor(vendor)?;
        }
        Ok(())
    }

    fn vendor_class(&mut self, class: &Json) -> Result<(), Stop> {
        let table = self.work.table(self.database, "GL00105")?;
        let key = [("ACTNUMST", text(class, "purchases").into())];
        let account = self.work.find(&table, &key, Access::Dirty)?;
        let functional = self.functional();
        let cells = [
            ("VNDCLSID", text(class, "VNDCLSID").into()),
            ("VNDCLDSC", text(class, "VNDCLDSC").into()),
            ("PYMTRMID", text(class, "PYMTRMID").into()),
            ("SHIPMTHD", text(class, "SHIPMTHD").into()),
            ("MINORDER", number(text(class, "MINORDER"))),
            ("CURNCYID", functional.as_str().into()),
            ("TEN99TYPE", 1.into()),
            ("FREEONBOARD", 1.into()),
            ("KPTRXHST", 1.into()),
            (
                "PMPRCHIX",
                account.map_or(0, |row| row.int("ACTINDX")).into(),
            ),
        ];
        self.add("PM00100", &cells)
    }

    fn vendor(&mut self, vendor: &Json) -> Result<(), Stop> {
        let name = text(vendor, "VENDNAME");
        let terms = self.texts("payment_terms");
        let functional = self.functional();
        let mut cells = vec![
            ("VENDORID", text(vendor, "VENDORID").into()),
            ("VENDNAME", name.into()),
            ("VNDCHKNM", name.into()),
            (
                "VENDSHNM",
                name.chars().take(15).collect::<String>().as_str().into(),
            ),
            ("VENDSTTS", whole(vendor, "VENDSTTS", 1)),
            ("HOLD", whole(vendor, "HOLD", 0)),
            ("CURNCYID", functional.as_str().into()),
            ("PYMTRMID", terms.first().map_or("", String::as_str).into()),
        ];
        for column in ["VADDCDPR", "VADCDPAD", "VADCDSFR", "VADCDTRO"] {
            cells.push((column, "PRIMARY".into()));
        }
        self.add("PM00200", &cells)?;
        let summary = [("VENDORID", text(vendor, "VENDORID").into())];
        self.add("PM00201", &summary)?;
        let address = [
            ("VENDORID", text(vendor, "VENDORID").into()),
            ("ADRSCODE", "PRIMARY".into()),
        ];
        self.add("PM00300", &address)
    }
}

fn each<'j>(json: &'j Json, list: &str) -> impl Iterator<Item = &'j Json> {
    let found = json.get(list).and_then(Json::as_array);
    found.into_iter().flatten()
}

fn whole(json: &Json, name: &str, default: i64) -> Value {
    Value::Int(json.get(name).and_then(Json::as_i64).unwrap_or(default))
}
