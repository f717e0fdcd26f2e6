//! The number procedures: they lock the row the number comes from until the transaction ends.

use super::super::error::{SqlError, Stop};
use super::super::heap::rows::Access;
use super::super::heap::work::Work;
use super::super::value::Value;
use super::call::{Argument, Call, Reply};
use super::signature::Signature;

fn reply(state: i64, name: &str, value: Value) -> Reply {
    Reply {
        status: i32::try_from(state).unwrap_or(-1),
        outputs: vec![
            (name.to_ascii_lowercase(), value),
            ("@o_ierrorstate".to_owned(), Value::Int(state)),
        ],
    }
}

/// `taGetSopNumber`: the next number of a document id; 0 or 1 increments, 2 gives a number back.
pub fn sop(
    work: &mut Work<'_>,
    database: usize,
    signature: &Signature,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    let mut call = Call::bind(work, database, signature, arguments)?;
    let kind = call.int("I_tSOPTYPE", 0);
    let document = call.text("I_cDOCID");
    let increment = call.int("I_tInc_Dec", 1);
    let key = [
        ("SOPTYPE", kind.into()),
        ("DOCID", document.as_str().into()),
    ];
    let Some(setup) = call.find("SOP40200", &key, Access::Update)? else {
        return Ok(reply(
            super::codes::NUMBER_SETUP,
            "@O_vSopNumber",
            Value::Text(String::new()),
        ));
    };
    let mut number = setup.text("SOPNUMBE").to_owned();
    if increment == 2 {
        let previous = step(&number, -1)?;
        call.set(&setup, &[("SOPNUMBE", previous.as_str().into())])?;
        return Ok(reply(0, "@O_vSopNumber", Value::Text(previous)));
    }
    while taken(&mut call, kind, &number)? {
        number = step(&number, 1)?;
    }
    let next = step(&number, 1)?;
    call.set(&setup, &[("SOPNUMBE", next.as_str().into())])?;
    Ok(reply(0, "@O_vSopNumber", Value::Text(number)))
}

fn taken(call: &mut Call<'_, '_>, kind: i64, number: &str) -> Result<bool, Stop> {
    let key = [("SOPTYPE", kind.into()), ("SOPNUMBE", number.into())];
    Ok(call.exists("SOP10100", &key)? || call.exists("SOP30200", &key)?)
}

/// `taGetNextJournalEntry`: text of thirteen characters, as GP gives it.
pub fn journal(
    work: &mut Work<'_>,
    database: usize,
    signature: &Signature,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    let mut call = Call::bind(work, database, signature, arguments)?;
    let Some(setup) = call.find("GL40000", &[("UNIQKEY", 1.into())], Access::Update)? else {
        return Ok(reply(
            super::codes::NUMBER_SETUP,
            "@O_vJournalEntryNumber",
            Value::Text(String::new()),
        ));
    };
    let number = setup.int("NJRNLENT");
    let back = call.int("Inc_Dec", 1) == 2;
    call.set(
        &setup,
        &[(
            "NJRNLENT",
            (if back { number - 1 } else { number + 1 }).into(),
        )],
    )?;
    let given = if back { number - 1 } else { number };
    Ok(reply(
        0,
        "@O_vJournalEntryNumber",
        Value::Text(given.to_string()),
    ))
}

/// `taGetPaymentNumber`: the next number of a receivables document type.
pub fn receivable(
    work: &mut Work<'_>,
    database: usize,
    signature: &Signature,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    const OUT: &str = "@O_vDOCNumber";
    let mut call = Call::bind(work, database, signature, arguments)?;
    let kind = call.int("DOCTYPE", 0);
    let Some(setup) = call.find("RM40401", &[("RMDTYPAL", kind.into())], Access::Update)? else {
        let none = Value::Text(String::new());
        return Ok(reply(super::codes::NUMBER_SETUP, OUT, none));
    };
    let mut number = setup.text("DOCNUMBR").to_owned();
    if call.int("I_tInc_Dec", 1) == 2 {
        let previous = step(&number, -1)?;
        call.set(&setup, &[("DOCNUMBR", previous.as_str().into())])?;
        return Ok(reply(0, OUT, Value::Text(previous)));
    }
    let known = |call: &mut Call<'_, '_>, number: &str| {
        let key = [("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())];
        call.exists("RM00401", &key)
    };
    while known(&mut call, &number)? {
        number = step(&number, 1)?;
    }
    let next = step(&number, 1)?;
    call.set(&setup, &[("DOCNUMBR", next.as_str().into())])?;
    Ok(reply(0, OUT, Value::Text(number)))
}

/// `taGetIvNumber`: the next number of a kind of inventory document; 0 gives one back.
pub fn inventory(
    work: &mut Work<'_>,
    database: usize,
    signature: &Signature,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    const OUT: &str = "@O_vIvNumber";
    let mut call = Call::bind(work, database, signature, arguments)?;
    let kind = call.int("I_tIVDOCTYP", 0);
    let column = match kind {
        1 => Some("NXADJDOC"),
        2 => Some("NXTVDNUM"),
        3 => Some("TXTRDNUM"),
        _ => None,
    };
    let setup = call.find("IV40100", &[("SETUPKEY", 1.into())], Access::Update)?;
    let Some((setup, column)) = setup.zip(column) else {
        let none = Value::Text(String::new());
        return Ok(reply(super::codes::NUMBER_SETUP, OUT, none));
    };
    let mut number = setup.text(column).to_owned();
    if call.int("I_tInc_Dec", 1) == 0 {
        let previous = step(&number, -1)?;
        call.set(&setup, &[(column, previous.as_str().into())])?;
        return Ok(reply(0, OUT, Value::Text(previous)));
    }
    while super::iv::document::exists(&mut call, kind, &number)? {
        number = step(&number, 1)?;
    }
    let next = step(&number, 1)?;
    call.set(&setup, &[(column, next.as_str().into())])?;
    Ok(reply(0, OUT, Value::Text(number)))
}

/// `taGetPMNextVoucherNumber`: the next number of vouchers (control type 0) or payments (1).
pub fn voucher(
    work: &mut Work<'_>,
    database: usize,
    signature: &Signature,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    const OUT: &str = "@O_vCNTRLNUM";
    let mut call = Call::bind(work, database, signature, arguments)?;
    let kind = call.int("I_sCNTRLTYP", 0);
    let column = match kind {
        0 => Some("NTVCHNUM"),
        1 => Some("PMNPYNBR"),
        _ => None,
    };
    let setup = call.find("PM40100", &[("UNIQKEY", 1.into())], Access::Update)?;
    let Some((setup, column)) = setup.zip(column) else {
        let none = Value::Text(String::new());
        return Ok(reply(super::codes::NUMBER_SETUP, OUT, none));
    };
    let mut number = setup.text(column).to_owned();
    let known = |call: &mut Call<'_, '_>, number: &str| {
        let key = [("CNTRLTYP", kind.into()), ("CNTRLNUM", number.into())];
        call.exists("PM00400", &key)
    };
    while known(&mut call, &number)? {
        number = step(&number, 1)?;
    }
    let next = step(&number, 1)?;
    call.set(&setup, &[(column, next.as_str().into())])?;
    Ok(reply(0, OUT, Value::Text(number)))
}

/// Counts the digits at the end of a document number up or down, keeping their width.
pub fn step(number: &str, by: i64) -> Result<String, SqlError> {
    let digits = number
        .chars()
        .rev()
        .take_while(char::is_ascii_digit)
        .count();
    let (prefix, tail) = number.split_at(number.len() - digits);
    let value: i64 = tail
        .parse()
        .map_err(|_| SqlError::new(50003, format!("sandbox: {number} has no digits to count")))?;
    let next = format!("{prefix}{:0digits$}", value + by);
    if next.len() > 21 {
        return Err(SqlError::new(
            50003,
            format!("sandbox: no number follows {number}"),
        ));
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn numbers_keep_their_width() {
        assert_eq!(step("ORDST2228", 1).as_deref(), Ok("ORDST2229"));
        assert_eq!(step("WEB000099", 1).as_deref(), Ok("WEB000100"));
        assert_eq!(step("STD99", 1).as_deref(), Ok("STD100"));
        assert_eq!(step("A10", -1).as_deref(), Ok("A09"));
        assert!(step("NONE", 1).is_err());
    }
}
