//! Tenants, keys, stores, secrets, cursors, blobs, the audit trail.

use connect_core::domain::ids::ApiKeyId;
use connect_core::domain::store::PollCursor;
use connect_core::domain::tenant::{ApiKey, Environment, Role};
use connect_store::{AuditEntry, CaKey, OperatorKey, StoreError};

use crate::support::{NOW, World, id, store};

on_both!(
    tenants_and_environments,
    keys_are_withdrawn_not_lost,
    certificate_authority_is_made_once,
    stores_are_changed_and_forgotten,
    secrets_and_blobs,
    cursors_are_claimed_when_due,
    audit_rides_in_the_transaction,
);

async fn tenants_and_environments(world: World) {
    let tenants = world.database.tenants();
    let tenant = tenants.find(world.tenant).await.unwrap().unwrap();
    assert_eq!(
        (tenant.name.as_str(), tenant.wrapped_key.as_slice()),
        ("Fabrikam", &[1, 2, 3][..])
    );
    assert_eq!(tenants.list().await.unwrap(), [tenant]);
    let environments = world.database.environments();
    let known = environments
        .find(world.tenant, world.environment)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        environments.list(world.tenant).await.unwrap(),
        std::slice::from_ref(&known)
    );
    let twin = Environment {
        id: connect_core::domain::ids::EnvironmentId(id()),
        ..known
    };
    let refused = environments.insert(&twin).await;
    assert!(
        matches!(refused, Err(StoreError::Duplicate { .. })),
        "{refused:?}"
    );
}

async fn keys_are_withdrawn_not_lost(world: World) {
    let key = ApiKey {
        tenant: world.tenant,
        id: ApiKeyId(id()),
        name: "console".to_owned(),
        secret_sha256: vec![1; 32],
        role: Role::Operator,
        created: NOW,
        revoked: None,
    };
    let keys = world.database.api_keys();
    keys.insert(&key).await.unwrap();
    assert_eq!(
        keys.find(world.tenant, key.id).await.unwrap(),
        Some(key.clone())
    );
    assert!(keys.delete(world.tenant, key.id, NOW).await.unwrap());
    assert!(!keys.delete(world.tenant, key.id, NOW).await.unwrap());
    assert_eq!(keys.list(world.tenant).await.unwrap()[0].revoked, Some(NOW));

    let operator = OperatorKey {
        id: id(),
        name: "first".to_owned(),
        secret_sha256: vec![2; 32],
        created: NOW,
        revoked: None,
    };
    let operators = world.database.operator_keys();
    operators.insert(&operator).await.unwrap();
    assert_eq!(
        operators.find(operator.id).await.unwrap(),
        Some(operator.clone())
    );
    assert!(operators.delete(operator.id, NOW).await.unwrap());
    assert_eq!(operators.list().await.unwrap()[0].revoked, Some(NOW));
}

async fn certificate_authority_is_made_once(world: World) {
    let key = |name: &str| CaKey {
        id: id(),
        purpose: "root".to_owned(),
        certificate_pem: name.to_owned(),
        sealed_key: vec![3],
        created: NOW,
    };
    let mut tries = tokio::task::JoinSet::new();
    for replica in 0..6 {
        let (database, key) = (world.database.clone(), key(&replica.to_string()));
        tries.spawn(async move { database.ca_keys().claim(&key).await.unwrap().id });
    }
    let ids = tries.join_all().await;
    assert!(
        ids.iter().all(|id| *id == ids[0]),
        "all replicas take the first: {ids:?}"
    );
    let newer = key("newer");
    let keys = world.database.ca_keys();
    keys.insert(&newer).await.unwrap();
    let listed: Vec<_> = keys
        .list("root")
        .await
        .unwrap()
        .iter()
        .map(|key| key.id)
        .collect();
    assert_eq!(listed, [newer.id, ids[0]]);
    assert!(keys.list("server").await.unwrap().is_empty());
}

async fn stores_are_changed_and_forgotten(world: World) {
    let stores = world.database.stores();
    let mut other = store(world.tenant, world.environment);
    stores.insert(&other).await.unwrap();
    assert_eq!(stores.list(world.tenant).await.unwrap().len(), 2);
    "Outlet".clone_into(&mut other.name);
    other.webhook_secrets = vec![8; 40];
    other.nop_store_id = 2;
    assert!(stores.update(&other, NOW).await.unwrap());
    assert_eq!(
        stores.find(world.tenant, other.id).await.unwrap(),
        Some(other.clone())
    );
    assert!(
        stores
            .claim_installation(world.tenant, other.id, "print-1")
            .await
            .unwrap()
    );
    assert!(
        stores
            .claim_installation(world.tenant, other.id, "print-1")
            .await
            .unwrap()
    );
    assert!(
        !stores
            .claim_installation(world.tenant, other.id, "print-2")
            .await
            .unwrap()
    );
    assert!(stores.delete(world.tenant, other.id).await.unwrap());
    assert_eq!(stores.find(world.tenant, other.id).await.unwrap(), None);
    assert!(!stores.update(&other, NOW).await.unwrap());
    world.place("1").await;
    let kept = stores.delete(world.tenant, world.store).await.unwrap();
    assert!(!kept, "a store with unfinished work stays");
}

async fn secrets_and_blobs(world: World) {
    let secrets = world.database.secrets();
    secrets
        .update(world.tenant, "smtp", vec![1], NOW)
        .await
        .unwrap();
    secrets
        .update(world.tenant, "smtp", vec![2], NOW)
        .await
        .unwrap();
    assert_eq!(
        secrets.find(world.tenant, "smtp").await.unwrap(),
        Some(vec![2])
    );
    assert!(secrets.delete(world.tenant, "smtp").await.unwrap());
    assert_eq!(secrets.find(world.tenant, "smtp").await.unwrap(), None);

    let transfers = world.database.transfers();
    let content = b"document".repeat(50_000);
    transfers
        .insert(world.tenant, &[7; 32], &content, NOW)
        .await
        .unwrap();
    let found = transfers.find(world.tenant, &[7; 32]).await.unwrap();
    assert_eq!(found.as_deref(), Some(content.as_slice()));
    let later = NOW.plus_seconds(1);
    assert_eq!(
        transfers
            .delete_before(world.tenant, NOW, 10)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        transfers
            .delete_before(world.tenant, later, 10)
            .await
            .unwrap(),
        1
    );
    assert_eq!(transfers.find(world.tenant, &[7; 32]).await.unwrap(), None);
}

async fn cursors_are_claimed_when_due(world: World) {
    let cursors = world.database.poll_cursors();
    let cursor = PollCursor {
        tenant: world.tenant,
        store: world.store,
        cursor: "last=7".to_owned(),
        due: NOW.plus_seconds(10),
    };
    cursors.update(&cursor).await.unwrap();
    assert!(cursors.list_tenants_due(NOW).await.unwrap().is_empty());
    let until = cursor.due.plus_seconds(60);
    assert!(
        cursors
            .claim(world.tenant, NOW, until, 5)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        cursors.list_tenants_due(cursor.due).await.unwrap(),
        [world.tenant]
    );
    let claimed = cursors
        .claim(world.tenant, cursor.due, until, 5)
        .await
        .unwrap();
    assert_eq!(
        claimed,
        [PollCursor {
            due: until,
            ..cursor.clone()
        }]
    );
    assert!(
        cursors
            .claim(world.tenant, cursor.due, until, 5)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn audit_rides_in_the_transaction(world: World) {
    let entry = AuditEntry {
        tenant: world.tenant,
        happened: NOW,
        actor: "api_key:1".to_owned(),
        action: "environment.created".to_owned(),
        target: "environment:test".to_owned(),
        detail: "{}".to_owned(),
    };
    let database = world.database.audited(entry.clone());
    let environment = Environment {
        tenant: world.tenant,
        id: connect_core::domain::ids::EnvironmentId(id()),
        name: "test".to_owned(),
        created: NOW,
    };
    database.environments().insert(&environment).await.unwrap();
    let refused = database.environments().insert(&environment).await;
    assert!(refused.is_err());
    world.database.audits().insert(&entry).await.unwrap();
    let rows = world
        .database
        .audits()
        .list(world.tenant, None, 10)
        .await
        .unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(numbers, [2, 1], "what failed left no row");
    assert_eq!(rows[1].entry, entry);
    let older = world
        .database
        .audits()
        .list(world.tenant, Some(2), 10)
        .await
        .unwrap();
    assert_eq!(older.len(), 1);
}
