//! `taSopLineIvcTaxInsert`: a tax row of a line or, with sequence 0, of the document.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::call::Call;
use super::super::currency::Pair;
use super::{codes, document};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let setup = check(call)?;
    let (number, detail) = (call.text("SOPNUMBE"), call.text("TAXDTLID"));
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.as_str().into()),
        ("LNITMSEQ", call.int("LNITMSEQ", 0).into()),
        ("TAXDTLID", detail.as_str().into()),
    ];
    let mut existing = call.find("SOP10105", &key, Access::Update)?;
    let (sequence, tax_type) = (call.int("LNITMSEQ", 0), call.int("TAXTYPE", 0));
    let mut before = Before::of(existing.as_ref().filter(|_| sequence == 0));
    if let Some(row) = existing.take_if(|row| sequence != 0 || sent(row, tax_type)) {
        // A tax that is sent again to a document with its header takes the place of what it was.
        match header(call)? {
            Some(_) if sequence != 0 => leave(call, &row)?,
            Some(header) if !summed(call, &detail)? => {
                before = before.without(&row, tax_type, &header);
                existing = Some(row);
            }
            _ => call.fail(codes::TAX_TWICE),
        }
    }
    if call.failed() {
        return Ok(());
    }
    let account = account(call, setup.map_or(0, |setup| setup.int("ACTINDX")))?;
    let mut cells = cells(call, before);
    cells.push(("ACTINDX", account.into()));
    if sequence != 0 {
        join(call, account)?;
    }
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    call.add("SOP10105", &cells).map(|_| ())
}

/// Whether a row holds a tax of a type already; a base alone is that of the tax beside it.
fn sent(row: &Row, tax_type: i64) -> bool {
    let alone = row.money("ORFRTTAX").is_zero() && row.money("ORMSCTAX").is_zero();
    let exempt = tax_type == 0 && alone && !row.money("ORTOTSLS").is_zero();
    exempt || !row.money(pair(tax_type).1).is_zero()
}

/// The header of the document, if it was sent already.
fn header(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let number = call.text("SOPNUMBE");
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    call.find("SOP10100", &key, Access::Committed)
}

/// Whether lines have a tax detail, whose row of the document is their sum then.
fn summed(call: &mut Call<'_, '_>, detail: &str) -> Result<bool, Stop> {
    let number = call.text("SOPNUMBE");
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.as_str().into()),
        ("TAXDTLID", detail.into()),
    ];
    let rows = call.rows("SOP10105", &key)?;
    Ok(rows.iter().any(|row| row.int("LNITMSEQ") != 0))
}

/// What a row holds beside the tax that is written.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    sales: Decimal,
    taxable: Decimal,
    taxes: Decimal,
}

impl Before {
    fn of(row: Option<&Row>) -> Self {
        let sum = |row: &Row| ["ORSLSTAX", "ORFRTTAX", "ORMSCTAX"].map(|each| row.money(each));
        row.map_or_else(Self::default, |row| Self {
            sales: row.money("ORTOTSLS"),
            taxable: row.money("ORTXSLS"),
            taxes: sum(row).into_iter().sum(),
        })
    }

    /// Without a tax of the row. The bases of freight and miscellaneous taxes are the header's amounts
    /// that they were sent with, the rest of the base is that of the sales.
    fn without(self, row: &Row, tax_type: i64, header: &Row) -> Self {
        let base = |tax: &str, amount: &str| {
            if row.money(tax).is_zero() {
                Decimal::ZERO
            } else {
                header.money(amount)
            }
        };
        let (freight, misc) = (base("ORFRTTAX", "ORFRTAMT"), base("ORMSCTAX", "ORMISCAMT"));
        let taxes = self.taxes - row.money(pair(tax_type).1);
        let part = match tax_type {
            1 => freight,
            2 => misc,
            _ => {
                return Self {
                    sales: freight + misc,
                    taxable: freight + misc,
                    taxes,
                };
            }
        };
        Self {
            sales: self.sales - part,
            taxable: self.taxable - part,
            taxes,
        }
    }
}

/// The amounts of a tax row, in the functional and in the originating currency; the header works the
/// functional ones out.
pub const PAIRS: [Pair; 6] = [
    ("STAXAMNT", "ORSLSTAX"),
    ("FRTTXAMT", "ORFRTTAX"),
    ("MSCTXAMT", "ORMSCTAX"),
    ("TAXDTSLS", "ORTOTSLS"),
    ("TDTTXSLS", "ORTXSLS"),
    ("TXDTOTTX", "OTTAXPON"),
];

/// Columns of a line's tax that are summed up in the document's row of the detail, and their twins.
const SUMMED: [Pair; 4] = [
    ("STAXAMNT", "ORSLSTAX"),
    ("TAXDTSLS", "ORTOTSLS"),
    ("TDTTXSLS", "ORTXSLS"),
    ("TXDTOTTX", "OTTAXPON"),
];

/// The document's row of a tax detail, which has sequence 0.
fn sum_row(call: &mut Call<'_, '_>, detail: &str) -> Result<Option<Row>, Stop> {
    let number = call.text("SOPNUMBE");
    let key = sum_key(call, &number, detail);
    call.find("SOP10105", &key, Access::Update)
}

fn sum_key<'k>(call: &Call<'_, '_>, number: &'k str, detail: &'k str) -> [Cell<'k>; 4] {
    [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.into()),
        ("LNITMSEQ", 0.into()),
        ("TAXDTLID", detail.into()),
    ]
}

/// Adds a line's tax to the document's row of its detail.
fn join(call: &mut Call<'_, '_>, account: i64) -> Result<(), Stop> {
    let (number, detail) = (call.text("SOPNUMBE"), call.text("TAXDTLID"));
    let sums = sum_row(call, &detail)?;
    let (tax, base) = (call.money("STAXAMNT"), call.money("SALESAMT"));
    let added = [
        tax,
        base,
        call.optional_money("TDTTXSLS").unwrap_or(base),
        call.optional_money("TXDTOTTX").unwrap_or(tax),
    ];
    let mut raised: Vec<Cell<'_>> = vec![("TXABLETX", 1.into())];
    for ((own, twin), more) in SUMMED.into_iter().zip(added) {
        let before = sums.as_ref().map_or(Decimal::ZERO, |row| row.money(twin));
        let sum = before + more;
        raised.extend([(own, sum.into()), (twin, sum.into())]);
    }
    if let Some(row) = sums {
        return call.set(&row, &raised);
    }
    raised.push(("ACTINDX", account.into()));
    raised.extend(sum_key(call, &number, &detail));
    call.add("SOP10105", &raised).map(|_| ())
}

/// Removes a line's tax row and takes it out of the document's row of its detail.
pub fn leave(call: &mut Call<'_, '_>, row: &Row) -> Result<(), Stop> {
    if let Some(sums) = sum_row(call, row.text("TAXDTLID"))? {
        let mut lowered: Vec<Cell<'_>> = Vec::new();
        for (own, twin) in SUMMED {
            let rest = sums.money(twin) - row.money(twin);
            lowered.extend([(own, rest.into()), (twin, rest.into())]);
        }
        let empty = ["ORSLSTAX", "ORTOTSLS"]
            .iter()
            .all(|column| sums.money(column) == row.money(column))
            && sums.money("ORFRTTAX").is_zero()
            && sums.money("ORMSCTAX").is_zero();
        if empty {
            document::remove(call, &sums)?;
        } else {
            call.set(&sums, &lowered)?;
        }
    }
    document::remove(call, row)
}

/// The document's own tax rows: what was sent for it, and the sums of its lines.
pub fn of_document(taxes: &[Row]) -> Vec<Row> {
    let own = taxes.iter().filter(|tax| tax.int("LNITMSEQ") == 0);
    own.cloned().collect()
}

/// Where lines have tax rows, these are the taxes of the lines.
pub fn check_lines(call: &mut Call<'_, '_>, lines: &[Row], taxes: &[Row]) {
    if taxes.iter().all(|tax| tax.int("LNITMSEQ") == 0) {
        return;
    }
    let differs = lines.iter().any(|line| {
        let own = taxes
            .iter()
            .filter(|tax| tax.int("LNITMSEQ") == line.int("LNITMSEQ"));
        let sum: Decimal = own.map(|tax| tax.money("ORSLSTAX")).sum();
        sum != line.money("ORTAXAMT")
    });
    call.fail_if(differs, codes::LINE_TAXES_DIFFER);
}

/// The columns of the row a tax type fills.
fn pair(tax_type: i64) -> Pair {
    match tax_type {
        1 => ("FRTTXAMT", "ORFRTTAX"),
        2 => ("MSCTXAMT", "ORMSCTAX"),
        _ => ("STAXAMNT", "ORSLSTAX"),
    }
}

/// Checks the values; the tax detail's row comes back.
fn check(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    call.fail_if(!(0..=2).contains(&call.int("TAXTYPE", 0)), codes::TAX_TYPE);
    let (customer, detail) = (call.text("CUSTNMBR"), call.text("TAXDTLID"));
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::TAX_CUSTOMER);
    let key = [("TAXDTLID", detail.as_str().into())];
    let setup = call.find("TX00201", &key, Access::Committed)?;
    call.fail_if(setup.is_none(), codes::TAX_DETAIL);
    let sequence = call.int("LNITMSEQ", 0);
    if sequence != 0 {
        call.fail_if(call.int("TAXTYPE", 0) != 0, codes::TAX_LINE_TYPE);
        let number = call.text("SOPNUMBE");
        let key = [
            ("SOPNUMBE", number.as_str().into()),
            ("SOPTYPE", call.int("SOPTYPE", 0).into()),
            ("CMPNTSEQ", 0.into()),
            ("LNITMSEQ", sequence.into()),
        ];
        let line = call.exists("SOP10200", &key)?;
        call.fail_if(!line, codes::TAX_LINE);
    }
    Ok(setup)
}

/// The amounts of the row; freight and misc tax of a detail join its row.
fn cells(call: &Call<'_, '_>, before: Before) -> Vec<Cell<'static>> {
    let tax_type = call.int("TAXTYPE", 0);
    let (column, twin) = pair(tax_type);
    let amount = call.money(column);
    let base = call.money(match tax_type {
        1 => "FREIGHT",
        2 => "MISCAMNT",
        _ => "SALESAMT",
    });
    let taxable = call.optional_money("TDTTXSLS").unwrap_or(base);
    let total = call.optional_money("TXDTOTTX");
    let total = total.unwrap_or(before.taxes + amount);
    let mut cells: Vec<Cell<'static>> = vec![(column, amount.into()), (twin, amount.into())];
    for (column, twin, sum) in [
        ("TAXDTSLS", "ORTOTSLS", before.sales + base),
        ("TDTTXSLS", "ORTXSLS", before.taxable + taxable),
        ("TXDTOTTX", "OTTAXPON", total),
    ] {
        cells.extend([(column, sum.into()), (twin, sum.into())]);
    }
    cells.push(("TXABLETX", 1.into()));
    cells
}

fn account(call: &mut Call<'_, '_>, default: i64) -> Result<i64, Stop> {
    let text = call.text("ACTNUMST");
    if text.is_empty() {
        return Ok(call.int("ACTINDX", default));
    }
    Ok(super::super::account_index(call, &text)?.unwrap_or(default))
}
