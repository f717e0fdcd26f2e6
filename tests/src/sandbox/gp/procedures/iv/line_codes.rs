//! The codes of the two kinds of inventory lines.

use super::codes;

/// What a line may be refused for, whatever it does.
#[derive(Debug)]
pub struct LineCodes {
    pub document: i32,
    pub item: i32,
    pub inactive: i32,
    pub unkept: i32,
    pub site: i32,
    pub unassigned: i32,
    pub unit: i32,
    pub short: i32,
    pub cost: i32,
    pub account: i32,
    pub twice: i32,
    pub numbers: i32,
}

/// Of `taIVTransactionLineInsert`.
pub static ADJUSTED: LineCodes = LineCodes {
    document: codes::LINE_DOCUMENT,
    item: codes::LINE_ITEM,
    inactive: codes::LINE_INACTIVE,
    unkept: codes::LINE_UNKEPT,
    site: codes::LINE_SITE,
    unassigned: codes::LINE_UNASSIGNED,
    unit: codes::LINE_UNIT,
    short: codes::LINE_SHORT,
    cost: codes::LINE_COST,
    account: codes::LINE_ACCOUNT,
    twice: codes::LINE_TWICE,
    numbers: codes::LINE_NUMBERS,
};

/// Of `taIVTransferLineInsert`.
pub static MOVED: LineCodes = LineCodes {
    document: codes::MOVED_LINE_DOCUMENT,
    item: codes::MOVED_LINE_ITEM,
    inactive: codes::MOVED_LINE_INACTIVE,
    unkept: codes::MOVED_LINE_UNKEPT,
    site: codes::MOVED_LINE_SITE,
    unassigned: codes::MOVED_LINE_UNASSIGNED,
    unit: codes::MOVED_LINE_UNIT,
    short: codes::MOVED_LINE_SHORT,
    cost: codes::MOVED_LINE_COST,
    account: codes::MOVED_LINE_ACCOUNT,
    twice: codes::MOVED_LINE_TWICE,
    numbers: codes::MOVED_LINE_NUMBERS,
};
