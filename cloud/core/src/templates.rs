//! The packaged flows: files made of the same steps a user has.

/// Name of the packaged order flow's workflow and mapping.
pub const ORDER_TO_SOP: &str = "order_to_sop";

/// A workflow: an order placed in a store becomes a sales document in GP.
pub const ORDER_TO_SOP_WORKFLOW: &str = include_str!("../../templates/order_to_sop.workflow.json");

/// Its mapping.
pub const ORDER_TO_SOP_MAPPING: &str = include_str!("../../templates/order_to_sop.mapping.json");
