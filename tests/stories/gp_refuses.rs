//! GP refuses: the dead letter says field, value and repair; after the cause is fixed it is replayed.

use connect_tests::harness::world::{COMPANY, World};
use serde_json::{Value, json};

use super::support::{LIMIT, dead_letter_of, documents_of, run_of, world};

async fn refused(world: &World, fault: Value, code: &str) -> (Value, Value) {
    world.gp.fault(&fault).await.unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    let letter = dead_letter_of(world, &order).await;
    world.gp.clear_faults().await.unwrap();
    let faults = letter["failure"]["faults"].as_array().unwrap().clone();
    let fault = faults.iter().find(|fault| fault["code"] == code).cloned();
    let fault = fault.unwrap_or_else(|| panic!("no fault {code} in {letter}"));
    assert!(
        documents_of(world, &order).await.is_empty(),
        "a refused document left rows"
    );
    (order, fault)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_becomes_a_dead_letter_with_words_and_repair() {
    let world = world().await;
    let codes = [
        ("taSopHdrIvcInsert", 67),
        ("taSopHdrIvcInsert", 235),
        ("taSopLineIvcInsert", 722),
        ("taSopHdrIvcInsert", 2221),
        ("taSopLineIvcInsert", 9370),
        ("taSopHdrIvcInsert", 9539),
        ("taSopLineIvcInsert", 4776),
    ];
    for (procedure, code) in codes {
        let fault = json!({"procedure": procedure, "when": "before", "kind": "error", "code": code, "times": 1});
        let (_, fault) = refused(&world, fault, &code.to_string()).await;
        assert!(
            fault["node"]
                .as_str()
                .is_some_and(|node| node.contains(procedure)),
            "{fault}"
        );
        assert!(
            fault["message"]
                .as_str()
                .is_some_and(|text| text.len() > 10),
            "{fault}"
        );
        assert!(
            fault["repair"].as_str().is_some_and(|text| text.len() > 10),
            "{fault}"
        );
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_cause_names_the_field_and_value_and_replay_brings_the_order_in() {
    let world = world().await;
    let sql = "UPDATE SOP40200 SET DOCID = 'STDORDX' WHERE DOCID = 'STDORD'";
    world.gp.sql(COMPANY, sql).await.unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    let letter = dead_letter_of(&world, &order).await;
    assert!(letter.to_string().contains("STDORD"), "{letter}");
    assert!(letter.to_string().contains("DOCID"), "{letter}");
    let sql = "UPDATE SOP40200 SET DOCID = 'STDORD' WHERE DOCID = 'STDORDX'";
    world.gp.sql(COMPANY, sql).await.unwrap();
    let id = letter["run_id"].as_str().or(letter["id"].as_str()).unwrap();
    let path = format!("/dead-letters/{id}/replay");
    world
        .api
        .post(&path, &json!({"from": "start"}))
        .await
        .unwrap();
    run_of(&world, &order, "succeeded").await;
    assert_eq!(documents_of(&world, &order).await.len(), 1);
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_procedure_that_rolls_back_by_itself_leaves_nothing_and_is_noticed() {
    let world = world().await;
    let fault = json!({"procedure": "taSopLineIvcInsert", "when": "after", "kind": "rollback_return_0", "times": 1});
    world.gp.fault(&fault).await.unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    world.settled(1, LIMIT).await.unwrap();
    let lines = world.gp.table(COMPANY, "SOP10200").await.unwrap();
    let headers = world.gp.table(COMPANY, "SOP10100").await.unwrap();
    for line in &lines {
        assert!(
            headers
                .iter()
                .any(|header| header["SOPNUMBE"] == line["SOPNUMBE"]),
            "orphan {line}"
        );
    }
    assert!(documents_of(&world, &order).await.len() <= 1);
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_deadlocks_are_retried_on_the_spot() {
    let world = world().await;
    for kind in ["deadlock", "lock_timeout"] {
        let fault =
            json!({"procedure": "taSopHdrIvcInsert", "when": "before", "kind": kind, "times": 1});
        world.gp.fault(&fault).await.unwrap();
        let order = world.shop.place(1, "any").await.unwrap().remove(0);
        run_of(&world, &order, "succeeded").await;
        assert_eq!(documents_of(&world, &order).await.len(), 1);
        world.gp.clear_faults().await.unwrap();
    }
    world.end(false).await.unwrap();
}
