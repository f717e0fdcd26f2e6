//! Walks the packaged flow with a store and a GP that answer from memory.

use std::sync::Arc;

use connect_core::domain::event::Source;
use connect_core::domain::failure::Failure;
use connect_core::domain::ids::RunId;
use connect_core::domain::time::Micros;
use connect_core::engine::Value;
use connect_core::engine::lookup::Lookups;
use connect_core::engine::mapping::{self, Trace};
use connect_core::engine::workflow::{
    self, Action, Compiled, EventFacts, Happened, LinkToComplete, Mappings, RunInput, State,
    StepNote,
};
use connect_core::templates;
use connect_proto::econnect::{Document, Limits, Node, read};
use serde_json::json;

/// The compiled flow.
pub(crate) fn flow() -> Compiled {
    let mapping = mapping::compile(templates::ORDER_TO_SOP_MAPPING, &Lookups::new()).unwrap();
    let mappings = Mappings::from([(templates::ORDER_TO_SOP.to_owned(), Arc::new(mapping))]);
    workflow::compile(templates::ORDER_TO_SOP_WORKFLOW, &mappings).unwrap()
}

/// The profile the demo uses.
pub(crate) fn profile() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/fixtures/profile.json")).unwrap()
}

/// Reads JSON with exact numbers.
pub(crate) fn exact(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap()
}

/// A registered customer's order of two lines to Fargo, 8.25 % tax, ground shipping, paid by card.
///
/// Lines 2 x 59.95 and 3 x 12.3456; tax on lines and shipping.
pub(crate) fn order() -> serde_json::Value {
    exact(
        r#"{
        "id": 1042, "order_guid": "0d2a5e0c-57b5-4f43-a0a9-0123456789ab",
        "custom_order_number": "1042", "store_id": 1, "customer_id": 77,
        "created_on_utc": "2026-03-05T03:18:22.727Z", "paid_date_utc": null,
        "order_status": "Processing", "payment_status": "Paid",
        "shipping_status": "NotYetShipped", "deleted": false,
        "payment_method_system_name": "Payments.Manual",
        "customer_currency_code": "USD", "currency_rate": 1.00000000, "vat_number": null,
        "customer_tax_display_type": "ExcludingTax",
        "order_subtotal_incl_tax": 169.8861, "order_subtotal_excl_tax": 156.9400,
        "order_sub_total_discount_incl_tax": 0.0000, "order_sub_total_discount_excl_tax": 0.0000,
        "order_shipping_incl_tax": 12.9900, "order_shipping_excl_tax": 12.0000,
        "payment_method_additional_fee_incl_tax": 0.0000,
        "payment_method_additional_fee_excl_tax": 0.0000,
        "tax_rates": [{"rate": 8.2500, "amount": 13.9400}],
        "order_tax": 13.9400, "order_discount": 0.0000, "order_total": 182.8800,
        "refunded_amount": 0.0000, "shipping_method": "Ground", "pickup_in_store": false,
        "checkout_attribute_description": null, "custom_values": {},
        "authorization_transaction_id": null, "capture_transaction_id": "CAP-1234567890123456",
        "billing_address": {
            "first_name": "Anna", "last_name": "Field", "email": "anna@example.com",
            "company": null, "address1": "100 Main Street", "address2": "Suite 4",
            "city": "Fargo", "county": null, "zip_postal_code": "58102",
            "phone_number": "701-555-0100", "fax_number": null,
            "country": {"name": "United States", "two_letter_iso_code": "US",
                        "three_letter_iso_code": "USA"},
            "state": {"name": "North Dakota", "abbreviation": "ND"}},
        "shipping_address": {
            "first_name": "Anna", "last_name": "Field", "email": "anna@example.com",
            "company": "Field Works", "address1": "5 Dock Road", "address2": null,
            "city": "Fargo", "county": null, "zip_postal_code": "58103",
            "phone_number": "701-555-0101", "fax_number": null,
            "country": {"name": "United States", "two_letter_iso_code": "US",
                        "three_letter_iso_code": "USA"},
            "state": {"name": "North Dakota", "abbreviation": "ND"}},
        "pickup_address": null,
        "customer": {"id": 77, "customer_guid": "c", "username": "anna", "email": "Anna@Example.com",
            "first_name": "Anna", "last_name": "Field", "company": "", "is_guest": false,
            "is_tax_exempt": false, "vat_number": null},
        "items": [
            {"id": 1, "product_id": 5, "sku": "100XLG", "product_name": "Green Phone",
             "quantity": 2, "unit_price_incl_tax": 64.8959, "unit_price_excl_tax": 59.9500,
             "price_incl_tax": 129.7918, "price_excl_tax": 119.9000,
             "discount_amount_incl_tax": 0.0000, "discount_amount_excl_tax": 0.0000,
             "attribute_description": "", "is_gift_card": false},
            {"id": 2, "product_id": 6, "sku": "HA100G", "product_name": "Ear Clip",
             "quantity": 3, "unit_price_incl_tax": 13.3641, "unit_price_excl_tax": 12.3456,
             "price_incl_tax": 40.0923, "price_excl_tax": 37.0368,
             "discount_amount_incl_tax": 0.0000, "discount_amount_excl_tax": 0.0000,
             "attribute_description": "", "is_gift_card": false}],
        "gift_cards_used": [], "reward_points_used_amount": 0
        }"#,
    )
}

/// How the event came and what the links say.
pub(crate) struct World {
    pub(crate) order: serde_json::Value,
    pub(crate) profile: serde_json::Value,
    pub(crate) source: Source,
    pub(crate) topic: &'static str,
    pub(crate) links: Value,
    pub(crate) generation: u32,
    /// Who holds the customer's number already.
    pub(crate) number_owner: Option<&'static str>,
}

impl World {
    pub(crate) fn new(order: serde_json::Value) -> Self {
        Self {
            order,
            profile: profile(),
            source: Source::Webhook,
            topic: "order.placed",
            links: Value::Null,
            generation: 1,
            number_owner: None,
        }
    }

    pub(crate) fn input(&self) -> RunInput {
        RunInput {
            run: RunId(uuid::Uuid::from_u128(7)),
            generation: self.generation,
            began: Micros(1_772_700_000_000_000),
            event: EventFacts {
                topic: self.topic.into(),
                entity: "order".into(),
                entity_id: "1042".into(),
                occurred: Micros(0),
                source: self.source,
                body: Value::Null,
            },
            store: value(
                json!({"id": "s1", "name": "Fabrikam Web", "base_url": "http://x",
                "time_zone": "America/Chicago", "currency": "USD", "nop_store_id": 1,
                "created": "2026-01-15T00:00:00Z"}),
            ),
            profile: Arc::new(value(self.profile.clone())),
            company: value(json!({"id": "c1", "database": "TWO", "name": "Fabrikam"})),
            part: None,
            edits: Vec::new(),
        }
    }

    /// Walks to the end.
    pub(crate) fn walk(&self) -> Walked {
        self.walk_with(&flow())
    }

    /// Walks to the end of another flow.
    pub(crate) fn walk_with(&self, flow: &Compiled) -> Walked {
        let mut walked = Walked {
            notes: Vec::new(),
            actions: Vec::new(),
            xml: None,
            parties: Vec::new(),
        };
        let mut state = workflow::start(flow, self.input());
        let mut happened = Happened::Begin;
        for _ in 0..40 {
            // The snapshot is written and read between any two advances, as it is in life.
            state = State::from_bytes(&state.to_bytes(), self.input().profile).unwrap();
            let advanced = workflow::advance(flow, state, happened, Micros(0));
            walked.notes.extend(advanced.steps);
            walked.actions.push(advanced.action.clone());
            state = advanced.state;
            let Some(answer) = self.answer(&advanced.action, &mut walked) else {
                return walked;
            };
            happened = answer;
        }
        panic!("the walk has no end: {:?}", walked.actions);
    }

    fn answer(&self, action: &Action, walked: &mut Walked) -> Option<Happened> {
        let (step, value) = match action {
            Action::ReadStore { step, .. } => (step, value(self.order.clone())),
            Action::FindLinks { step, keys } => {
                let answer = |query: &workflow::LinkQuery| {
                    let key = format!("{}:{}", query.kind, query.store_key);
                    (
                        query.name.clone(),
                        self.links.get(&key).cloned().unwrap_or_default(),
                    )
                };
                (step, Value::map(keys.iter().map(answer)))
            }
            Action::ReserveLink {
                step, kind, gp_key, ..
            } => {
                let other = self.number_owner.filter(|_| kind == "customer_number");
                let holder = other.unwrap_or(gp_key);
                let value = json!({"gp_key": holder, "complete": false, "ours": other.is_none()});
                (step, self::value(value))
            }
            Action::ExecuteDocument {
                step, xml, parties, ..
            } => {
                walked.xml = Some(xml.clone());
                walked.parties.clone_from(parties);
                let value = json!({"keys": {"SOPNUMBE": "ORDST2228"}, "already_done": false,
                    "payload_differs": false, "journal_number": 1});
                (step, self::value(value))
            }
            Action::WriteStore { step, .. } => (step, Value::Null),
            Action::Pause { .. }
            | Action::Await { .. }
            | Action::StartItems(_)
            | Action::AwaitItems { .. }
            | Action::Succeed { .. }
            | Action::Stop { .. }
            | Action::Dead { .. } => return None,
        };
        Some(Happened::Answer {
            step: step.clone(),
            outcome: Ok(value),
        })
    }
}

/// What a walk came to.
pub(crate) struct Walked {
    pub(crate) notes: Vec<StepNote>,
    pub(crate) actions: Vec<Action>,
    pub(crate) xml: Option<String>,
    pub(crate) parties: Vec<LinkToComplete>,
}

impl Walked {
    pub(crate) fn last(&self) -> &Action {
        self.actions.last().unwrap()
    }

    /// The failure of a dead letter.
    pub(crate) fn failure(&self) -> &Failure {
        let Action::Dead { failure } = self.last() else {
            panic!("not dead: {:?}", self.last());
        };
        failure
    }

    /// The summary of a run that rightly did nothing.
    pub(crate) fn stopped(&self) -> &str {
        let Action::Stop { summary, .. } = self.last() else {
            panic!("not stopped: {:?}", self.last());
        };
        summary
    }

    pub(crate) fn document(&self) -> Document {
        let Some(xml) = &self.xml else {
            panic!("no document: {:?}", self.last());
        };
        read(xml.as_bytes(), &Limits::default()).unwrap()
    }

    /// All nodes of a name.
    pub(crate) fn nodes(&self, name: &str) -> Vec<Node> {
        let document = self.document();
        document.transactions[0]
            .nodes_named(name)
            .cloned()
            .collect()
    }

    pub(crate) fn header(&self) -> Node {
        self.nodes("taSopHdrIvcInsert").remove(0)
    }

    pub(crate) fn trace(&self) -> Trace<'static> {
        let note = self.notes.iter().find(|note| note.trace.is_some()).unwrap();
        serde_json::from_str(note.trace.as_deref().unwrap()).unwrap()
    }
}

/// Gives elements of a node as `NAME=value` lines.
pub(crate) fn shown(node: &Node, elements: &[&str]) -> String {
    let parts = elements
        .iter()
        .map(|name| format!("{name}={}", node.text(name).unwrap_or("-")));
    parts.collect::<Vec<_>>().join(" ")
}

pub(crate) fn value(json: serde_json::Value) -> Value {
    Value::from_serde(json).unwrap()
}
