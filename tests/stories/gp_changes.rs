//! What changes in GP is seen in the cloud soon, once, whoever dies meanwhile.

use connect_tests::harness::api::items;
use connect_tests::harness::database::Choice;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{COMPANY, Options, World};
use serde_json::{Value, json};

use super::support::{LIMIT, run_of, start};

async fn want(world: &World, watcher: &str) {
    let company = &world.tenancy.company_id;
    let path = format!("/companies/{company}/watchers/{watcher}");
    let often = json!({"interval_ms": 250});
    world.api.put(&path, &often).await.unwrap();
}

async fn changes(world: &World) -> Vec<Value> {
    let company = &world.tenancy.company_id;
    let path = format!("/companies/{company}/changes?limit=200");
    let listed = world.api.get(&path).await.unwrap();
    items(&listed)
}

/// The changes, once so many are there.
async fn so_many(world: &World, count: usize) -> Vec<Value> {
    let found = wait_for("changes in GP", LIMIT, || async {
        let found = changes(world).await;
        Ok((found.len() >= count).then_some(found))
    });
    let found = found.await.unwrap();
    assert_eq!(found.len(), count, "{found:?}");
    found
}

async fn set(world: &World, item: &str, on_hand: u32) {
    let sql = format!(
        "UPDATE IV00102 SET QTYONHND = {on_hand} \
         WHERE ITEMNMBR = '{item}' AND LOCNCODE = 'WAREHOUSE'"
    );
    world.gp.sql(COMPANY, &sql).await.unwrap();
}

/// What is there when watching begins did not change: a change is made until one is seen.
async fn begun(world: &World) {
    let mut on_hand = 1;
    let seen = wait_for("the first change", LIMIT, || {
        on_hand += 1;
        async move {
            set(world, "HA100G", on_hand).await;
            Ok((!changes(world).await.is_empty()).then_some(()))
        }
    });
    seen.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_moves_in_gp_is_told_once_on_both_databases() {
    for database in [Choice::Sqlite, Choice::Postgres] {
        let options = Options {
            database,
            ..Options::default()
        };
        let mut world = start(options).await;
        want(&world, "item_quantities").await;
        begun(&world).await;
        // A cloud that ends well leaves nothing half told.
        world.cloud.stop().await.unwrap();
        world.restart_cloud(&[]).await.unwrap();
        set(&world, "CORDG", 7).await;
        let of = |found: &[Value], item: &str| -> Vec<Value> {
            let of_item = found
                .iter()
                .filter(|change| change["key"]["ITEMNMBR"] == item);
            of_item.cloned().collect()
        };
        let seen = wait_for("the change", LIMIT, || async {
            let found = of(&changes(&world).await, "CORDG");
            Ok((!found.is_empty()).then_some(found))
        });
        let seen = seen.await.unwrap();
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0]["record"]["QTYONHND"], "7.00000");
        assert_eq!(
            (&seen[0]["watcher"], &seen[0]["own"]),
            (&json!("item_quantities"), &json!(false))
        );
        // The agent dies; what happens meanwhile is told when it is back.
        let before = changes(&world).await.len();
        world.agent.kill().unwrap();
        set(&world, "CORDG", 6).await;
        set(&world, "100XLG", 5).await;
        world.restart_agent(&[]).unwrap();
        let found = so_many(&world, before + 2).await;
        assert_eq!(of(&found, "CORDG").len(), 2, "{found:?}");
        assert_eq!(of(&found, "100XLG")[0]["record"]["QTYONHND"], "5.00000");
        world.end(false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_watcher_does_is_shown() {
    let world = start(Options::default()).await;
    want(&world, "customers").await;
    want(&world, "horoscopes").await;
    let path = format!("/companies/{}/watchers", world.tenancy.company_id);
    let seen = wait_for("both watchers to be reported", LIMIT, || async {
        let listed = items(&world.api.get(&path).await?);
        let [customers, horoscopes] = listed.as_slice() else {
            anyhow::bail!("{listed:?}");
        };
        let both = customers["last_full_read"].is_object() && horoscopes["problem"].is_string();
        Ok(both.then(|| (customers.clone(), horoscopes.clone())))
    });
    let (customers, horoscopes) = seen.await.unwrap();
    assert_eq!(
        (&customers["means"], &customers["problem"]),
        (&json!("stamps"), &Value::Null)
    );
    let rows = world.gp.table(COMPANY, "RM00101").await.unwrap().len();
    assert_eq!(customers["last_full_read"]["rows_seen"], rows);
    assert_eq!(horoscopes["means"], Value::Null);
    let problem = horoscopes["problem"].as_str().unwrap_or_default();
    assert!(problem.contains("update the agent"), "{problem}");
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_connect_wrote_shows_as_its_own_and_what_a_user_types_does_not() {
    let world = start(Options::default()).await;
    want(&world, "sales_documents").await;
    let order = world.shop.place(1, "simple").await.unwrap().remove(0);
    let run = run_of(&world, &order, "succeeded").await;
    let typed = "INSERT INTO SOP10100 (SOPTYPE, SOPNUMBE, DOCID, CUSTNMBR, DOCDATE) \
                 VALUES (2, 'TYPED1', 'STDORD', 'AARONFIT0001', '2026-03-05')";
    // Written before the first look, a document is nothing new: so both are touched again.
    let touch = "UPDATE SOP10100 SET CNTCPRSN = CASE CNTCPRSN WHEN 'Ann' THEN 'Bob' ELSE 'Ann' END";
    world.gp.sql(COMPANY, typed).await.unwrap();
    let seen = wait_for("both documents", LIMIT, || async {
        world.gp.sql(COMPANY, touch).await.unwrap();
        let found = changes(&world).await;
        let own = |number: &str| {
            let mut of_document = found.iter().filter(|c| c["key"]["SOPNUMBE"] == number);
            of_document.next().map(|change| change["own"].clone())
        };
        let number = run["gp_key"].as_str().unwrap_or_default();
        Ok(own(number).zip(own("TYPED1")))
    });
    assert_eq!(seen.await.unwrap(), (json!(true), json!(false)));
    world.end(false).await.unwrap();
}
