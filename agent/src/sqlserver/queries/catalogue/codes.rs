//! What GP's codes mean; a code that is not here has no name.

/// Codes with their meanings.
pub(super) type Codes = &'static [(i64, &'static str)];

pub(super) const SOP_TYPES: Codes = &[
    (1, "quote"),
    (2, "order"),
    (3, "invoice"),
    (4, "return"),
    (5, "back order"),
    (6, "fulfillment order"),
];

pub(super) const SOP_PAYMENTS: Codes = &[
    (1, "cash deposit"),
    (2, "check deposit"),
    (3, "payment card deposit"),
    (4, "cash payment"),
    (5, "check payment"),
    (6, "payment card payment"),
];

pub(super) const SOP_DISTRIBUTIONS: Codes = &[
    (1, "SALES"),
    (2, "RECV"),
    (3, "CASH"),
    (4, "TAKEN"),
    (5, "AVAIL"),
    (6, "TRADE"),
    (7, "FREIGHT"),
    (8, "MISC"),
    (9, "TAXES"),
    (10, "MARK"),
    (11, "COMMEXP"),
    (12, "COMMPAY"),
    (13, "OTHER"),
    (14, "COGS"),
    (15, "INV"),
    (16, "RETURNS"),
    (17, "IN USE"),
    (18, "IN SERVICE"),
    (19, "DAMAGED"),
    (20, "UNIT"),
    (21, "DEPOSITS"),
    (22, "ROUND"),
    (23, "REBATE"),
];

pub(super) const ALLOCATE_BY: Codes = &[(1, "line item"), (2, "document or batch")];

pub(super) const CREDIT_LIMITS: Codes = &[(0, "no credit"), (1, "unlimited"), (2, "amount")];

pub(super) const BALANCES: Codes = &[(0, "open item"), (1, "balance forward")];

pub(super) const ITEM_TYPES: Codes = &[
    (1, "sales inventory"),
    (2, "discontinued"),
    (3, "kit"),
    (4, "misc charges"),
    (5, "services"),
    (6, "flat fee"),
];

pub(super) const TRACKING: Codes = &[(1, "none"), (2, "serial numbers"), (3, "lot numbers")];

pub(super) const TAX_OPTIONS: Codes =
    &[(1, "taxable"), (2, "nontaxable"), (3, "base on customers")];

pub(super) const PRICE_METHODS: Codes = &[
    (1, "currency amount"),
    (2, "% of list price"),
    (3, "% markup - current cost"),
    (4, "% markup - standard cost"),
    (5, "% margin - current cost"),
    (6, "% margin - standard cost"),
];

pub(super) const RECEIVABLES: Codes = &[
    (0, "carried forward"),
    (1, "sale or invoice"),
    (2, "scheduled payment"),
    (3, "debit memo"),
    (4, "finance charge"),
    (5, "service or repair"),
    (6, "warranty"),
    (7, "credit memo"),
    (8, "return"),
    (9, "payment"),
];

pub(super) const PAYMENT_KINDS: Codes = &[(0, "check"), (1, "cash"), (2, "payment card")];

pub(super) const PAYABLES: Codes = &[
    (1, "invoice"),
    (2, "finance charge"),
    (3, "misc charge"),
    (4, "return"),
    (5, "credit memo"),
    (6, "payment"),
];

pub(super) const BANK_TRANSACTIONS: Codes = &[
    (1, "deposit"),
    (2, "receipt"),
    (3, "check"),
    (4, "withdrawal"),
    (5, "increase adjustment"),
    (6, "decrease adjustment"),
    (7, "transfer"),
    (101, "interest income"),
    (102, "other income"),
    (103, "other expense"),
    (104, "service charge"),
];

pub(super) const SERIES: Codes = &[
    (2, "financial"),
    (3, "sales"),
    (4, "purchasing"),
    (5, "inventory"),
    (6, "payroll"),
    (7, "project"),
];

pub(super) const BATCH_STATES: Codes = &[
    (0, "available"),
    (1, "posting"),
    (2, "deleting"),
    (3, "receiving"),
    (4, "done"),
    (5, "printing"),
    (6, "updating"),
    (7, "posting interrupted"),
    (8, "printing interrupted"),
    (9, "updating interrupted"),
    (10, "recurring batch error, edit required"),
    (11, "single use batch error, edit required"),
];

pub(super) const ACCOUNT_TYPES: Codes = &[
    (1, "posting"),
    (2, "unit"),
    (3, "posting allocation"),
    (4, "unit allocation"),
];

pub(super) const POSTING_TYPES: Codes = &[(0, "balance sheet"), (1, "profit and loss")];

pub(super) const RATE_METHODS: Codes = &[(0, "multiply"), (1, "divide")];

pub(super) const DETAIL_TYPES: Codes = &[(1, "sales"), (2, "purchases")];
