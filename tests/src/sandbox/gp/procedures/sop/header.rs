//! `taSopHdrIvcInsert`: the header of a sales document, which checks and closes what was sent before it.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::{Codes, Currency};
use super::super::lookup;
use super::super::sm::batch::{self, Batch};
use super::header_cells as cells;
use super::{codes, distribution, kit, payment, price, small, tax, tracked};

/// The source of sales batches.
const BATCH_SOURCE: &str = "Sales Entry";

/// The rows sent before the header and the setup behind it.
struct Document {
    existing: Option<Row>,
    customer: Row,
    lines: Vec<Row>,
    /// The components of kits.
    components: Vec<Row>,
    taxes: Vec<Row>,
    payments: Vec<Row>,
}

const CURRENCY: Codes = Codes {
    unknown: codes::CURRENCY,
    no_rate: codes::NO_RATE,
};

/// The amounts of the header, in the document's currency or in the functional one.
struct Amounts {
    cost: Decimal,
    deposits: Decimal,
    subtotal: Decimal,
    freight: Decimal,
    misc: Decimal,
    tax: Decimal,
    freight_tax: Decimal,
    misc_tax: Decimal,
    discount: Decimal,
    total: Decimal,
    received: Decimal,
}

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    batch::lock(call, BATCH_SOURCE, &call.text("BACHNUMB"))?;
    check_setup(call)?;
    let existing = check_number(call)?;
    let Some(customer) = check_customer(call)? else {
        return Ok(());
    };
    let document = collect(call, existing, customer)?;
    let amounts = amounts(call, &document);
    check_amounts(call, &document, &amounts);
    let currency = Currency::sent(call, "DOCDATE", CURRENCY)?;
    check_currency(call, &document, &currency);
    if call.failed() {
        return Ok(());
    }
    let document = close(call, document, &currency)?;
    let functional = amounts.functional(&document, &currency);
    write(call, &document, &currency, [&functional, &amounts])?;
    let number = call.text("SOPNUMBE");
    let own = key(call, &number);
    small::comments(call, "SOP10106", &own)?;
    distribute(call, &document, &currency, [&functional, &amounts])?;
    if call.failed() {
        return Ok(());
    }
    let (count, before) = match &document.existing {
        None => (1, Decimal::ZERO),
        Some(row)
            if row
                .text("BACHNUMB")
                .eq_ignore_ascii_case(&call.text("BACHNUMB")) =>
        {
            (0, row.money("DOCAMNT"))
        }
        Some(row) => {
            super::document::leave_batch(call, row)?;
            (1, Decimal::ZERO)
        }
    };
    let (number, checkbook) = (call.text("BACHNUMB"), call.text("BatchCHEKBKID"));
    let joined = Batch {
        source: BATCH_SOURCE,
        number: &number,
        series: 3,
        checkbook: &checkbook,
        date: call.time("DOCDATE"),
    };
    batch::join(call, &joined, count, functional.total - before)
}

fn key<'k>(call: &Call<'_, '_>, number: &'k str) -> [Cell<'k>; 2] {
    [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.into()),
    ]
}

fn check_setup(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("SOPTYPE", 0);
    call.fail_if(!(1..=6).contains(&kind), codes::DOCUMENT_TYPE);
    let document = call.text("DOCID");
    let known = call.find(
        "SOP40200",
        &[
            ("SOPTYPE", kind.into()),
            ("DOCID", document.as_str().into()),
        ],
        Access::Dirty,
    )?;
    call.fail_if(known.is_none(), codes::DOCUMENT_ID);
    lookup::known(call, "LOCNCODE", lookup::SITE, codes::SITE)?;
    lookup::known(call, "PYMTRMID", lookup::TERMS, codes::TERMS)?;
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::SHIPPING)?;
    for element in ["TAXSCHID", "FRTSCHID", "MSCSCHID"] {
        lookup::known(call, element, lookup::SCHEDULE, codes::SCHEDULE)?;
    }
    lookup::known(call, "SALSTERR", lookup::TERRITORY, codes::TERRITORY)?;
    lookup::known(call, "PRCLEVEL", lookup::PRICE_LEVEL, codes::PRICE_LEVEL)?;
    lookup::known(call, "BatchCHEKBKID", lookup::CHECKBOOK, codes::CHECKBOOK)?;
    call.fail_if(call.int("CREATETAXES", 0) == 1, codes::TAX_ENGINE);
    lookup::salesperson(call, codes::SALESPERSON)
}

/// The number must be new, or with UpdateExisting the document must be there and not open.
fn check_number(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let number = call.text("SOPNUMBE");
    let key = key(call, &number);
    let existing = call.find("SOP10100", &key, Access::Update)?;
    let posted = call.exists("SOP30200", &key)?;
    let updates = call.int("UpdateExisting", 0) == 1;
    call.fail_if(posted || (existing.is_some() && !updates), codes::DUPLICATE);
    call.fail_if(existing.is_none() && updates, codes::NO_DOCUMENT);
    if let Some(row) = &existing {
        let open = lookup::open_by_user(call, row.number)?;
        call.fail_if(open, codes::LOCKED_BY_USER);
        let same = row
            .text("CUSTNMBR")
            .eq_ignore_ascii_case(&call.text("CUSTNMBR"));
        call.fail_if(!same, codes::OTHER_CUSTOMER);
    }
    Ok(existing)
}

fn check_customer(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let number = call.text("CUSTNMBR");
    let customer = call.find(
        "RM00101",
        &[("CUSTNMBR", number.as_str().into())],
        Access::Committed,
    )?;
    let Some(row) = &customer else {
        call.fail(codes::CUSTOMER);
        return Ok(None);
    };
    call.fail_if(row.int("INACTIVE") != 0, codes::CUSTOMER_INACTIVE);
    call.fail_if(
        call.int("CKHOLD", 0) == 1 && row.int("HOLD") != 0,
        codes::CUSTOMER_HOLD,
    );
    for (element, code) in [("PRBTADCD", codes::BILL_TO), ("PRSTADCD", codes::SHIP_TO)] {
        let address = call.text(element);
        if !address.is_empty() {
            let key = [
                ("CUSTNMBR", number.as_str().into()),
                ("ADRSCODE", address.as_str().into()),
            ];
            let known = call.exists("RM00102", &key)?;
            call.fail_if(!known, code);
        }
    }
    Ok(customer)
}

fn collect(
    call: &mut Call<'_, '_>,
    existing: Option<Row>,
    customer: Row,
) -> Result<Document, Stop> {
    let number = call.text("SOPNUMBE");
    let key = key(call, &number);
    let mut lines = call.rows("SOP10200", &key)?;
    kit::check_lines(call, &lines)?;
    let numbers = call.rows("SOP10201", &key)?;
    tracked::check_lines(call, &lines, &numbers);
    lines.sort_by_key(|line| line.int("LNITMSEQ"));
    let (lines, components) = lines
        .into_iter()
        .partition(|line| line.int("CMPNTSEQ") == 0);
    let taxes = call.rows("SOP10105", &key)?;
    let payments = call.rows("SOP10103", &key)?;
    Ok(Document {
        existing,
        customer,
        lines,
        components,
        taxes,
        payments,
    })
}

fn sum(rows: &[Row], column: &str) -> Decimal {
    rows.iter().map(|row| row.money(column)).sum()
}

fn amounts(call: &Call<'_, '_>, document: &Document) -> Amounts {
    let lines = sum(&document.lines, "OXTNDPRC");
    let subtotal = if call.int("DEFPRICING", 0) == 1 {
        lines
    } else {
        call.money("SUBTOTAL")
    };
    let percent = call.money("TRADEPCT");
    let discount = call
        .optional_money("TRDISAMT")
        .unwrap_or_else(|| super::item::round(subtotal * percent / Decimal::ONE_HUNDRED, 2));
    Amounts {
        cost: sum(&document.lines, "OREXTCST"),
        deposits: deposits(&document.payments, "OAMTPAID"),
        subtotal,
        freight: call.money("FREIGHT"),
        misc: call.money("MISCAMNT"),
        tax: call.money("TAXAMNT"),
        freight_tax: call.money("FRTTXAMT"),
        misc_tax: call.money("MSCTXAMT"),
        discount,
        total: call.money("DOCAMNT"),
        received: call.money("PYMTRCVD"),
    }
}

fn deposits(payments: &[Row], column: &str) -> Decimal {
    let deposits = payments.iter().filter(|row| row.int("PYMTTYPE") <= 3);
    deposits.map(|row| row.money(column)).sum()
}

impl Amounts {
    /// Each by itself in the functional currency; what that leaves between them is booked as rounding.
    fn functional(&self, document: &Document, currency: &Currency) -> Self {
        Self {
            cost: sum(&document.lines, "EXTDCOST"),
            deposits: currency.functional_of(self.deposits),
            subtotal: currency.functional_of(self.subtotal),
            freight: currency.functional_of(self.freight),
            misc: currency.functional_of(self.misc),
            tax: currency.functional_of(self.tax),
            freight_tax: currency.functional_of(self.freight_tax),
            misc_tax: currency.functional_of(self.misc_tax),
            discount: currency.functional_of(self.discount),
            total: currency.functional_of(self.total),
            received: currency.functional_of(self.received),
        }
    }
}

fn check_amounts(call: &mut Call<'_, '_>, document: &Document, amounts: &Amounts) {
    call.fail_if(document.lines.is_empty(), codes::NO_LINES);
    call.fail_if(
        amounts.subtotal != sum(&document.lines, "OXTNDPRC"),
        codes::SUBTOTAL,
    );
    let marked = document.lines.iter().any(|line| line.int("MRKDNPCT") != 0);
    call.fail_if(marked && call.int("DEFPRICING", 0) == 0, codes::SUBTOTAL);
    let balance = amounts.subtotal
        + amounts.freight
        + amounts.misc
        + amounts.tax
        + amounts.freight_tax
        + amounts.misc_tax
        - amounts.discount;
    call.fail_if(balance != amounts.total, codes::BALANCE);
    let all = [
        amounts.subtotal,
        amounts.freight,
        amounts.misc,
        amounts.tax,
        amounts.freight_tax,
        amounts.misc_tax,
        amounts.discount,
        amounts.total,
        amounts.received,
    ];
    call.fail_if(all.iter().any(Decimal::is_sign_negative), codes::NEGATIVE);
    let available = call.money("DISAVAMT");
    let taken = call.money("DISTKNAM");
    call.fail_if(
        taken > available || available > amounts.total,
        codes::DISCOUNT_ORDER,
    );
    call.fail_if(
        amounts.received != sum(&document.payments, "OAMTPAID"),
        codes::PAYMENTS_DIFFER,
    );
    call.fail_if(amounts.received > amounts.total, codes::REMAINING);
    let header_level = call.int("USINGHEADERLEVELTAXES", 0) == 1;
    if header_level || !document.taxes.is_empty() {
        let sums = tax::of_document(&document.taxes);
        let differ = sum(&sums, "ORSLSTAX") != amounts.tax
            || sum(&sums, "ORFRTTAX") != amounts.freight_tax
            || sum(&sums, "ORMSCTAX") != amounts.misc_tax;
        call.fail_if(
            differ && call.int("CREATETAXES", 0) == 0,
            codes::TAXES_DIFFER,
        );
    }
    if !header_level {
        tax::check_lines(call, &document.lines, &document.taxes);
    }
}

/// A header that names a currency wants it on every line, and no line may have another.
fn check_currency(call: &mut Call<'_, '_>, document: &Document, currency: &Currency) {
    let named = !call.text("CURNCYID").is_empty() && document.existing.is_none();
    let differs = document.lines.iter().any(|line| {
        let index = line.int("CURRNIDX");
        (index == 0 && named) || (index != 0 && index != currency.index)
    });
    call.fail_if(differs, codes::LINE_CURRENCY);
}

/// Gives the rows sent before the header its currency.
fn close(
    call: &mut Call<'_, '_>,
    document: Document,
    currency: &Currency,
) -> Result<Document, Stop> {
    let functional = document
        .existing
        .as_ref()
        .is_none_or(|row| row.int("CURRNIDX") == currency.index);
    if currency.is_foreign() || !functional {
        return restate(call, document, currency);
    }
    let lines = document.lines.iter().chain(&document.components);
    for line in lines.filter(|line| line.int("CURRNIDX") == 0) {
        call.set(line, &[("CURRNIDX", currency.index.into())])?;
    }
    Ok(document)
}

/// Works out the functional amounts of the rows sent before the header; they come back as they are
/// then.
fn restate(
    call: &mut Call<'_, '_>,
    document: Document,
    currency: &Currency,
) -> Result<Document, Stop> {
    let number = call.text("SOPNUMBE");
    let key = key(call, &number);
    let lines = [document.lines.as_slice(), &document.components].concat();
    currency.restate(call, &lines, &price::PAIRS)?;
    for line in &lines {
        let [unit, extended] = ["UNITCOST", "EXTDCOST"].map(|column| line.money(column));
        let cells = [
            ("ORUNTCST", currency.originating_of(unit).into()),
            ("OREXTCST", currency.originating_of(extended).into()),
        ];
        call.set(line, &cells)?;
    }
    currency.restate(call, &document.taxes, &tax::PAIRS)?;
    currency.restate(call, &document.payments, &payment::PAIRS)?;
    for payment in &document.payments {
        call.set(payment, &[("CURNCYID", currency.id.as_str().into())])?;
    }
    let commissions = call.rows("SOP10101", &key)?;
    currency.restate(call, &commissions, &[("COMMAMNT", "OCOMMAMT")])?;
    collect(call, document.existing, document.customer)
}

fn write(
    call: &mut Call<'_, '_>,
    document: &Document,
    currency: &Currency,
    amounts: [&Amounts; 2],
) -> Result<(), Stop> {
    let sent = call.columns_of("SOP10100")?;
    let mut cells: Vec<(String, Value)> = sent
        .into_iter()
        .filter(|(name, _)| name != "DEX_ROW_ID" && name != "PYMTRCVD")
        .collect();
    for (name, value) in money_cells(call, currency, amounts) {
        cells.retain(|(known, _)| known != name);
        cells.push((name.to_owned(), value));
    }
    for (name, value) in cells::fixed(
        call,
        currency,
        &document.customer,
        &document.lines,
        document.existing.is_none(),
    )? {
        cells.retain(|(known, _)| known != name);
        cells.push((name.to_owned(), value));
    }
    let note = super::super::note::write(call)?;
    if let Some(note) = note {
        cells.retain(|(known, _)| known != "NOTEINDX");
        cells.push(("NOTEINDX".to_owned(), note.into()));
    }
    let cells: Vec<Cell<'_>> = cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    match &document.existing {
        Some(row) => call.set(row, &cells),
        None => call.add("SOP10100", &cells).map(|_| ()),
    }
}

/// The amounts, each in the functional and in the originating currency.
fn money_cells(
    call: &Call<'_, '_>,
    currency: &Currency,
    amounts: [&Amounts; 2],
) -> Vec<(&'static str, Value)> {
    let both = |of: fn(&Amounts) -> Decimal| amounts.map(of);
    let sent = |element| {
        let originating = call.money(element);
        [currency.functional_of(originating), originating]
    };
    let pairs = [
        ("SUBTOTAL", "ORSUBTOT", both(|all| all.subtotal)),
        ("REMSUBTO", "OREMSUBT", both(|all| all.subtotal)),
        ("EXTDCOST", "OREXTCST", both(|all| all.cost)),
        ("FRTAMNT", "ORFRTAMT", both(|all| all.freight)),
        ("MISCAMNT", "ORMISCAMT", both(|all| all.misc)),
        ("TAXAMNT", "ORTAXAMT", both(|all| all.tax)),
        ("FRTTXAMT", "ORFRTTAX", both(|all| all.freight_tax)),
        ("MSCTXAMT", "ORMSCTAX", both(|all| all.misc_tax)),
        ("TRDISAMT", "ORTDISAM", both(|all| all.discount)),
        ("DOCAMNT", "ORDOCAMT", both(|all| all.total)),
        ("PYMTRCVD", "ORPMTRVD", both(|all| all.received)),
        ("DEPRECVD", "ORDEPRVD", both(|all| all.deposits)),
        ("ACCTAMNT", "ORACTAMT", both(|all| all.total - all.received)),
        ("DISTKNAM", "ORDISTKN", sent("DISTKNAM")),
        ("DISAVAMT", "ORDAVAMT", sent("DISAVAMT")),
        ("DSCDLRAM", "ORDDLRAT", sent("DSCDLRAM")),
        ("MRKDNAMT", "ORMRKDAM", sent("MRKDNAMT")),
        ("COMMAMNT", "OCOMMAMT", sent("COMMAMNT")),
        (
            "CMMSLAMT",
            "ORCOSAMT",
            both(|all| all.subtotal - all.discount),
        ),
    ];
    pairs
        .into_iter()
        .flat_map(|(own, twin, [functional, originating])| {
            [(own, functional.into()), (twin, originating.into())]
        })
        .collect()
}

fn distribute(
    call: &mut Call<'_, '_>,
    document: &Document,
    currency: &Currency,
    amounts: [&Amounts; 2],
) -> Result<(), Stop> {
    let number = call.text("SOPNUMBE");
    let key = key(call, &number);
    let present = call.rows("SOP10102", &key)?;
    if call.int("CREATEDIST", 1) == 0 {
        call.fail_if(
            sum(&present, "ORDBTAMT") != sum(&present, "ORCRDAMT"),
            codes::DISTRIBUTIONS,
        );
        return currency.restate_sides(call, &present);
    }
    for row in present {
        let table = std::sync::Arc::clone(&row.table);
        call.work.delete(&table, row.number)?;
    }
    let taxes = tax::of_document(&document.taxes);
    let of = |amounts: &Amounts, columns| distribution::Document {
        columns,
        lines: &document.lines,
        taxes: &taxes,
        customer: &document.customer,
        amount: amounts.total,
        received: amounts.received,
        freight: amounts.freight,
        misc: amounts.misc,
        discount: amounts.discount,
    };
    let [functional, originating] = amounts;
    let functional = of(functional, &distribution::FUNCTIONAL);
    let originating = of(originating, &distribution::ORIGINATING);
    distribution::create(call, currency, [&functional, &originating])
}
