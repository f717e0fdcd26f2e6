//! What callers are told when units of work, or the commit they share, go wrong.

use futures::future::join_all;
use tempfile::TempDir;

use crate::conn::{Conn, on};
use crate::database::{Database, Options};
use crate::error::StoreError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Store,
    Fail,
    Panic,
    BreakCommit,
}

async fn database(directory: &TempDir) -> Database {
    let url = format!("sqlite://{}", directory.path().join("writer.db").display());
    let database = Database::open(&url, &Options::default()).await.unwrap();
    database
        .write((), |conn, ()| Box::pin(prepare(conn)))
        .await
        .unwrap();
    database
}

/// A foreign key checked only at the commit lets a unit succeed and its transaction fail.
async fn prepare(conn: &mut Conn) -> Result<(), StoreError> {
    for statement in [
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE note (id INTEGER PRIMARY KEY,
                            parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
    ] {
        on!(conn, c => sqlx::query(statement).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

async fn act(conn: &mut Conn, place: i64, act: Act) -> Result<i64, StoreError> {
    let parent = (act == Act::BreakCommit).then_some(99_i64);
    on!(conn, c => sqlx::query("INSERT INTO note (id, parent) VALUES ($1, $2)")
        .bind(place)
        .bind(parent)
        .execute(c)
        .await
        .map(|_| ()))?;
    match act {
        Act::Store | Act::BreakCommit => Ok(place),
        Act::Fail => Err(crate::text::corrupt("note", "id", place.to_string())),
        Act::Panic => panic!("a unit of work gone wrong"),
    }
}

/// Hands all units in before the writer can begin: they share one transaction.
async fn together(database: &Database, acts: &[Act]) -> Vec<Result<i64, StoreError>> {
    let units = acts.iter().zip(1..).map(|(what, place)| {
        database.write((place, *what), |conn, &(place, what)| {
            Box::pin(act(conn, place, what))
        })
    });
    join_all(units).await
}

async fn stored(database: &Database) -> Vec<i64> {
    let mut conn = database.read().await.unwrap();
    let rows: Vec<(i64,)> = on!(conn, c => sqlx::query_as("SELECT id FROM note ORDER BY id")
        .fetch_all(c)
        .await)
    .unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

#[tokio::test]
async fn a_failing_or_panicking_unit_is_undone_alone() {
    let directory = TempDir::new().unwrap();
    let database = database(&directory).await;
    let acts = [Act::Store, Act::Fail, Act::Store, Act::Panic, Act::Store];
    let told = together(&database, &acts).await;
    assert!(
        matches!(told[1], Err(StoreError::Corrupt { .. })),
        "{told:?}"
    );
    assert!(matches!(told[3], Err(StoreError::Panicked)), "{told:?}");
    for place in [0, 2, 4] {
        assert!(told[place].is_ok(), "{told:?}");
    }
    assert_eq!(stored(&database).await, [1, 3, 5]);
}

#[tokio::test]
async fn a_failed_commit_is_told_to_all_and_stores_nothing() {
    let directory = TempDir::new().unwrap();
    let database = database(&directory).await;
    let told = together(&database, &[Act::Store, Act::BreakCommit, Act::Store]).await;
    assert!(
        told.iter()
            .all(|answer| matches!(answer, Err(StoreError::Commit(_)))),
        "{told:?}"
    );
    assert!(stored(&database).await.is_empty());
    let told = together(&database, &[Act::Store]).await;
    assert!(told[0].is_ok(), "the writer goes on: {told:?}");
}
