//! The packaged order flow, from event to document, for every kind of order.

use crate::support::{World, exact, order, shown};
use connect_core::domain::event::Source;
use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::engine::lookup::Lookups;
use connect_core::engine::mapping;
use connect_core::engine::workflow::{Action, ClosedPeriod, GpKey, LinkToComplete};
use connect_core::templates;
use serde_json::{Value as Json, json};

const TOTALS: &[&str] = &[
    "SUBTOTAL", "FREIGHT", "MISCAMNT", "TAXAMNT", "FRTTXAMT", "MSCTXAMT", "TRDISAMT", "DOCAMNT",
    "PYMTRCVD",
];
const PRICES: &[&str] = &["ITEMNMBR", "QUANTITY", "UNITPRCE", "XTNDPRCE", "LNITMSEQ"];
const TAXES: &[&str] = &["TAXTYPE", "TAXDTLID", "STAXAMNT", "FRTTXAMT", "MSCTXAMT"];
const PAYMENTS: &[&str] = &["DOCAMNT", "PYMTTYPE", "CHEKBKID", "CARDNAME", "AUTHCODE"];

/// Changes fields of an order; numbers keep their digits.
fn with(mut order: Json, changes: &str) -> Json {
    let Json::Object(changes) = exact(changes) else {
        panic!("not an object");
    };
    for (pointer, value) in changes {
        *order.pointer_mut(&format!("/{pointer}")).unwrap() = value;
    }
    order
}

/// The order without tax.
fn untaxed(changes: &str) -> Json {
    let order = with(
        order(),
        r#"{"tax_rates": [], "order_tax": 0, "order_shipping_incl_tax": 12.00,
            "order_total": 168.94}"#,
    );
    with(order, changes)
}

/// Gives one line for each node of a name.
fn rows(world: &World, node: &str, elements: &[&str]) -> Vec<String> {
    let walked = world.walk();
    let nodes = walked.nodes(node);
    nodes.iter().map(|node| shown(node, elements)).collect()
}

fn totals(world: &World) -> String {
    shown(&world.walk().header(), TOTALS)
}

fn dead(order: Json) -> Failure {
    World::new(order).walk().failure().clone()
}

#[test]
fn a_registered_customers_order() {
    let world = World::new(order());
    let walked = world.walk();
    let Action::Succeed { summary, .. } = walked.last() else {
        panic!("{:?}", walked.last());
    };
    assert_eq!(summary, "In GP as ORDST2228.");
    assert_eq!(
        shown(&walked.header(), TOTALS),
        "SUBTOTAL=156.94 FREIGHT=12.00 MISCAMNT=0.00 TAXAMNT=12.95 FRTTXAMT=0.99 MSCTXAMT=0.00 \
         TRDISAMT=0.00 DOCAMNT=182.88 PYMTRCVD=182.88"
    );
    assert_eq!(
        shown(
            &walked.header(),
            &[
                "SOPTYPE", "DOCID", "CUSTNMBR", "CSTPONBR", "BACHNUMB", "DOCDATE", "TAXSCHID",
                "SHIPMTHD", "CURNCYID"
            ]
        ),
        // Placed at 03:18 UTC: the evening before, where the store is.
        "SOPTYPE=2 DOCID=STDORD CUSTNMBR=W000077 CSTPONBR=N1-1042 BACHNUMB=WEB20260304 \
         DOCDATE=2026-03-04 TAXSCHID=USAND SHIPMTHD=GROUND CURNCYID=Z-US$"
    );
    assert_eq!(
        rows(&world, "taSopLineIvcInsert", PRICES),
        [
            "ITEMNMBR=100XLG QUANTITY=2 UNITPRCE=59.95 XTNDPRCE=119.90 LNITMSEQ=16384",
            "ITEMNMBR=HA100G QUANTITY=3 UNITPRCE=12.35 XTNDPRCE=37.04 LNITMSEQ=32768",
        ]
    );
    assert_eq!(
        rows(&world, "taSopLineIvcTaxInsert", TAXES),
        [
            "TAXTYPE=0 TAXDTLID=USND-STATE STAXAMNT=7.85 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=0 TAXDTLID=USND-FARGO STAXAMNT=5.10 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=1 TAXDTLID=USND-STATE STAXAMNT=- FRTTXAMT=0.60 MSCTXAMT=-",
            "TAXTYPE=1 TAXDTLID=USND-FARGO STAXAMNT=- FRTTXAMT=0.39 MSCTXAMT=-",
        ]
    );
    assert_eq!(
        rows(&world, "taCreateSopPaymentInsertRecord", PAYMENTS),
        ["DOCAMNT=182.88 PYMTTYPE=3 CHEKBKID=UPTOWN TRUST CARDNAME=VISA AUTHCODE=CAP-12345678901"]
    );
    assert_eq!(
        rows(&world, "taSopUserDefined", &["SOPTYPE", "USERDEF1"]),
        ["SOPTYPE=2 USERDEF1=1042"]
    );
}

#[test]
fn links_of_everything_written_are_completed() {
    let walked = World::new(order()).walk();
    let told: Vec<String> = walked
        .parties
        .iter()
        .map(|party: &LinkToComplete| {
            let key = match &party.gp_key {
                GpKey::Element(element) => format!("from {element}"),
                GpKey::Known(key) => key.clone(),
            };
            format!(
                "{} {} {} {key}",
                party.kind, party.store_scoped, party.store_key
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "order true 1042 from SOPNUMBE",
            "customer true 77 W000077",
            "customer_address false W000077/WNEBG4KBLUC WNEBG4KBLUC",
            "customer_address false W000077/WGL3KQBZIHQ WGL3KQBZIHQ",
        ]
    );
    let last = walked.actions.iter().rev().nth(1).unwrap();
    let Action::WriteStore { what, .. } = last else {
        panic!("{last:?}");
    };
    assert!(
        format!("{what:?}").contains("Dynamics GP order ORDST2228"),
        "{what:?}"
    );
}

#[test]
fn every_element_tells_where_it_came_from() {
    let trace = World::new(order()).walk().trace();
    let node = |path: &str| {
        let found = trace.nodes.iter().find(|node| node.node.ends_with(path));
        found.unwrap().clone()
    };
    let element = |path: &str, name: &str| {
        let elements = node(path).elements;
        elements.into_iter().find(|e| e.element == name).unwrap()
    };
    let code = element("taCreateSopPaymentInsertRecord[1]", "AUTHCODE");
    assert_eq!(node("taCreateSopPaymentInsertRecord[1]").rule, "payment");
    assert_eq!(
        (code.source.as_ref(), code.from.as_ref()),
        ("path", "payment.code")
    );
    assert_eq!(code.reads[0].value.as_deref(), Some("CAP-1234567890123456"));
    assert_eq!(
        code.transforms,
        ["truncate 15: \"CAP-1234567890123456\" became \"CAP-12345678901\""]
    );
    let number = element("taSopHdrIvcInsert", "SOPNUMBE");
    assert_eq!((number.source.as_ref(), number.value), ("constant", None));
    let leftover = trace
        .variables
        .iter()
        .find(|variable| variable.name == "leftover")
        .unwrap();
    assert_eq!(leftover.value, "0.00");
    assert!(leftover.expression.contains("document_total"));
    assert!(leftover.reads.iter().any(|read| read.path == "freight"));
}

#[test]
fn a_guest_is_named_by_the_invoice_address() {
    let guest = with(
        order(),
        r#"{"customer": {"id": 77, "is_guest": true, "first_name": null, "last_name": null,
                          "email": null, "company": null},
            "billing_address/company": "Acme", "shipping_address": null}"#,
    );
    let world = World::new(guest);
    assert_eq!(
        rows(
            &world,
            "taUpdateCreateCustomerRcd",
            &["CUSTNMBR", "CUSTNAME", "CUSTCLAS", "UseCustomerClass"]
        ),
        ["CUSTNMBR=W000077 CUSTNAME=Acme CUSTCLAS=USA-ILMO-T1 UseCustomerClass=1"]
    );
    // One address, one node.
    let addresses = rows(
        &world,
        "taCreateCustomerAddress",
        &["ADDRESS1", "ADDRESS2", "STATE", "COUNTRY"],
    );
    assert_eq!(
        addresses,
        ["ADDRESS1=100 Main Street ADDRESS2=Suite 4 STATE=ND COUNTRY=United States"]
    );
    let header = world.walk().header();
    assert_eq!(header.text("PRBTADCD"), header.text("PRSTADCD"));
}

#[test]
fn the_same_address_typed_another_way_has_the_same_code() {
    let mut other = order();
    other["shipping_address"] = other["billing_address"].clone();
    other["shipping_address"]["address1"] = json!("  100  MAIN street ");
    let world = World::new(other);
    assert_eq!(
        rows(&world, "taCreateCustomerAddress", &["ADRSCODE"]).len(),
        1
    );
    let mut moved = order();
    moved["shipping_address"] = moved["billing_address"].clone();
    moved["shipping_address"]["phone_number"] = json!("1");
    assert_eq!(
        rows(&World::new(moved), "taCreateCustomerAddress", &["ADRSCODE"]).len(),
        2
    );
}

#[test]
fn what_gp_has_is_not_sent_again() {
    let mut world = World::new(order());
    world.links = crate::support::value(json!({
        "customer:77": {"gp_key": "W000077", "complete": true},
        "customer_address:W000077/WNEBG4KBLUC": {"gp_key": "WNEBG4KBLUC", "complete": true}}));
    let walked = world.walk();
    assert!(walked.nodes("taUpdateCreateCustomerRcd").is_empty());
    let codes = rows(&world, "taCreateCustomerAddress", &["ADRSCODE"]);
    assert_eq!(codes, ["ADRSCODE=WGL3KQBZIHQ"]);
    assert!(
        !walked
            .actions
            .iter()
            .any(|action| matches!(action, Action::ReserveLink { .. }))
    );
}

#[test]
fn an_order_in_gp_is_left_alone_unless_a_person_wants_it_anew() {
    let mut world = World::new(order());
    world.links =
        crate::support::value(json!({"order:1042": {"gp_key": "ORDST0009", "complete": true}}));
    assert_eq!(world.walk().stopped(), "Already in GP as ORDST0009.");
    world.generation = 2;
    let walked = world.walk();
    assert!(
        walked
            .actions
            .iter()
            .any(|action| matches!(action, Action::ExecuteDocument { generation: 2, .. }))
    );
}

#[test]
fn the_profile_says_how_many_next_batches_a_document_may_join() {
    let allowed = |profile: Json| {
        let mut world = World::new(order());
        if !profile.is_null() {
            world.profile["document"]["next_batches"] = profile;
        }
        let walked = world.walk();
        walked.actions.iter().find_map(|action| {
            if let Action::ExecuteDocument { next_batches, .. } = action {
                Some(*next_batches)
            } else {
                None
            }
        })
    };
    assert_eq!(allowed(Json::Null), Some(0));
    assert_eq!(allowed(json!(3)), Some(3));
    // A profile that was published before the check existed stops the order instead of guessing.
    assert_eq!(allowed(json!(12)), None);
}

#[test]
fn the_profile_says_what_becomes_of_a_closed_period() {
    let told = |profile: Json| {
        let mut world = World::new(order());
        if !profile.is_null() {
            world.profile["document"]["closed_period"] = profile;
        }
        let walked = world.walk();
        walked.actions.iter().find_map(|action| {
            if let Action::ExecuteDocument { closed_period, .. } = action {
                Some(*closed_period)
            } else {
                None
            }
        })
    };
    assert_eq!(told(Json::Null), Some(ClosedPeriod::Refuse));
    assert_eq!(told(json!("wait")), Some(ClosedPeriod::Wait));
    assert_eq!(
        told(json!("next_open_day")),
        Some(ClosedPeriod::NextOpenDay)
    );
    assert_eq!(told(json!("ignore")), None);
}

#[test]
fn customers_by_mail_and_one_web_customer() {
    let mut world = World::new(order());
    world.profile["customer"]["strategy"] = json!("email");
    let walked = world.walk();
    let mut reserved = walked.actions.iter().filter_map(|action| {
        let Action::ReserveLink {
            kind,
            store_scoped,
            store_key,
            gp_key,
            ..
        } = action
        else {
            return None;
        };
        Some(format!("{kind} {store_scoped} {store_key} {gp_key}"))
    });
    let number = reserved.next().unwrap();
    assert_eq!(number, "customer_number false W000077 anna@example.com");
    let reserve = reserved.next().unwrap();
    assert_eq!(reserve, "customer_email false anna@example.com W000077");
    world.profile["customer"]["strategy"] = json!("single");
    let walked = world.walk();
    assert!(walked.nodes("taUpdateCreateCustomerRcd").is_empty());
    assert_eq!(walked.header().text("CUSTNMBR"), Some("WEBCUST"));
    assert_eq!(walked.header().text("CUSTNAME"), Some("Anna Field"));
}

#[test]
fn a_number_that_is_another_customers_is_not_taken() {
    let mut world = World::new(order());
    world.number_owner = Some("other@example.com");
    let failure = world.walk().failure().clone();
    assert_eq!(failure.code, "customer_number_taken");
    assert!(failure.message.contains("W000077"), "{}", failure.message);
    // By e-mail the customer is another one, though the shop gave the id to both.
    world.profile["customer"]["strategy"] = json!("email");
    let walked = world.walk();
    let number = walked.header().text("CUSTNMBR").unwrap().to_owned();
    assert!(
        number.starts_with("W000077-") && number.len() == 12,
        "{number}"
    );
}

#[test]
fn discounts_of_line_subtotal_and_total() {
    // The line's own discount is in its price already; 10 off the subtotal, 5 off the total.
    let discounted = untaxed(
        r#"{"items/0/discount_amount_excl_tax": 20.00, "order_sub_total_discount_excl_tax": 10.00,
            "order_discount": 5.0000, "order_total": 153.94}"#,
    );
    assert_eq!(
        totals(&World::new(discounted)),
        "SUBTOTAL=156.94 FREIGHT=12.00 MISCAMNT=0.00 TAXAMNT=0.00 FRTTXAMT=0.00 MSCTXAMT=0.00 \
         TRDISAMT=15.00 DOCAMNT=153.94 PYMTRCVD=153.94"
    );
}

#[test]
fn gift_cards_are_a_deposit_or_a_discount() {
    let paid = untaxed(
        r#"{"gift_cards_used": [{"gift_card_id": 1, "used_value": 40.00},
                                {"gift_card_id": 2, "used_value": 10.0000}],
            "order_total": 118.94}"#,
    );
    let mut world = World::new(paid);
    assert_eq!(
        rows(&world, "taCreateSopPaymentInsertRecord", PAYMENTS),
        [
            "DOCAMNT=118.94 PYMTTYPE=3 CHEKBKID=UPTOWN TRUST CARDNAME=VISA AUTHCODE=CAP-12345678901",
            "DOCAMNT=50.00 PYMTTYPE=1 CHEKBKID=GIFT CARDS CARDNAME=- AUTHCODE=-",
        ]
    );
    assert!(totals(&world).ends_with("TRDISAMT=0.00 DOCAMNT=168.94 PYMTRCVD=168.94"));
    world.profile["gift_cards"]["as"] = json!("discount");
    assert!(totals(&world).ends_with("TRDISAMT=50.00 DOCAMNT=118.94 PYMTRCVD=118.94"));
}

#[test]
fn reward_points_are_a_discount_or_a_deposit() {
    let paid = untaxed(r#"{"reward_points_used_amount": 8.94, "order_total": 160.00}"#);
    let mut world = World::new(paid);
    assert!(totals(&world).ends_with("TRDISAMT=8.94 DOCAMNT=160.00 PYMTRCVD=160.00"));
    world.profile["reward_points"] =
        json!({"as": "deposit", "PYMTTYPE": 1, "CHEKBKID": "GIFT CARDS"});
    assert!(totals(&world).ends_with("TRDISAMT=0.00 DOCAMNT=168.94 PYMTRCVD=168.94"));
}

#[test]
fn credit_the_store_cannot_tell_of_follows_the_profile() {
    let untold = untaxed(
        r#"{"gift_cards_used": null, "reward_points_used_amount": null, "order_total": 118.94}"#,
    );
    let mut world = World::new(untold);
    assert!(totals(&world).ends_with("TRDISAMT=0.00 DOCAMNT=168.94 PYMTRCVD=168.94"));
    world.profile["unexplained_credit"] = json!("reward_points");
    assert!(totals(&world).ends_with("TRDISAMT=50.00 DOCAMNT=118.94 PYMTRCVD=118.94"));
    world.profile["unexplained_credit"] = json!("dead_letter");
    let failure = world.walk().failure().clone();
    assert_eq!(failure.code, "money_identity");
    assert!(
        failure.message.ends_with("differs by 50.00"),
        "{}",
        failure.message
    );
    // Too much asked for is never a credit.
    let over = untaxed(r#"{"gift_cards_used": null, "order_total": 168.97}"#);
    assert_eq!(dead(over).code, "money_identity");
}

#[test]
fn checkout_attributes_are_a_misc_charge() {
    let wrapped = untaxed(
        r#"{"checkout_attribute_description": "Gift wrapping: Yes [+$10.00]",
            "order_subtotal_excl_tax": 166.9368, "order_total": 178.94}"#,
    );
    assert_eq!(
        totals(&World::new(wrapped)),
        "SUBTOTAL=156.94 FREIGHT=12.00 MISCAMNT=10.00 TAXAMNT=0.00 FRTTXAMT=0.00 MSCTXAMT=0.00 \
         TRDISAMT=0.00 DOCAMNT=178.94 PYMTRCVD=178.94"
    );
    let unexplained = untaxed(r#"{"order_subtotal_excl_tax": 166.94, "order_total": 178.94}"#);
    let failure = dead(unexplained);
    assert_eq!(failure.code, "subtotal");
    assert!(
        failure.message.contains("differs by 10.00"),
        "{}",
        failure.message
    );
}

#[test]
fn checkout_attributes_explain_no_more_than_the_profile_lets_them() {
    let described = |subtotal: &str, total: &str| {
        untaxed(&format!(
            r#"{{"checkout_attribute_description": "Gift wrapping: Yes",
                "order_subtotal_excl_tax": {subtotal}, "order_total": {total}}}"#
        ))
    };
    let missing_line = dead(described("306.94", "318.94"));
    assert_eq!(missing_line.code, "checkout_attributes");
    assert!(
        missing_line.message.contains("differs by 150.00")
            && missing_line.message.contains("100.00"),
        "{}",
        missing_line.message
    );
    let mut world = World::new(described("306.94", "318.94"));
    world.profile["checkout_attributes"]["limit_cents"] = json!(15_000);
    assert!(
        totals(&world).contains("MISCAMNT=150.00"),
        "{}",
        totals(&world)
    );
    let less = dead(described("146.94", "158.94"));
    assert_eq!(less.code, "checkout_attributes");
    assert!(
        less.message.contains("differs by -10.00"),
        "{}",
        less.message
    );
}

#[test]
fn tax_rates_that_do_not_make_the_tax_say_so() {
    let gap = with(
        order(),
        r#"{"tax_rates": [{"rate": 8.25, "amount": 10.94}], "order_tax": 13.94}"#,
    );
    let failure = dead(gap);
    assert_eq!(failure.code, "tax_gap");
    assert!(
        failure.message.contains("make 10.94") && failure.message.contains("differs by 3.00"),
        "{}",
        failure.message
    );
    // Shipping alone has more tax at 20 % than the order has at that rate.
    let short = with(
        two_rates(),
        r#"{"tax_rates": [{"rate": 5.0000, "amount": 27.2318}, {"rate": 20.0000, "amount": 1.00}]}"#,
    );
    let failure = dead(short);
    assert_eq!(failure.code, "tax_split");
    for said in ["At 20", "1.00", "2.40", "-1.40"] {
        assert!(failure.message.contains(said), "{}", failure.message);
    }
}

#[test]
fn a_cent_that_rounding_takes_from_a_rate_is_no_negative_tax() {
    let world = World::new(with(
        two_rates(),
        r#"{"tax_rates": [{"rate": 5.0000, "amount": 25.8418}, {"rate": 20.0000, "amount": 2.39}]}"#,
    ));
    assert_eq!(
        rows(&world, "taSopLineIvcTaxInsert", TAXES),
        [
            "TAXTYPE=0 TAXDTLID=UKVAT-RED STAXAMNT=25.83 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=1 TAXDTLID=UKVAT-STD STAXAMNT=- FRTTXAMT=2.40 MSCTXAMT=-",
        ]
    );
}

#[test]
fn a_payment_fee_with_its_tax() {
    let charged = with(
        order(),
        r#"{"payment_method_system_name": "Payments.CashOnDelivery", "payment_status": "Pending",
            "payment_method_additional_fee_excl_tax": 3.50,
            "payment_method_additional_fee_incl_tax": 3.79,
            "tax_rates": [{"rate": 8.25, "amount": 14.23}], "order_tax": 14.23,
            "order_total": 186.67}"#,
    );
    let world = World::new(charged);
    assert_eq!(
        totals(&world),
        // Pending: nothing is received.
        "SUBTOTAL=156.94 FREIGHT=12.00 MISCAMNT=3.50 TAXAMNT=12.95 FRTTXAMT=0.99 MSCTXAMT=0.29 \
         TRDISAMT=0.00 DOCAMNT=186.67 PYMTRCVD=0"
    );
    let taxes = rows(&world, "taSopLineIvcTaxInsert", TAXES);
    assert_eq!(
        taxes[4..],
        [
            "TAXTYPE=2 TAXDTLID=USND-STATE STAXAMNT=- FRTTXAMT=- MSCTXAMT=0.18",
            "TAXTYPE=2 TAXDTLID=USND-FARGO STAXAMNT=- FRTTXAMT=- MSCTXAMT=0.11",
        ]
    );
}

/// Two rates of the United Kingdom; shipping is taxed at the higher one.
fn two_rates() -> Json {
    let country = r#"{"name": "United Kingdom", "two_letter_iso_code": "GB",
                      "three_letter_iso_code": "GBR"}"#;
    with(
        order(),
        &format!(
            r#"{{"shipping_address/country": {country}, "shipping_address/state": null,
                 "shipping_address/zip_postal_code": "SW1A 1AA",
                 "order_shipping_incl_tax": 14.40,
                 "tax_rates": [{{"rate": 5.0000, "amount": 1.8518}},
                               {{"rate": 20.0000, "amount": 26.3800}}],
                 "order_tax": 28.2318, "order_total": 197.17}}"#
        ),
    )
}

#[test]
fn two_tax_rates_make_rows_by_rate() {
    let world = World::new(two_rates());
    assert_eq!(
        rows(&world, "taSopLineIvcTaxInsert", TAXES),
        [
            "TAXTYPE=0 TAXDTLID=UKVAT-RED STAXAMNT=1.85 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=0 TAXDTLID=UKVAT-STD STAXAMNT=23.98 FRTTXAMT=- MSCTXAMT=-",
            "TAXTYPE=1 TAXDTLID=UKVAT-STD STAXAMNT=- FRTTXAMT=2.40 MSCTXAMT=-",
        ]
    );
    assert_eq!(
        totals(&world),
        "SUBTOTAL=156.94 FREIGHT=12.00 MISCAMNT=0.00 TAXAMNT=25.83 FRTTXAMT=2.40 MSCTXAMT=0.00 \
         TRDISAMT=0.00 DOCAMNT=197.17 PYMTRCVD=197.17"
    );
    assert_eq!(world.walk().header().text("TAXSCHID"), Some("UKVAT"));
}

#[test]
fn without_tax_there_is_no_schedule_and_no_row() {
    let world = World::new(untaxed("{}"));
    let walked = world.walk();
    assert_eq!(walked.header().get("TAXSCHID"), None);
    assert!(walked.nodes("taSopLineIvcTaxInsert").is_empty());
}

#[test]
fn an_unknown_tax_names_country_state_and_rate() {
    let oregon = with(
        order(),
        r#"{"shipping_address/state": {"name": "Oregon", "abbreviation": "OR"},
            "shipping_address/zip_postal_code": "97201"}"#,
    );
    let failure = dead(oregon);
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (FailureClass::BusinessRule, "unknown_tax")
    );
    assert_eq!(
        failure.message,
        "No tax rule fits country US, state OR, county nothing, postcode 97201 at 8.25 %"
    );
    assert!(
        failure.faults[0]
            .repair
            .starts_with("Add a rule for country US, state OR, rate 8.25")
    );
    // The state is right, the postcode outside the rule's range.
    let elsewhere = with(order(), r#"{"shipping_address/zip_postal_code": "59001"}"#);
    assert_eq!(dead(elsewhere).code, "unknown_tax");
    let reduced = with(order(), r#"{"tax_rates": [{"rate": 7, "amount": 13.94}]}"#);
    assert!(dead(reduced).message.ends_with("at 7 %"));
    let unsaid = with(order(), r#"{"tax_rates": []}"#);
    assert_eq!(dead(unsaid).code, "tax_rates_missing");
}

#[test]
fn what_is_picked_up_belongs_to_the_bill_to() {
    let picked = untaxed(
        r#"{"pickup_in_store": true, "shipping_address": null, "shipping_method": "In-Store Pickup",
            "order_shipping_excl_tax": 0, "order_shipping_incl_tax": 0, "order_total": 156.94,
            "pickup_address": {"address1": "Shop", "city": "Fargo"}}"#,
    );
    let header = World::new(picked).walk().header();
    assert_eq!(
        shown(&header, &["SHIPMTHD", "ADDRESS1", "FREIGHT", "DOCAMNT"]),
        "SHIPMTHD=PICKUP ADDRESS1=100 Main Street FREIGHT=0.00 DOCAMNT=156.94"
    );
    assert_eq!(header.text("PRBTADCD"), header.text("PRSTADCD"));
}

#[test]
fn a_free_order_has_no_payment() {
    let free = untaxed(
        r#"{"order_sub_total_discount_excl_tax": 156.94, "order_shipping_excl_tax": 0,
            "order_shipping_incl_tax": 0, "order_total": 0.0000,
            "payment_method_system_name": null}"#,
    );
    let world = World::new(free);
    assert!(totals(&world).ends_with("TRDISAMT=156.94 DOCAMNT=0.00 PYMTRCVD=0"));
    assert!(
        world
            .walk()
            .nodes("taCreateSopPaymentInsertRecord")
            .is_empty()
    );
}

#[test]
fn a_missing_sku_names_the_line() {
    let failure = dead(with(order(), r#"{"items/1/sku": " "}"#));
    let fault = &failure.faults[0];
    assert_eq!(failure.code, "missing_sku");
    assert_eq!(fault.message, "Line 2 (Ear Clip) has no SKU");
    assert_eq!(fault.field.as_deref(), Some("order.items[1].sku"));
    assert!(fault.repair.contains("SKU of the GP item"));
    // Everything wrong is told at once.
    let both = dead(with(
        order(),
        r#"{"items/0/sku": null, "items/1/sku": null}"#,
    ));
    assert_eq!(both.faults.len(), 2);
}

#[test]
fn a_number_too_long_names_field_value_and_repair() {
    let long = "X".repeat(18);
    let failure = dead(with(
        order(),
        &format!(r#"{{"custom_order_number": "{long}"}}"#),
    ));
    let fault = &failure.faults[0];
    assert_eq!(failure.class, FailureClass::InvalidData);
    assert_eq!(fault.field.as_deref(), Some("CSTPONBR"));
    assert_eq!(fault.value.as_deref(), Some(format!("N1-{long}").as_str()));
    assert!(fault.message.contains("20"), "{}", fault.message);
    assert!(
        fault.repair.contains("order_number.prefix"),
        "{}",
        fault.repair
    );
}

#[test]
fn the_buyers_own_number_if_the_profile_says_so() {
    let ordered = with(order(), r#"{"custom_values": {"PO Number": "77120"}}"#);
    let mut world = World::new(ordered);
    assert_eq!(world.walk().header().text("CSTPONBR"), Some("N1-1042"));
    world.profile["order_number"]["buyer_po"] = json!(true);
    assert_eq!(world.walk().header().text("CSTPONBR"), Some("77120"));
}

#[test]
fn what_is_rightly_left_alone() {
    let stopped = |changes: &str| {
        World::new(with(order(), changes))
            .walk()
            .stopped()
            .to_owned()
    };
    assert_eq!(
        stopped(r#"{"deleted": true}"#),
        "The order was deleted in the store."
    );
    assert_eq!(
        stopped(r#"{"order_status": "Cancelled"}"#),
        "The order was cancelled in the store."
    );
    let early = r#"{"created_on_utc": "2025-12-31T23:59:59Z"}"#;
    assert!(stopped(early).contains("before the go-live point 2026-01-01T00:00:00Z"));
    let before = r#"{"created_on_utc": "2026-01-10T00:00:00Z"}"#;
    assert!(stopped(before).contains("before the store was connected"));
    for source in [Source::Manual, Source::Replay] {
        let mut world = World::new(with(order(), early));
        world.source = source;
        assert!(
            matches!(world.walk().last(), Action::Succeed { .. }),
            "a person asked"
        );
    }
}

#[test]
fn the_profile_says_when_an_order_is_taken() {
    let mut world = World::new(with(order(), r#"{"payment_status": "Pending"}"#));
    world.profile["trigger"] = json!("order.paid");
    assert_eq!(
        world.walk().stopped(),
        "The profile takes orders at order.paid, not at order.placed."
    );
    world.source = Source::Poll;
    assert!(world.walk().stopped().contains("payment is Pending"));
    world.topic = "order.paid";
    world.source = Source::Webhook;
    assert!(world.walk().stopped().contains("payment is Pending"));
    world.order["payment_status"] = json!("Paid");
    assert!(matches!(world.walk().last(), Action::Succeed { .. }));
}

#[test]
fn money_that_does_not_add_up_says_by_how_much() {
    let failure = dead(with(order(), r#"{"order_total": 182.9100}"#));
    assert_eq!(failure.code, "money_identity");
    assert_eq!(
        failure.message,
        "The order's parts make 182.88, its total is 182.91: differs by 0.03"
    );
    let fault = &failure.faults[0];
    assert_eq!(fault.field.as_deref(), Some("order.order_total"));
    assert_eq!(fault.value.as_deref(), Some("182.9100"));
}

/// Three lines of 1.115 each: rounded 1.12 each, together 3.35 by the store.
fn leaving_a_cent() -> Json {
    let line = |id: i32| {
        format!(
            r#"{{"id": {id}, "sku": "A{id}", "product_name": "A", "quantity": 1,
                 "price_excl_tax": 1.1150, "price_incl_tax": 1.1150}}"#
        )
    };
    let items = format!("[{},{},{}]", line(1), line(2), line(3));
    untaxed(&format!(
        r#"{{"items": {items}, "order_subtotal_excl_tax": 3.3450, "order_total": 15.35}}"#
    ))
}

#[test]
fn what_rounding_leaves_goes_where_the_profile_says() {
    let mut world = World::new(leaving_a_cent());
    let extended = rows(&world, "taSopLineIvcInsert", &["XTNDPRCE", "UNITPRCE"]);
    assert_eq!(
        extended,
        [
            "XTNDPRCE=1.11 UNITPRCE=1.11",
            "XTNDPRCE=1.12 UNITPRCE=1.12",
            "XTNDPRCE=1.12 UNITPRCE=1.12",
        ]
    );
    world.profile["rounding"]["leftover"] = json!("misc");
    assert_eq!(
        totals(&world),
        // A charge cannot be below nothing: the cent is a discount.
        "SUBTOTAL=3.36 FREIGHT=12.00 MISCAMNT=0.00 TAXAMNT=0.00 FRTTXAMT=0.00 MSCTXAMT=0.00 \
         TRDISAMT=0.01 DOCAMNT=15.35 PYMTRCVD=15.35"
    );
    world.profile["rounding"]["leftover"] = json!("dead_letter");
    let failure = world.walk().failure().clone();
    assert_eq!(failure.code, "rounding");
    assert!(
        failure.message.starts_with("Rounding leaves -0.01;"),
        "{}",
        failure.message
    );
    world.profile["rounding"] = json!({"leftover": "largest_line", "limit_cents": 0});
    assert_eq!(world.walk().failure().code, "rounding");
}

#[test]
fn letters_gp_does_not_have_are_written_with_ones_it_has() {
    let polish = with(
        order(),
        r#"{"billing_address/city": "Łódź", "customer/last_name": "Żółć"}"#,
    );
    let world = World::new(polish);
    let customer = rows(&world, "taUpdateCreateCustomerRcd", &["CUSTNAME", "CITY"]);
    assert_eq!(customer, ["CUSTNAME=Anna Zólc CITY=Lódz"]);
    let trace = world.walk().trace();
    let notes: Vec<&String> = trace
        .nodes
        .iter()
        .flat_map(|node| &node.elements)
        .flat_map(|element| &element.transforms)
        .collect();
    assert!(
        notes
            .iter()
            .any(|note| *note == "cp1252: \"Łódź\" became \"Lódz\""),
        "{notes:?}"
    );
    let failure = dead(with(order(), r#"{"billing_address/city": "東京"}"#));
    assert_eq!(failure.faults[0].field.as_deref(), Some("CITY"));
    assert_eq!(failure.faults[0].value.as_deref(), Some("東京"));
}

#[test]
fn settings_that_are_missing_are_named() {
    let code = |change: fn(&mut Json)| {
        let mut world = World::new(order());
        change(&mut world.profile);
        world.walk().failure().clone().code
    };
    assert_eq!(
        code(|profile| profile["currencies"] = json!({})),
        "unknown_currency"
    );
    assert_eq!(
        code(|profile| profile["payments"] = json!([])),
        "unknown_payment"
    );
    assert_eq!(
        code(|profile| profile["prices"]["use"] = json!("gross")),
        "prices_unsupported"
    );
    assert_eq!(
        code(|profile| profile["customer"] = json!({})),
        "profile_customer"
    );
    assert_eq!(
        code(|profile| profile["user_defined"][0]["element"] = json!("USERDEF9")),
        "unknown_element"
    );
    assert_eq!(
        code(|profile| profile["document"]["batch"] = json!("A{yyyyMMdd}{yyyyMMdd}")),
        "econnect_limits"
    );
    assert_eq!(
        code(|profile| profile["document"]["document_id"] = Json::Null),
        "econnect_limits"
    );
}

#[test]
fn amounts_the_store_does_not_give_are_named() {
    let failure = dead(with(order(), r#"{"order_tax": null}"#));
    assert_eq!(failure.code, "missing_amount");
    assert_eq!(failure.faults[0].field.as_deref(), Some("order.order_tax"));
    let failure = dead(with(order(), r#"{"billing_address": null}"#));
    assert_eq!(failure.code, "missing_address");
}

#[test]
fn the_packaged_mapping_warns_of_nothing() {
    let mapping = mapping::compile(templates::ORDER_TO_SOP_MAPPING, &Lookups::new()).unwrap();
    let warnings: Vec<String> = mapping.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, [""; 0]);
}
