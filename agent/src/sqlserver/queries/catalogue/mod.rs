//! The fixed queries, by GP's series.

mod batches;
mod codes;
mod customers;
mod items;
mod ledger;
mod money;
mod payables;
mod receivables;
mod sales;
mod sales_chain;
mod sales_details;
mod setup;
mod setup_finance;

use super::declare::Query;

/// All of them, in the order they are described.
pub(super) fn all() -> impl Iterator<Item = &'static Query> {
    let parts: [&[Query]; 12] = [
        customers::QUERIES,
        items::QUERIES,
        sales::QUERIES,
        sales_chain::QUERIES,
        sales_details::QUERIES,
        batches::QUERIES,
        receivables::QUERIES,
        ledger::QUERIES,
        payables::QUERIES,
        money::QUERIES,
        setup::QUERIES,
        setup_finance::QUERIES,
    ];
    parts.into_iter().flatten()
}
