//! Fills the databases from the shared world.

mod inventory;
mod payables;
mod periods;

use serde_json::Value as Json;

use super::error::{SqlError, Stop};
use super::heap::Heap;
use super::heap::rows::Cell;
use super::heap::work::Work;
use super::procedures::signature::{self, Signature};
use super::procedures::{FAMILIES, codes};
use super::value::{Numeric, Value};

/// The world this crate is built with.
pub static WORLD: &str = include_str!("../../../../fixtures/world.json");

/// The index of the functional currency.
const FUNCTIONAL: i64 = 1007;

struct Seed<'a, 'w> {
    work: &'a mut Work<'w>,
    database: usize,
    world: &'a Json,
    /// What the company has instead of the world's lists.
    own: Option<&'a Json>,
}

/// Fills a company, or the system database.
pub fn fill(
    heap: &Heap,
    database: usize,
    world: &Json,
    system: bool,
    companies: &[String],
) -> Result<(), SqlError> {
    let mut inner = heap.lock();
    let tx = inner.begin();
    let mut work = inner.work(tx);
    let name = work.inner.registry.databases[database].name.clone();
    let own = company_of(world, &name).and_then(|company| company.get("own"));
    let mut seed = Seed {
        work: &mut work,
        database,
        world,
        own,
    };
    let result = if system {
        seed.system(companies)
    } else {
        seed.company()
    };
    match result {
        Ok(()) => inner.commit(tx),
        Err(Stop::Error(error)) => {
            inner.rollback(tx)?;
            Err(error)
        }
        Err(Stop::Blocked(_)) => {
            inner.rollback(tx)?;
            Err(SqlError::new(1222, "the seed was blocked"))
        }
    }
}

/// What the world says of a company.
pub fn company_of<'w>(world: &'w Json, name: &str) -> Option<&'w Json> {
    let companies = world.get("companies").and_then(Json::as_array);
    let mut companies = companies.into_iter().flatten();
    companies.find(|company| text(company, "INTERID") == name)
}

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn number(text: &str) -> Value {
    Numeric::parse(text).map_or(Value::Int(0), Value::Numeric)
}

fn error_row<'r>(
    code: i32,
    procedure: &str,
    text: &str,
    keys: &str,
    parameters: &str,
) -> [Cell<'r>; 5] {
    [
        ("ErrorCode", Value::Int(i64::from(code))),
        ("SourceProc", procedure.into()),
        ("ErrorDesc", text.into()),
        ("ErrorKeyFields", keys.into()),
        ("ErrorParms", parameters.into()),
    ]
}

impl Seed<'_, '_> {
    /// A list of the company's own, or everybody's.
    fn list(&self, name: &str) -> Vec<Json> {
        let own = self.own.and_then(|own| own.get(name));
        own.or(self.world.get(name))
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.list(name)
            .iter()
            .filter_map(|each| each.as_str().map(ToOwned::to_owned))
            .collect()
    }

    fn add(&mut self, table: &str, cells: &[Cell<'_>]) -> Result<(), Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.add(&table, cells).map(|_| ())
    }

    fn system(&mut self, companies: &[String]) -> Result<(), Stop> {
        let known = self.list("companies");
        for (position, name) in companies.iter().enumerate() {
            let entry = known.iter().find(|each| text(each, "INTERID") == name);
            let id = entry
                .and_then(|each| each.get("CMPANYID"))
                .and_then(Json::as_i64);
            let id = id.unwrap_or(-1 - i64::try_from(position).unwrap_or_default());
            let title = entry.map_or(name.as_str(), |each| text(each, "CMPNYNAM"));
            let cells = [
                ("CMPANYID", id.into()),
                ("INTERID", name.as_str().into()),
                ("CMPNYNAM", title.into()),
                ("NOTEINDX", 1.into()),
                ("ACSEGSEP", "-".into()),
            ];
            self.add("SY01500", &cells)?;
        }
        for (index, currency) in (FUNCTIONAL..).zip(self.list("currencies")) {
            let decimals = currency.get("decimals").and_then(Json::as_i64).unwrap_or(2) + 1;
            let cells = [
                ("CURNCYID", text(&currency, "CURNCYID").into()),
                ("CURRNIDX", index.into()),
                ("ISOCURRC", text(&currency, "ISO").into()),
                ("CRNCYDSC", text(&currency, "ISO").into()),
                ("DECPLCUR", decimals.into()),
            ];
            self.add("MC40200", &cells)?;
        }
        self.exchange_tables()?;
        self.error_codes()
    }

    fn exchange_tables(&mut self) -> Result<(), Stop> {
        for table in self.list("exchange_tables") {
            let of_both = [
                ("EXGTBLID", text(&table, "EXGTBLID").into()),
                ("CURNCYID", text(&table, "CURNCYID").into()),
            ];
            self.add("MC40300", &of_both)?;
            for rate in table
                .get("rates")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
            {
                let mut cells = of_both.to_vec();
                cells.push(("XCHGRATE", number(text(rate, "XCHGRATE"))));
                for name in ["EXCHDATE", "EXPNDATE"] {
                    cells.push((name, periods::day_of(text(rate, name))));
                }
                self.add("MC00100", &cells)?;
            }
        }
        Ok(())
    }

    fn error_codes(&mut self) -> Result<(), Stop> {
        for code in codes::all() {
            let row = error_row(
                code.code,
                code.procedure,
                code.text,
                code.keys,
                code.parameters,
            );
            self.add("taErrorCode", &row)?;
        }
        for (name, _) in FAMILIES.iter().flat_map(|family| family.nodes) {
            if let Some(signature) = signature::all().get(&name.to_ascii_lowercase()) {
                self.element_codes(signature)?;
            }
        }
        Ok(())
    }

    fn element_codes(&mut self, signature: &Signature) -> Result<(), Stop> {
        let required = signature
            .parameters
            .iter()
            .filter(|parameter| parameter.required);
        let keys: Vec<&str> = required
            .map(|parameter| parameter.element.as_str())
            .collect();
        let keys = keys.join(", ");
        for parameter in signature
            .parameters
            .iter()
            .filter(|parameter| !parameter.output)
        {
            let element = parameter.element.as_str();
            let mut words = Vec::new();
            if parameter.required {
                let text = format!("The required element {element} is missing or empty.");
                words.push((codes::missing(signature, element), text));
            }
            if let Some(length) = parameter.kind.max_chars() {
                let text = format!("The element {element} is longer than {length} characters.");
                words.push((codes::too_long(signature, element), text));
            }
            for (code, text) in words {
                self.add(
                    "taErrorCode",
                    &error_row(code, &signature.name, &text, &keys, element),
                )?;
            }
        }
        Ok(())
    }

    fn company(&mut self) -> Result<(), Stop> {
        self.setup()?;
        self.accounts()?;
        self.taxes()?;
        self.people()?;
        for item in self.list("items") {
            self.item(&item, 1)?;
        }
        for product in self.list("combinations") {
            for each in product
                .get("combinations")
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default()
            {
                let mut item = each.clone();
                item["ITEMDESC"] = Json::String(format!(
                    "{} {} {}",
                    text(&product, "product"),
                    text(&each, "color"),
                    text(&each, "size")
                ));
                if item.get("price").is_none() {
                    item["price"] = product.get("price").cloned().unwrap_or_default();
                }
                self.item(&item, 1)?;
            }
        }
        if let Some(card) = self.world.get("gift_card_item").cloned() {
            self.item(&card, 5)?;
        }
        self.periods()?;
        self.inventory()?;
        self.payables()
    }

    fn setup(&mut self) -> Result<(), Stop> {
        let sites = self.texts("sites");
        let first = sites.first().cloned().unwrap_or_default();
        for site in &sites {
            self.add(
                "IV40700",
                &[
                    ("LOCNCODE", site.as_str().into()),
                    ("LOCNDSCR", site.as_str().into()),
                ],
            )?;
        }
        let checkbooks = self.texts("checkbooks");
        let checkbook = checkbooks.first().cloned().unwrap_or_default();
        for (index, checkbook) in (1..).zip(&checkbooks) {
            let cells = [
                ("CHEKBKID", checkbook.as_str().into()),
                ("DSCRIPTN", checkbook.as_str().into()),
                ("CURNCYID", self.functional().as_str().into()),
                ("ACTINDX", Value::Int(index)),
            ];
            self.add("CM00100", &cells)?;
        }
        for card in self.texts("cards") {
            self.add(
                "SY03100",
                &[
                    ("CARDNAME", card.as_str().into()),
                    ("CBRCVBLE", 1.into()),
                    ("CKBKNUM2", checkbook.as_str().into()),
                    ("CBPAYBLE", 1.into()),
                    ("CKBKNUM1", checkbook.as_str().into()),
                ],
            )?;
        }
        self.modules(&first, &checkbook)
    }

    fn modules(&mut self, site: &str, checkbook: &str) -> Result<(), Stop> {
        let setup = [
            ("SETUPKEY", 1.into()),
            ("NXTMSTNO", 1.into()),
            ("LOCNCODE", site.into()),
            ("CHEKBKID", checkbook.into()),
        ];
        self.add("SOP40100", &setup)?;
        for (kind, next) in [
            (1, "SALES00000001"),
            (3, "DEBIT00000001"),
            (4, "FIN0000000001"),
            (5, "SVC0000000001"),
            (6, "WRNTY00000001"),
            (7, "CREDT00000001"),
            (8, "RETRN00000001"),
            (9, "PYMNT00000001"),
        ] {
            let cells = [("RMDTYPAL", Value::Int(kind)), ("DOCNUMBR", next.into())];
            self.add("RM40401", &cells)?;
        }
        self.add(
            "GL40000",
            &[("UNIQKEY", 1.into()), ("NJRNLENT", 3328.into())],
        )?;
        self.add("CM40101", &[("SETUPKEY", 1.into()), ("NXTRECNM", 1.into())])?;
        let functional = self.functional();
        let cells = [
            ("FUNLCURR", functional.as_str().into()),
            ("FUNCRIDX", self.functional_index().into()),
            ("RPTGCURR", functional.as_str().into()),
        ];
        self.add("MC40000", &cells)?;
        for (table, column, list) in [
            ("SY03000", "SHIPMTHD", "shipping_methods"),
            ("SY03300", "PYMTRMID", "payment_terms"),
            ("IV40800", "PRCLEVEL", "price_levels"),
        ] {
            for value in self.texts(list) {
                self.add(table, &[(column, value.as_str().into())])?;
            }
        }
        for document in self.list("document_ids") {
            let name = text(&document, "DOCID");
            // Standard documents are allocated by batch, the web's own as their lines are entered.
            let by = if name == "WEBORD" { 1 } else { 2 };
            let cells = [
                (
                    "SOPTYPE",
                    document
                        .get("SOPTYPE")
                        .and_then(Json::as_i64)
                        .unwrap_or(2)
                        .into(),
                ),
                ("DOCID", name.into()),
                ("SOPNUMBE", text(&document, "next").into()),
                ("ALLOCABY", Value::Int(by)),
            ];
            self.add("SOP40200", &cells)?;
        }
        Ok(())
    }

    /// Currencies are numbered by the list everybody shares.
    fn functional_index(&self) -> i64 {
        let functional = self.functional();
        let all = self.world.get("currencies").and_then(Json::as_array);
        let mut all = (FUNCTIONAL..).zip(all.into_iter().flatten());
        let found = all.find(|(_, currency)| text(currency, "CURNCYID") == functional);
        found.map_or(FUNCTIONAL, |(index, _)| index)
    }

    fn functional(&self) -> String {
        let currencies = self.list("currencies");
        let own = currencies
            .iter()
            .find(|each| each.get("functional").and_then(Json::as_bool) == Some(true));
        own.or(currencies.first())
            .map_or_else(String::new, |each| text(each, "CURNCYID").to_owned())
    }

    fn accounts(&mut self) -> Result<(), Stop> {
        let accounts = self.texts("accounts");
        for (index, account) in (1..).zip(&accounts) {
            self.account(index, account)?;
        }
        let index = |wanted: &str| {
            let found = accounts.iter().position(|each| each == wanted);
            Value::Int(found.and_then(|at| i64::try_from(at + 1).ok()).unwrap_or(0))
        };
        for (kind, name, account) in [
            (1, "Sales", "000-4100-01"),
            (2, "Accounts Receivable", "000-1200-00"),
            (3, "Cash", "000-1100-00"),
            (6, "Trade Discounts", "000-4600-00"),
            (7, "Freight", "000-4510-01"),
            (8, "Miscellaneous", "000-4510-01"),
            (9, "Taxes", "000-2300-00"),
            (14, "Cost of Goods Sold", "000-4510-01"),
            (15, "Inventory", "000-1300-01"),
            (21, "Deposits", "000-2310-00"),
            (22, "Rounding Difference", "000-4600-00"),
        ] {
            let cells = [
                ("SERIES", 3.into()),
                ("SEQNUMBR", Value::Int(kind)),
                ("PTGACDSC", name.into()),
                ("ACTINDX", index(account)),
            ];
            self.add("SY01100", &cells)?;
        }
        Ok(())
    }

    fn account(&mut self, index: i64, account: &str) -> Result<(), Stop> {
        let parts: Vec<&str> = account.split('-').collect();
        let part = |at: usize| Value::from(parts.get(at).copied().unwrap_or_default());
        let cells = [
            ("ACTINDX", Value::Int(index)),
            ("ACTNUMBR_1", part(0)),
            ("ACTNUMBR_2", part(1)),
            ("ACTNUMBR_3", part(2)),
        ];
        // Accounts of revenue and cost end with the year, those of the balance sheet go on.
        let of_year = parts.get(1).is_some_and(|part| *part >= "4000");
        let mut master = cells.to_vec();
        master.extend([
            ("PSTNGTYP", i64::from(of_year).into()),
            ("ACTDESCR", account.into()),
            ("ACCTTYPE", 1.into()),
            ("ACTIVE", 1.into()),
        ]);
        self.add("GL00100", &master)?;
        let mut number = cells.to_vec();
        number.push(("ACTNUMST", account.into()));
        self.add("GL00105", &number)
    }

    fn taxes(&mut self) -> Result<(), Stop> {
        for detail in self.list("tax_details") {
            let cells = [
                ("TAXDTLID", text(&detail, "TAXDTLID").into()),
                ("TXDTLPCT", number(text(&detail, "TXDTLPCT"))),
                ("TXDTLTYP", 1.into()),
                ("TXDTLBSE", 3.into()),
                ("ACTINDX", 4.into()),
            ];
            self.add("TX00201", &cells)?;
        }
        for schedule in self.list("tax_schedules") {
            let name = text(&schedule, "TAXSCHID");
            self.add("TX00101", &[("TAXSCHID", name.into())])?;
            for detail in schedule
                .get("details")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
            {
                let detail = detail.as_str().unwrap_or_default();
                self.add(
                    "TX00102",
                    &[("TAXSCHID", name.into()), ("TAXDTLID", detail.into())],
                )?;
            }
        }
        Ok(())
    }

    fn people(&mut self) -> Result<(), Stop> {
        let first = |list: &str| self.texts(list).first().cloned().unwrap_or_default();
        let (terms, level) = (first("payment_terms"), first("price_levels"));
        let shipping = first("shipping_methods");
        for territory in self.texts("territories") {
            self.add(
                "RM00303",
                &[
                    ("SALSTERR", territory.as_str().into()),
                    ("SLTERDSC", territory.as_str().into()),
                ],
            )?;
        }
        for person in self.list("salespeople") {
            let inactive = person
                .get("inactive")
                .and_then(Json::as_bool)
                .unwrap_or_default();
            self.add(
                "RM00301",
                &[
                    ("SLPRSNID", text(&person, "SLPRSNID").into()),
                    ("INACTIVE", i64::from(inactive).into()),
                ],
            )?;
        }
        let functional = self.functional();
        let defaults = [
            ("PYMTRMID", Value::from(terms.as_str())),
            ("PRCLEVEL", level.as_str().into()),
            ("SHIPMTHD", shipping.as_str().into()),
            ("CURNCYID", functional.as_str().into()),
        ];
        for class in self.texts("customer_classes") {
            let mut cells = vec![
                ("CLASSID", class.as_str().into()),
                ("CLASDSCR", class.as_str().into()),
                ("CRLMTTYP", 1.into()),
            ];
            cells.extend(defaults.clone());
            self.add("RM00201", &cells)?;
        }
        self.customers(&defaults)
    }

    fn customers(&mut self, defaults: &[Cell<'_>]) -> Result<(), Stop> {
        for customer in self.list("customers") {
            let (id, name) = (text(&customer, "CUSTNMBR"), text(&customer, "CUSTNAME"));
            let mut cells = vec![
                ("CUSTNMBR", id.into()),
                ("CUSTNAME", name.into()),
                ("STMTNAME", name.into()),
                (
                    "SHRTNAME",
                    name.chars().take(15).collect::<String>().as_str().into(),
                ),
            ];
            cells.extend(defaults.iter().cloned());
            for column in ["ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD"] {
                cells.push((column, "PRIMARY".into()));
            }
            self.add("RM00101", &cells)?;
            self.add(
                "RM00102",
                &[("CUSTNMBR", id.into()), ("ADRSCODE", "PRIMARY".into())],
            )?;
            self.add("RM00103", &[("CUSTNMBR", id.into())])?;
        }
        Ok(())
    }

    fn item(&mut self, item: &Json, kind: i64) -> Result<(), Stop> {
        let id = text(item, "ITEMNMBR");
        let or = |name: &str, default: &str| {
            Value::from(if text(item, name).is_empty() {
                default
            } else {
                text(item, name)
            })
        };
        let schedule = or("UOMSCHDL", "PHONE");
        let unit = or("BASEUOFM", "Each");
        self.units(&schedule, &unit)?;
        let back = item
            .get("back_orders")
            .and_then(Json::as_bool)
            .unwrap_or(true);
        let cost = number(text(item, "cost"));
        let cells = [
            ("ITEMNMBR", id.into()),
            ("ITEMDESC", text(item, "ITEMDESC").into()),
            (
                "ITMSHNAM",
                id.chars().take(15).collect::<String>().as_str().into(),
            ),
            ("ITEMTYPE", Value::Int(kind)),
            ("UOMSCHDL", schedule),
            ("SELNGUOM", or("UOFM", "Each")),
            ("ALWBKORD", i64::from(back).into()),
            ("CURRCOST", cost.clone()),
            ("STNDCOST", cost),
            ("DECPLQTY", 1.into()),
            ("DECPLCUR", 3.into()),
            ("ITMTRKOP", 1.into()),
            ("PRICMTHD", 1.into()),
            ("VCTNMTHD", 1.into()),
            ("PRCLEVEL", "RETAIL".into()),
        ];
        self.add("IV00101", &cells)?;
        self.prices(id, &unit, item)?;
        self.quantities(id, item)
    }

    fn prices(&mut self, id: &str, unit: &Value, item: &Json) -> Result<(), Stop> {
        let functional = self.functional();
        let price = number(text(item, "price"));
        let currency = [
            ("ITEMNMBR", id.into()),
            ("CURNCYID", functional.as_str().into()),
        ];
        let mut listed = currency.to_vec();
        listed.extend([("LISTPRCE", price.clone()), ("DECPLCUR", 3.into())]);
        self.add("IV00105", &listed)?;
        let mut option = currency.to_vec();
        option.extend([
            ("PRCLEVEL", "RETAIL".into()),
            ("UOFM", unit.clone()),
            ("QTYBSUOM", 1.into()),
        ]);
        self.add("IV00107", &option)?;
        option.extend([
            ("FROMQTY", Value::Int(1)),
            ("TOQTY", number("999999999999")),
            ("UOMPRICE", price),
        ]);
        self.add("IV00108", &option)
    }

    fn units(&mut self, schedule: &Value, unit: &Value) -> Result<(), Stop> {
        let table = self.work.table(self.database, "IV40201")?;
        let known = self.work.find(
            &table,
            &[("UOMSCHDL", schedule.clone())],
            super::heap::rows::Access::Dirty,
        )?;
        if known.is_none() {
            self.add(
                "IV40201",
                &[
                    ("UOMSCHDL", schedule.clone()),
                    ("BASEUOFM", unit.clone()),
                    ("UMDPQTYS", 1.into()),
                ],
            )?;
            let cells = [
                ("UOMSCHDL", schedule.clone()),
                ("UOFM", unit.clone()),
                ("EQUIVUOM", unit.clone()),
                ("SEQNUMBR", 1.into()),
                ("EQUOMQTY", 1.into()),
                ("QTYBSUOM", 1.into()),
            ];
            self.add("IV40202", &cells)?;
        }
        Ok(())
    }

    fn quantities(&mut self, id: &str, item: &Json) -> Result<(), Stop> {
        let on_hand = item
            .get("QTYONHND")
            .and_then(Json::as_i64)
            .unwrap_or(100_000);
        let sites = self.texts("sites");
        for (position, site) in sites.iter().enumerate() {
            let quantity = if position == 0 { on_hand } else { 0 };
            let cells = [
                ("ITEMNMBR", id.into()),
                ("RCRDTYPE", 2.into()),
                ("LOCNCODE", site.as_str().into()),
                ("QTYONHND", quantity.into()),
            ];
            self.add("IV00102", &cells)?;
        }
        let overall = [
            ("ITEMNMBR", id.into()),
            ("RCRDTYPE", 1.into()),
            ("LOCNCODE", "".into()),
            ("QTYONHND", on_hand.into()),
        ];
        self.add("IV00102", &overall)
    }
}
