//! The texts that take a document number from GP's counters, alone or together with a journal row.

use std::sync::LazyLock;

use super::super::numbers::Counter;
use super::{CUSTOMER_GUARD, JOURNAL_RESERVE, Statement};

const RIGHT: &str = "EXECUTE on the procedure (role connect_agent)";

/// `@connect_kind` is the document type as the procedure counts it.
pub(crate) static NUMBER_SOP: Statement = Statement::new(
    "number: sales document",
    RIGHT,
    "EXEC @connect_return_code = dbo.taGetSopNumber @I_tSOPTYPE = @connect_kind, \
     @I_cDOCID = @connect_document_id, @I_tInc_Dec = 1, @O_vSopNumber = @connect_number OUTPUT, \
     @O_iErrorState = @O_iErrorState OUTPUT",
);
pub(crate) static NUMBER_JOURNAL: Statement = Statement::new(
    "number: journal entry",
    RIGHT,
    "EXEC @connect_return_code = dbo.taGetNextJournalEntry @I_vInc_Dec = 1, \
     @O_vJournalEntryNumber = @connect_number OUTPUT, @O_iErrorState = @O_iErrorState OUTPUT",
);
pub(crate) static NUMBER_VOUCHER: Statement = Statement::new(
    "number: payables voucher or payment",
    RIGHT,
    "EXEC @connect_return_code = dbo.taGetPMNextVoucherNumber \
     @O_vCNTRLNUM = @connect_number OUTPUT, @I_sCNTRLTYP = @connect_kind, \
     @O_iErrorState = @O_iErrorState OUTPUT",
);
/// Public sources call it by places only; the names of its parameters are not confirmed.
pub(crate) static NUMBER_RECEIVABLE: Statement = Statement::new(
    "number: receivables document",
    RIGHT,
    "EXEC @connect_return_code = dbo.taGetPaymentNumber @connect_kind, 1, \
     @connect_number OUTPUT, @O_iErrorState OUTPUT",
);
/// As with receivables, called by places.
pub(crate) static NUMBER_INVENTORY: Statement = Statement::new(
    "number: inventory document",
    RIGHT,
    "EXEC @connect_return_code = dbo.taGetIvNumber @connect_kind, 1, \
     @connect_number OUTPUT, @O_iErrorState OUTPUT",
);

/// Declarations of what the texts name.
pub(crate) const NUMBER_DECLARATIONS: &str = "@connect_kind tinyint, \
     @connect_document_id varchar(50), @connect_number varchar(255) OUTPUT, \
     @O_iErrorState int OUTPUT, @connect_return_code int OUTPUT";
/// The number that came.
pub(crate) const NUMBER: &str = "@connect_number";
/// What the procedure says went wrong.
pub(crate) const NUMBER_STATE: &str = "@O_iErrorState";

/// The text that takes a number from a counter.
pub(crate) fn number(counter: Counter) -> &'static Statement {
    match counter {
        Counter::Sop => &NUMBER_SOP,
        Counter::Journal => &NUMBER_JOURNAL,
        Counter::Voucher => &NUMBER_VOUCHER,
        Counter::Receivable => &NUMBER_RECEIVABLE,
        Counter::Inventory => &NUMBER_INVENTORY,
    }
}

/// The text that takes an effect key and a number from a counter, and commits both; `guarded`
/// asks for the document's customer first.
pub(crate) fn reserve(counter: Counter, guarded: bool) -> &'static str {
    static TEXTS: LazyLock<Vec<(Counter, [String; 2])>> = LazyLock::new(|| {
        let texts = |counter| {
            let bare = JOURNAL_RESERVE.sql.replace("{number}", number(counter).sql);
            let guarded = [CUSTOMER_GUARD.sql, &bare].concat();
            (counter, [bare, guarded])
        };
        Counter::ALL.into_iter().map(texts).collect()
    });
    let found = TEXTS.iter().find(|(known, _)| *known == counter);
    found.map_or("", |(_, texts)| &texts[usize::from(guarded)])
}
