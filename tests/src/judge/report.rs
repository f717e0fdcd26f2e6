//! What the judge found, and how much it looked at.

use serde::Serialize;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The order's number in the shop, or the table where no order is to blame.
    pub subject: String,
    pub field: String,
    pub expected: String,
    pub found: String,
}

/// The findings and the count of comparisons.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub orders: u64,
    /// Orders the profile cannot turn into documents, and which therefore must not be in GP.
    pub refused: u64,
    pub comparisons: u64,
    pub findings: Vec<Finding>,
}

impl Report {
    /// Compares two values and remembers a difference.
    pub(super) fn equal<T: PartialEq + std::fmt::Display>(
        &mut self,
        subject: &str,
        field: impl Into<String>,
        expected: T,
        found: T,
    ) {
        self.comparisons += 1;
        if expected != found {
            self.finding(subject, field, expected, found);
        }
    }

    /// Compares two texts, of which GP may hold only the beginning.
    pub(super) fn begins(
        &mut self,
        subject: &str,
        field: impl Into<String>,
        expected: &str,
        found: &str,
        width: usize,
    ) {
        let cut: String = expected.trim().chars().take(width).collect();
        self.equal(subject, field, cut.trim_end(), found.trim_end());
    }

    /// Remembers something that is wrong.
    pub(super) fn finding(
        &mut self,
        subject: &str,
        field: impl Into<String>,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) {
        self.findings.push(Finding {
            subject: subject.to_owned(),
            field: field.into(),
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }

    /// Holds the shop to a promise: so many orders, all of them in GP, and all of them looked at.
    pub fn hold_to(&mut self, orders: u64) {
        let (judged, refused) = (self.orders, self.refused);
        self.equal("orders", "number judged", orders, judged);
        self.equal("orders", "number refused", 0, refused);
        self.equal("orders", "compared at all", true, judged > refused);
    }

    /// Says whether everything is as it must be.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}
