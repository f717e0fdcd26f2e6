//! What the profile decides: customers, order numbers, rounding, document numbers, go-live, taxes.

use std::collections::BTreeSet;

use connect_tests::harness::database::Choice;
use connect_tests::harness::world::{COMPANY, Options, World, fixture};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::support::{
    LIMIT, databases, dead_letter_of, documents, documents_of, judged, look_through, plain, replay,
    run_of, start,
};

fn profile(change: impl FnOnce(&mut Value)) -> Value {
    let mut profile = fixture("profile.json").unwrap();
    change(&mut profile);
    profile
}

async fn under(profile: &Value, database: Choice, flavour: &str) -> World {
    start(Options {
        profile: Some(profile.clone()),
        database,
        flavour: flavour.into(),
        ..Options::default()
    })
    .await
}

/// Different values of a column.
fn values(rows: &[Value], column: &str) -> BTreeSet<String> {
    rows.iter().map(|row| plain(&row[column])).collect()
}

fn amount(value: &Value) -> Decimal {
    plain(value).parse().unwrap()
}

async fn customers(world: &World) -> usize {
    world.gp.table(COMPANY, "RM00101").await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_orders_of_a_new_customer_at_once_make_one_customer_by_e_mail() {
    let by_email = profile(|profile| {
        profile["customer"] = json!({"strategy": "email", "prefix": "E", "class": "USA-ILMO-T1"});
    });
    for database in databases() {
        let world = under(&by_email, database, "official").await;
        let before = customers(&world).await;
        let pair = world.shop.place(2, "new_customer_pair").await.unwrap();
        world.settled(2, LIMIT).await.unwrap();
        let mut found = Vec::new();
        for order in &pair {
            run_of(&world, order, "succeeded").await;
            found.extend(documents_of(&world, order).await);
        }
        assert_eq!((found.len(), values(&found, "CUSTNMBR").len()), (2, 1));
        assert_eq!(customers(&world).await, before + 1);
        world.shop.place(20, "any").await.unwrap();
        world.settled(22, LIMIT).await.unwrap();
        judged(&world, &by_email, 22).await;
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_orders_go_to_one_web_customer_where_the_profile_says_so() {
    let single = profile(|profile| {
        profile["customer"] = json!({"strategy": "single", "single": "WEBCUST"});
    });
    let world = under(&single, Choice::Sqlite, "opensource").await;
    let before = customers(&world).await;
    world.shop.place(10, "any").await.unwrap();
    world.settled(10, LIMIT).await.unwrap();
    let found = documents(&world).await;
    assert_eq!(values(&found, "CUSTNMBR"), ["WEBCUST".to_owned()].into());
    assert_eq!(customers(&world).await, before);
    judged(&world, &single, 10).await;
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyers_own_number_is_the_purchase_order_where_the_profile_says_so() {
    let own = profile(|profile| profile["order_number"]["buyer_po"] = json!(true));
    let world = under(&own, Choice::Sqlite, "official").await;
    let order = world.shop.place(1, "po_number").await.unwrap().remove(0);
    world.shop.place(3, "simple").await.unwrap();
    let run = run_of(&world, &order, "succeeded").await;
    world.settled(4, LIMIT).await.unwrap();
    let order = world.shop.order(&plain(&order["id"])).await.unwrap();
    let number = order["po_number"].as_str().unwrap();
    let found = documents(&world).await;
    let document = found.iter().find(|row| row["SOPNUMBE"] == run["gp_key"]);
    assert_eq!(document.unwrap()["CSTPONBR"], number);
    judged(&world, &own, 4).await;
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rounding_leaves_becomes_a_misc_charge_where_the_profile_says_so() {
    let misc = profile(|profile| profile["rounding"]["leftover"] = json!("misc"));
    let world = under(&misc, Choice::Sqlite, "opensource").await;
    let placed = world.shop.place(100, "four_decimals").await.unwrap();
    world.settled(100, LIMIT).await.unwrap();
    judged(&world, &misc, 100).await;
    let mut charged = 0;
    for order in &placed {
        let document = documents_of(&world, order).await.remove(0);
        let order = world.shop.order(&plain(&order["id"])).await.unwrap();
        let told = |field: &str| amount(&order[field]);
        let asked = told("payment_method_additional_fee_excl_tax");
        let given = told("order_sub_total_discount_excl_tax") + told("order_discount");
        let left = amount(&document["MISCAMNT"]) - asked - amount(&document["TRDISAMT"]) + given;
        assert!(left.abs() < Decimal::ONE, "{document}");
        charged += usize::from(!left.is_zero());
    }
    assert!(charged > 0, "no order left anything, so nothing was shown");
    world.end(false).await.unwrap();
}

/// GP values them by the rate of the day; what the shop asked for stays in the shop's currency.
#[tokio::test(flavor = "multi_thread")]
async fn orders_go_to_gp_in_the_currency_that_the_profile_gives_the_shops() {
    let euros = profile(|profile| profile["currencies"]["USD"]["CURNCYID"] = json!("Z-EURO"));
    let rate = Decimal::new(11_703, 4);
    let world = under(&euros, Choice::Sqlite, "opensource").await;
    let mut placed = world.shop.place(20, "simple").await.unwrap();
    placed.extend(world.shop.place(20, "four_decimals").await.unwrap());
    world.settled(40, LIMIT).await.unwrap();
    for order in &placed {
        run_of(&world, order, "succeeded").await;
    }
    let sides = world.gp.table(COMPANY, "SOP10102").await.unwrap();
    for order in &placed {
        let documents = documents_of(&world, order).await;
        let order = world.shop.order(&plain(&order["id"])).await.unwrap();
        let [document] = documents.as_slice() else {
            panic!("{documents:?}");
        };
        assert_eq!(plain(&document["CURNCYID"]), "Z-EURO");
        assert_eq!(amount(&document["XCHGRATE"]), rate);
        assert_eq!(amount(&document["ORDOCAMT"]), amount(&order["order_total"]));
        let valued = (amount(&document["ORDOCAMT"]) * rate)
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        assert_eq!(amount(&document["DOCAMNT"]), valued);
        assert_eq!(
            amount(&document["ACCTAMNT"]).is_zero(),
            amount(&document["ORACTAMT"]).is_zero(),
            "{document}"
        );
        let number = plain(&document["SOPNUMBE"]);
        let booked = sides.iter().filter(|row| plain(&row["SOPNUMBE"]) == number);
        let booked: Vec<_> = booked.collect();
        for (debit, credit) in [("DEBITAMT", "CRDTAMNT"), ("ORDBTAMT", "ORCRDAMT")] {
            let sum = |column: &str| {
                booked
                    .iter()
                    .map(|row| amount(&row[column]))
                    .sum::<Decimal>()
            };
            assert_eq!(sum(debit), sum(credit), "{booked:?}");
            assert!(sum(debit) > Decimal::ZERO);
        }
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn gapless_numbers_have_no_gap_though_an_order_was_refused() {
    for gapless in [true, false] {
        let wish = profile(|profile| profile["document"]["gapless"] = json!(gapless));
        let world = under(&wish, Choice::Sqlite, "opensource").await;
        // Found by the procedure of the header, with the number taken.
        let unknown = "UPDATE SY03000 SET SHIPMTHD = 'X' + RTRIM(SHIPMTHD)";
        world.gp.sql(COMPANY, unknown).await.unwrap();
        let refused = world.shop.place(1, "simple").await.unwrap().remove(0);
        let letter = dead_letter_of(&world, &refused).await;
        let known = "UPDATE SY03000 SET SHIPMTHD = SUBSTRING(SHIPMTHD, 2, 14)";
        world.gp.sql(COMPANY, known).await.unwrap();
        world.shop.place(8, "any").await.unwrap();
        world.settled(9, LIMIT).await.unwrap();
        let numbers = values(&documents(&world).await, "SOPNUMBE");
        let first = if gapless { 2228 } else { 2229 };
        let row: BTreeSet<String> = (first..first + 8).map(|n| format!("ORDST{n}")).collect();
        assert_eq!(numbers, row, "gapless: {gapless}");
        replay(&world, &letter).await;
        let run = run_of(&world, &refused, "succeeded").await;
        let number = if gapless { "ORDST2236" } else { "ORDST2228" };
        assert_eq!(run["gp_key"], number, "gapless: {gapless}");
        judged(&world, &wish, 9).await;
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_before_the_go_live_point_come_only_by_hand() {
    let later = profile(|profile| profile["go_live"] = json!("2099-01-01T00:00:00Z"));
    let world = under(&later, Choice::Sqlite, "opensource").await;
    let placed = world.shop.place(3, "simple").await.unwrap();
    world.settled(3, LIMIT).await.unwrap();
    look_through(&world).await;
    assert!(documents(&world).await.is_empty());
    let store = &world.tenancy.store_id;
    let wanted = &placed[1];
    let import = format!("/stores/{store}/orders/{}/import", plain(&wanted["id"]));
    world.api.post(&import, &json!({})).await.unwrap();
    run_of(&world, wanted, "succeeded").await;
    world.settled(4, LIMIT).await.unwrap();
    let found = values(&documents(&world).await, "CSTPONBR");
    let number = format!("N1-{}", plain(&wanted["custom_order_number"]));
    assert_eq!(found, [number].into());
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_county_decides_which_taxes_they_are() {
    let plain_profile = profile(|_| {});
    let world = under(&plain_profile, Choice::Sqlite, "official").await;
    world.shop.place(8, "county").await.unwrap();
    world.settled(8, LIMIT).await.unwrap();
    let schedules = values(&documents(&world).await, "TAXSCHID");
    assert!(schedules.contains("USAOHCUY"), "{schedules:?}");
    let taxes = world.gp.table(COMPANY, "SOP10105").await.unwrap();
    let details = values(&taxes, "TAXDTLID");
    assert!(details.contains("USOH-CUYAHOGA"), "{details:?}");
    judged(&world, &plain_profile, 8).await;
    world.end(false).await.unwrap();
}
