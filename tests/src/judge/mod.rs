//! The judge: compares shop and GP document by document, by arithmetic of its own.

mod books;
pub mod cli;
mod compare;
mod expected;
mod ledger;
mod places;
mod profile;
mod quantities;
mod report;
mod shop;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::Value;

use books::Books;
use compare::Case;
use expected::Expected;
use profile::Profile;
use shop::{Order, Shop};

pub use report::{Finding, Report};

/// Names the tables the judge has to be given.
pub fn tables() -> &'static [&'static str] {
    books::TABLES
}

/// Compares what the shop's back door tells with GP's tables under a profile.
pub fn judge(
    shop: &Value,
    tables: &BTreeMap<String, Value>,
    profile: &Value,
    time_zone: &str,
) -> anyhow::Result<Report> {
    let shop = Shop::read(shop).context("the shop's orders cannot be read")?;
    let profile: Profile =
        serde_json::from_value(profile.clone()).context("the profile cannot be read")?;
    let zone = jiff::tz::TimeZone::get(time_zone).context("no such time zone")?;
    let mut books = Books::default();
    for (table, rows) in tables {
        books.add(table, rows)?;
    }
    Ok(Judgement {
        shop,
        profile,
        zone,
        books,
        report: Report::default(),
    }
    .run())
}

struct Judgement {
    shop: Shop,
    profile: Profile,
    zone: jiff::tz::TimeZone,
    books: Books,
    report: Report,
}

impl Judgement {
    fn run(mut self) -> Report {
        let mut report = std::mem::take(&mut self.report);
        let mut landed: Vec<Expected> = Vec::new();
        let mut orders: Vec<&Order> = Vec::new();
        let mut numbers = BTreeMap::new();
        for order in self
            .shop
            .orders
            .iter()
            .filter(|order| self.is_wanted(order))
        {
            report.orders += 1;
            if let Some(expected) = self.order(order, &mut report) {
                numbers.insert(order.id, expected.number.clone());
                landed.push(expected);
                orders.push(order);
            }
        }
        let known: BTreeSet<String> = numbers.values().cloned().collect();
        whole::nothing_extra(&self.books, &known, &mut report);
        whole::nothing_loose(&self.books, &mut report);
        whole::batches(&self.books, &mut report);
        whole::money(&self.books, &landed, &mut report);
        whole::addresses(&self.books, &self.profile, &orders, &mut report);
        whole::emails(
            &self.books,
            &self.shop,
            &self.profile,
            &numbers,
            &mut report,
        );
        report
    }

    /// Says whether the route takes the order by itself.
    fn is_wanted(&self, order: &Order) -> bool {
        let triggered = self.profile.trigger != "order.paid" || order.payment_status == "Paid";
        triggered && order.created_on_utc >= self.profile.go_live
    }

    /// Compares one order, and returns its document if there must be one.
    fn order(&self, order: &Order, report: &mut Report) -> Option<Expected> {
        let number = expected::number(order, &self.shop, &self.profile);
        let headers = self.books.find("SOP10100", "CSTPONBR", &number);
        let expected = expected::expect(order, &self.shop, &self.profile, &self.zone)
            .and_then(|expected| self.items_known(&expected).map(|()| expected));
        if headers.is_empty() && order.is_withdrawn() {
            report.refused += 1;
            return None;
        }
        let mut expected = match expected {
            Ok(expected) => expected,
            Err(reason) => {
                report.refused += 1;
                report.equal(&number, format!("documents ({reason})"), 0, headers.len());
                return None;
            }
        };
        report.equal(&number, "documents", 1, headers.len());
        if let Some(header) = headers.first() {
            let (profile, books) = (&self.profile, &self.books);
            expected.settle_payments(&ledger::paid(books, header));
            compare::document(
                &Case {
                    order,
                    expected: &expected,
                    profile,
                    books,
                    header,
                },
                report,
            );
        }
        Some(expected)
    }

    /// GP refuses a document with an item it has never heard of.
    fn items_known(&self, expected: &Expected) -> Result<(), String> {
        if self.books.rows("IV00101").is_empty() {
            return Ok(());
        }
        let known = |item: &str| !self.books.find("IV00101", "ITEMNMBR", item).is_empty();
        match expected.lines.iter().find(|line| !known(&line.item)) {
            Some(line) => Err(format!("GP has no item {}", line.item)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
