//! Before the first call: everything in GP's set-up that is in a document's way, told at once.

mod asking;
mod known;
mod periods;
mod rates;
mod subjects;

use connect_proto::econnect::Document;
use connect_proto::tunnel::v1::{ClosedPeriod, DocumentKey, ErrorClass, Failure, GpError};

use asking::Trouble;
pub(super) use known::Known;
use periods::{NotOpen, Posting};
use rates::{NoRate, Priced};
use subjects::{Held, Kind, Subject};

use super::batches;
use super::company::Company;
use super::connection::SqlConnection;
use super::econnect::Request;
use super::error::SqlError;
use super::plan::Place;
use super::refusal;

/// As many problems as a person can use, and a message can hold.
const MOST_PROBLEMS: usize = 100;
/// When a closed period is worth another look.
const LOOK_AGAIN_MS: u32 = 900_000;

/// What the look at GP's set-up came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Clear,
    /// All but this is clear, and the text that reserves the number can ask for it.
    Guarded(Guard),
    /// The document with later posting dates, and what the answer tells of them.
    Moved(Document, Vec<DocumentKey>),
    InTheWay(Failure),
}

/// The customer a document makes where it is missing: one that is there must take the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard {
    pub(super) customer: String,
    /// Whether a customer on hold takes it.
    pub(super) hold_accepted: bool,
}

/// Looks at what a document names and at the periods it posts in.
///
/// A store's customer is seldom seen twice in a minute; where that is all there is to ask, and
/// the document can be `guarded`, the question costs no round trip of its own.
///
/// Nothing is locked, and GP's procedures still have the last word. A lock in the way of the look
/// itself is left to them.
pub(super) async fn run(
    company: &Company,
    request: &Request<'_>,
    guarded: bool,
) -> Result<Outcome, SqlError> {
    let document = request.document;
    let subjects = subjects::of(document);
    let unknown = asking::unknown(company.known(), &subjects);
    let mut postings = periods::of(document);
    postings.retain(|posting| !company.known().days.has(&posting.day()));
    let mut priced = rates::of(document);
    priced.retain(|priced| !company.known().rates.has(&priced.wanted()));
    let asked = Asked {
        unknown,
        postings: &postings,
        priced: &priced,
    };
    match asked.unknown.as_slice() {
        [] if asked.is_of_records() => return Ok(Outcome::Clear),
        [subject] if guarded && asked.is_of_records() => {
            if let Some(guard) = guard(subject) {
                return Ok(Outcome::Guarded(guard));
            }
        }
        _ => {}
    }
    let mut lease = company.lease().await?;
    let connection = &mut lease.connection;
    let looked = async {
        let mut found = look(connection, company, &asked).await?;
        // Closed batches alone are waited for, or passed by for the next one.
        if !found.is_of_periods() && request.next_batches == 0 {
            found.batches = batches::problems(connection, &company.name(), document).await?;
        }
        Ok::<_, SqlError>(found)
    };
    match looked.await {
        Ok(found) => {
            lease.give_back();
            Ok(found.outcome(document, periods::policy(request.closed_period)))
        }
        Err(error) if error.is_lock() => {
            lease.give_back();
            Ok(Outcome::Clear)
        }
        Err(error) => Err(error),
    }
}

fn guard(subject: &Subject) -> Option<Guard> {
    let of_customer = subject.key.kind == Kind::Customer && subject.made;
    of_customer.then(|| Guard {
        customer: subject.asked.clone(),
        hold_accepted: subject.held == Held::Accepts,
    })
}

/// What is not known to be in order yet.
struct Asked<'a> {
    unknown: Vec<&'a Subject>,
    postings: &'a [Posting],
    priced: &'a [Priced],
}

impl Asked<'_> {
    /// Records are all there is to ask for.
    fn is_of_records(&self) -> bool {
        self.postings.is_empty() && self.priced.is_empty()
    }
}

/// Everything that was found.
struct Found<'a> {
    troubles: Vec<(&'a Subject, Trouble)>,
    unpriced: Vec<(&'a Priced, NoRate)>,
    closed: Vec<(&'a Posting, NotOpen)>,
    /// Batches in the way of a document that something else is in the way of.
    batches: Vec<GpError>,
}

async fn look<'a>(
    connection: &mut SqlConnection,
    company: &Company,
    asked: &Asked<'a>,
) -> Result<Found<'a>, SqlError> {
    let known = company.known();
    let troubles = asking::troubles(connection, known, &asked.unknown).await?;
    let mut unpriced = Vec::new();
    for priced in asked.priced {
        match rates::no_rate(connection, priced).await? {
            Some(why) => unpriced.push((priced, why)),
            None => known.rates.keep(std::iter::once(priced.wanted())),
        }
    }
    let mut closed = Vec::new();
    for posting in asked.postings {
        match periods::not_open(connection, posting).await? {
            Some(why) => closed.push((posting, why)),
            None => known.days.keep(std::iter::once(posting.day())),
        }
    }
    Ok(Found {
        troubles,
        unpriced,
        closed,
        batches: Vec::new(),
    })
}

impl Found<'_> {
    fn outcome(&self, document: &Document, policy: ClosedPeriod) -> Outcome {
        if self.is_of_periods() && self.closed.is_empty() {
            return Outcome::Clear;
        }
        if self.is_of_periods() && policy == ClosedPeriod::NextOpenDay {
            let mut later = document.clone();
            let keys = self.closed.iter().map(|(posting, why)| match why {
                NotOpen::Closed { next, .. } => periods::moved(&mut later, posting, (*next)?),
                NotOpen::NoPeriod => None,
            });
            if let Some(keys) = keys.collect() {
                return Outcome::Moved(later, keys);
            }
        }
        Outcome::InTheWay(self.failure(document, policy))
    }

    /// Nothing but periods is in the way, if anything is.
    fn is_of_periods(&self) -> bool {
        self.troubles.is_empty() && self.unpriced.is_empty()
    }

    fn failure(&self, document: &Document, policy: ClosedPeriod) -> Failure {
        let troubles = self.troubles.iter();
        let mut errors: Vec<GpError> = troubles
            .map(|(subject, trouble)| of_subject(document, subject, *trouble))
            .chain(
                self.unpriced
                    .iter()
                    .map(|(at, why)| of_rate(document, at, why)),
            )
            .chain(
                self.closed
                    .iter()
                    .map(|(at, why)| of_period(document, at, why)),
            )
            .chain(self.batches.iter().cloned())
            .collect();
        let count = errors.len();
        let first = errors.first().map_or("", |error| error.text.as_str());
        let message = match count {
            1 => format!("GP cannot take the document yet: {first}."),
            _ => format!("GP cannot take the document yet, for {count} reasons: {first}; ..."),
        };
        errors.truncate(MOST_PROBLEMS);
        let (class, code) = match (self.is_of_periods(), policy) {
            (true, ClosedPeriod::Wait) => (ErrorClass::Busy, "period_closed"),
            (
                true,
                ClosedPeriod::Unspecified | ClosedPeriod::Refuse | ClosedPeriod::NextOpenDay,
            ) => (ErrorClass::BusinessRule, "period_closed"),
            (false, _) => (ErrorClass::BusinessRule, "gp_setup"),
        };
        let mut failure = refusal::failure(class, code, message);
        failure.errors = errors;
        if class == ErrorClass::Busy {
            failure.retry_after_ms = LOOK_AGAIN_MS;
        }
        failure
    }
}

fn of_subject(document: &Document, subject: &Subject, trouble: Trouble) -> GpError {
    let place = Place {
        document,
        transaction: subject.transaction,
        node: subject.node,
    };
    let value = place
        .spec()
        .text(subject.element)
        .unwrap_or_default()
        .trim();
    let what = name(subject.key.kind);
    let is = match trouble {
        Trouble::Missing if subject.key.kind == Kind::Unit => {
            "is not in the item's unit of measure schedule"
        }
        Trouble::Missing => "is not in GP",
        Trouble::Inactive => "is inactive",
        Trouble::OnHold => "is on hold",
        Trouble::Discontinued => "is discontinued, and none of it is left",
    };
    let of_item = match place.spec().text("ITEMNMBR") {
        Some(item) if subject.key.kind == Kind::Unit => format!(" of item {}", item.trim()),
        Some(_) | None => String::new(),
    };
    GpError {
        text: format!("{what} {value}{of_item} {is}"),
        procedure: place.spec().name.clone(),
        node: place.path(),
        element: subject.element.to_owned(),
        value: value.to_owned(),
        repair: repair(subject.key.kind, trouble).to_owned(),
        ..GpError::default()
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Customer => "Customer",
        Kind::Vendor => "Vendor",
        Kind::Item => "Item",
        Kind::Unit => "Unit of measure",
        Kind::Site => "Site",
        Kind::Salesperson => "Salesperson",
        Kind::Account => "Account",
        Kind::TaxDetail => "Tax detail",
    }
}

fn repair(kind: Kind, trouble: Trouble) -> &'static str {
    match (trouble, kind) {
        (Trouble::Missing, Kind::Item) => {
            "Create the item in GP (Item Maintenance), or map the store's SKU to an item that is \
             there; then replay."
        }
        (Trouble::Missing, Kind::Unit) => {
            "Add the unit to the item's schedule (Unit of Measure Schedule Setup), or map the unit; \
             then replay."
        }
        (Trouble::Missing, Kind::Customer) => {
            "Create the customer in GP, or name another in the profile; then replay."
        }
        (
            Trouble::Missing,
            Kind::Vendor | Kind::Site | Kind::Salesperson | Kind::Account | Kind::TaxDetail,
        ) => "Create it in GP, or name another in the profile or mapping; then replay.",
        (Trouble::Inactive, _) => {
            "Take away the Inactive mark on its card in GP, or name another; then replay."
        }
        (Trouble::OnHold, Kind::Customer) => {
            "Take the hold away in Customer Maintenance and replay. To write sales documents of \
             customers on hold all the same, let the mapping send CKHOLD 0 in the header."
        }
        (Trouble::OnHold, _) => "Take the hold away in Vendor Maintenance, then replay.",
        (Trouble::Discontinued, _) => {
            "Receive stock, make it a sales inventory item again, or map the SKU to another item; \
             then replay."
        }
    }
}

fn of_period(document: &Document, posting: &Posting, why: &NotOpen) -> GpError {
    let place = Place {
        document,
        transaction: posting.transaction,
        node: posting.node,
    };
    let value = place.spec().text(posting.element).unwrap_or_default();
    let (text, repair) = match why {
        NotOpen::NoPeriod => (
            format!("No fiscal period holds {value}"),
            "Set the fiscal year up (Fiscal Periods Setup), or correct the date; then replay.",
        ),
        NotOpen::Closed { period, series, .. } => (
            format!("{period}, which holds {value}, is closed for {series}"),
            "Open the period (Fiscal Periods Setup) and replay, or let the profile post on the \
             next open day.",
        ),
    };
    GpError {
        text,
        procedure: place.spec().name.clone(),
        node: place.path(),
        element: posting.element.to_owned(),
        value: value.to_owned(),
        repair: repair.to_owned(),
        ..GpError::default()
    }
}

fn of_rate(document: &Document, priced: &Priced, why: &NoRate) -> GpError {
    let place = Place {
        document,
        transaction: priced.transaction,
        node: priced.node,
    };
    let value = place.spec().text("CURNCYID").unwrap_or_default().trim();
    let (text, repair) = match why {
        NoRate::UnknownCurrency => (
            format!("Currency {value} is not in GP"),
            "Set the currency up (Currency Setup), or map it to another; then replay.",
        ),
        NoRate::NoTable => (
            format!("Currency {value} has no exchange table"),
            "Give it one (Exchange Table Setup) with a rate, or let the mapping send XCHGRATE; \
             then replay.",
        ),
        NoRate::NoneBegun { tables, day } => (
            format!("No rate of {value} had begun by {day} in exchange table {tables}"),
            "Enter the rate (Exchange Rate Maintenance), or let the mapping send XCHGRATE; then \
             replay.",
        ),
    };
    GpError {
        text,
        procedure: place.spec().name.clone(),
        node: place.path(),
        element: "CURNCYID".to_owned(),
        value: value.to_owned(),
        repair: repair.to_owned(),
        ..GpError::default()
    }
}
