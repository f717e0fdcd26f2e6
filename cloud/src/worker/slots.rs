//! How many lanes are worked on at once, and how they are shared out between tenants and stores.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connect_core::domain::ids::TenantId;
use connect_core::domain::lane::LaneKey;
use connect_store::Room;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::error::{Error, Result};

/// How often leases that ran out are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

type Held = HashMap<(TenantId, Uuid), i64>;

/// The places of one worker.
#[derive(Debug)]
pub(super) struct Slots {
    free: Arc<Semaphore>,
    parallel: usize,
    held: Mutex<Held>,
    /// The last claim may have left ready lanes behind for want of room.
    short: AtomicBool,
    freed: Notify,
    /// When leases that ran out were looked for last, by tenant.
    swept: Mutex<HashMap<TenantId, Instant>>,
}

/// One lane's place; dropping it frees it.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    lane: (TenantId, Uuid),
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    /// So many places.
    pub(super) fn new(parallel: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(parallel)),
            parallel,
            held: Mutex::default(),
            short: AtomicBool::new(false),
            freed: Notify::new(),
            swept: Mutex::default(),
        })
    }

    /// A tenant's share of what is free when so many tenants wait; at least one, waited for.
    pub(super) async fn share(&self, waiting: usize) -> Result<Vec<OwnedSemaphorePermit>> {
        let free = Arc::clone(&self.free);
        let first = free.acquire_owned().await.map_err(Error::internal)?;
        let share = (self.free.available_permits() + 1).div_ceil(waiting.max(1));
        let mut permits = vec![first];
        while permits.len() < share
            && let Ok(permit) = Arc::clone(&self.free).try_acquire_owned()
        {
            permits.push(permit);
        }
        Ok(permits)
    }

    /// What a claim may take: one store never takes all places.
    pub(super) fn room(&self, tenant: TenantId, permits: usize) -> Room {
        self.short.store(true, Ordering::SeqCst);
        let held = self.lock();
        let of_tenant = held
            .iter()
            .filter(|((owner, _), _)| *owner == tenant)
            .map(|((_, group), count)| (*group, *count));
        Room {
            lanes: i64::try_from(permits).unwrap_or(i64::MAX),
            of_group: i64::try_from(self.parallel.div_ceil(4)).unwrap_or(i64::MAX),
            held: of_tenant.collect(),
            sweep: self.sweep_is_due(tenant),
        }
    }

    fn sweep_is_due(&self, tenant: TenantId) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        swept.retain(|_, at| at.elapsed() < SWEEP_EVERY);
        let due = !swept.contains_key(&tenant);
        if due {
            swept.insert(tenant, Instant::now());
        }
        due
    }

    /// Notes that a claim took all there was, unless it may have left lanes behind for want of
    /// room: then the next freed place wakes.
    pub(super) fn claimed(&self, room: &Room, lanes: usize) {
        let full = i64::try_from(lanes).is_ok_and(|lanes| lanes >= room.lanes);
        let capped = room.held.values().any(|count| *count >= room.of_group);
        if !full && !capped {
            self.short.store(false, Ordering::SeqCst);
        }
    }

    /// Resolves when a place was freed that a lane may be waiting for.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Puts a lane into a place.
    pub(super) fn take(self: &Arc<Self>, lane: &LaneKey, permit: OwnedSemaphorePermit) -> Slot {
        let lane = (lane.tenant, lane.group);
        *self.lock().entry(lane).or_default() += 1;
        Slot {
            slots: Arc::clone(self),
            lane,
            _permit: permit,
        }
    }

    /// Waits until all places are free.
    pub(super) async fn all_free(&self) {
        let all = u32::try_from(self.parallel).unwrap_or(u32::MAX);
        drop(self.free.acquire_many(all).await);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.lock();
        if let Some(count) = held.get_mut(&self.lane) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.lane);
            }
        }
        drop(held);
        if self.slots.short.swap(false, Ordering::SeqCst) {
            self.slots.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(group: u128) -> LaneKey {
        LaneKey {
            tenant: TenantId(Uuid::from_u128(1)),
            group: Uuid::from_u128(group),
            key: "order:1".to_owned(),
        }
    }

    #[tokio::test]
    async fn what_is_free_is_shared_between_waiting_tenants() {
        let slots = Slots::new(8);
        let first = slots.share(2).await.unwrap();
        assert_eq!(first.len(), 4);
        let second = slots.share(1).await.unwrap();
        assert_eq!(second.len(), 4);
        drop((first, second));
        slots.all_free().await;
    }

    #[tokio::test]
    async fn held_places_are_counted_by_store_and_wake_when_freed() {
        let slots = Slots::new(8);
        let key = lane(7);
        let mut permits = slots.share(1).await.unwrap();
        let slot = slots.take(&key, permits.remove(0));
        let room = slots.room(key.tenant, 7);
        assert_eq!((room.lanes, room.of_group), (7, 2));
        assert_eq!(room.held.get(&key.group), Some(&1));
        slots.claimed(&room, 7);
        drop(slot);
        slots.freed().await;
        assert!(slots.room(key.tenant, 7).held.is_empty());
    }
}
