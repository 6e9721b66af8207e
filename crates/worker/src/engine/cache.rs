//! Loaded models: each once, shared by all tasks, within a budget.
//!
//! A task is admitted with all the memory it needs at once, for its models and for its recording, so that tasks never
//! wait for each other's; what is admitted is never given back under its feet. Room is made by giving back the models
//! that were used longest ago.

use std::any::Any;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::progress::Monitor;

use super::ModelBudget;

/// How often a waiting task looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(100);

/// A model that is or can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ModelKey {
    /// What it is, and how it is loaded: two that differ in their arithmetic are two models.
    pub(super) label: String,
    /// Where it lies.
    pub(super) folder: PathBuf,
}

/// A model that a task needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) key: ModelKey,
    /// What it probably takes in memory.
    pub(super) n_bytes: u64,
}

/// The loaded models.
#[derive(Debug)]
pub(super) struct ModelCache {
    budget: ModelBudget,
    memory: Mutex<Memory>,
    /// Something was given back or is no longer in use.
    changed: Condvar,
}

/// What takes memory.
#[derive(Debug, Default)]
struct Memory {
    models: HashMap<ModelKey, Entry>,
    /// Bytes of the recordings that are being computed.
    recording_bytes: u64,
}

type Slot = Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>;

/// A place for a model, empty until it is loaded.
#[derive(Debug)]
struct Entry {
    slot: Slot,
    n_bytes: u64,
    n_users: usize,
    used_at: Instant,
}

/// The right to use some models, and memory for a recording. Models stay loaded until it is dropped.
#[derive(Debug)]
pub(super) struct Admission<'a> {
    cache: &'a ModelCache,
    slots: HashMap<ModelKey, Slot>,
    recording_bytes: u64,
}

/// A task was not admitted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its models and its recording alone are more than the budget.
    TooLarge { needed_bytes: u64, max_bytes: u64 },
    /// Nobody wants the result any more.
    Cancelled,
}

impl ModelCache {
    pub(super) fn new(budget: ModelBudget) -> Self {
        Self {
            budget,
            memory: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits until there is room for all of `needs`, and for a recording of so many bytes.
    pub(super) fn admit(
        &self,
        needs: &[Need],
        recording_bytes: u64,
        monitor: &dyn Monitor,
    ) -> Result<Admission<'_>, Refused> {
        let model_bytes: u64 = needs.iter().map(|need| need.n_bytes).sum();
        let needed_bytes = model_bytes.saturating_add(recording_bytes);
        let max_bytes = self.budget.max_bytes;
        if needed_bytes > max_bytes {
            return Err(Refused::TooLarge {
                needed_bytes,
                max_bytes,
            });
        }
        let mut memory = self.lock();
        while !self.make_room(&mut memory, needs, needed_bytes) {
            if monitor.is_cancelled() {
                return Err(Refused::Cancelled);
            }
            let woken = self.changed.wait_timeout(memory, GLANCE);
            memory = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(self.enter(&mut memory, needs, recording_bytes))
    }

    /// Admits a task that has been admitted to one more model, if there is room for it now.
    pub(super) fn admit_more(&self, need: &Need) -> Option<Admission<'_>> {
        let needs = std::slice::from_ref(need);
        let mut memory = self.lock();
        self.make_room(&mut memory, needs, need.n_bytes)
            .then(|| self.enter(&mut memory, needs, 0))
    }

    /// Counts a new user of `needs`, for which there is room.
    fn enter(&self, memory: &mut Memory, needs: &[Need], recording_bytes: u64) -> Admission<'_> {
        memory.recording_bytes += recording_bytes;
        let slots = needs.iter().map(|need| {
            let entry = memory
                .models
                .entry(need.key.clone())
                .or_insert_with(|| Entry {
                    slot: Slot::default(),
                    n_bytes: need.n_bytes,
                    n_users: 0,
                    used_at: Instant::now(),
                });
            entry.n_users += 1;
            (need.key.clone(), Arc::clone(&entry.slot))
        });
        Admission {
            cache: self,
            slots: slots.collect(),
            recording_bytes,
        }
    }

    /// Gives back what has not been used for as long as the budget says.
    pub(super) fn give_back_idle(&self) {
        let Some(idle) = self.budget.idle else {
            return;
        };
        let mut memory = self.lock();
        memory.models.retain(|key, entry| {
            let stays = entry.n_users > 0 || entry.used_at.elapsed() < idle;
            if !stays {
                tracing::info!(model = key.label, "model unloaded: unused for long");
            }
            stays
        });
        drop(memory);
        self.changed.notify_all();
    }

    /// Gives back unused models until `needs`, of `needed_bytes` with their recording, fit beside what is in use; false
    /// if they do not yet.
    fn make_room(&self, memory: &mut Memory, needs: &[Need], needed_bytes: u64) -> bool {
        let is_other = |key: &ModelKey| !needs.iter().any(|need| need.key == *key);
        let needed = needed_bytes.saturating_add(memory.recording_bytes);
        let models = &mut memory.models;
        let n_others =
            |models: &HashMap<ModelKey, Entry>| models.keys().filter(|key| is_other(key)).count();
        let with_others = |models: &HashMap<ModelKey, Entry>, counts: fn(&Entry) -> bool| {
            let others = models.iter();
            let others = others.filter(|(key, entry)| is_other(key) && counts(entry));
            needed + others.map(|(_, entry)| entry.n_bytes).sum::<u64>()
        };
        // Models in use stay however many there are; only their bytes can make a task wait.
        if with_others(models, |entry| entry.n_users > 0) > self.budget.max_bytes {
            return false;
        }
        while with_others(models, |_| true) > self.budget.max_bytes
            || n_others(models) + needs.len() > self.budget.max_models.max(needs.len())
        {
            let oldest = (models.iter())
                .filter(|(key, entry)| is_other(key) && entry.n_users == 0)
                .min_by_key(|(_, entry)| entry.used_at)
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else {
                break;
            };
            tracing::info!(model = oldest.label, "model unloaded: its room is needed");
            models.remove(&oldest);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission<'_> {
    /// The model, by `load` unless somebody has done that. Only one thread loads a model; others wait for it. A failure
    /// is tried anew the next time.
    ///
    /// # Panics
    /// If the model was not admitted, or is of another type: mistakes of the caller.
    pub(super) fn get<T: Send + Sync + 'static, E>(
        &self,
        key: &ModelKey,
        load: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let slot = self.slots.get(key).expect("the model was admitted");
        let mut loaded = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let model = if let Some(model) = &*loaded {
            Arc::clone(model)
        } else {
            let began = Instant::now();
            let model: Arc<dyn Any + Send + Sync> = Arc::new(load()?);
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(model = key.label, took_ms, "model loaded");
            Arc::clone(loaded.insert(model))
        };
        drop(loaded);
        Ok(model.downcast().expect("a label names one type"))
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let mut memory = self.cache.lock();
        memory.recording_bytes -= self.recording_bytes;
        for (key, slot) in &self.slots {
            let Some(entry) = memory.models.get_mut(key) else {
                continue;
            };
            entry.n_users -= 1;
            entry.used_at = Instant::now();
            // A model that could not be loaded takes no room.
            let is_empty = slot.try_lock().is_ok_and(|loaded| loaded.is_none());
            if entry.n_users == 0 && is_empty {
                memory.models.remove(key);
            }
        }
        drop(memory);
        self.cache.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use domain::progress::Silent;

    use super::*;

    fn need(label: &str, n_bytes: u64) -> Need {
        let label = label.to_owned();
        Need {
            key: ModelKey {
                label,
                folder: PathBuf::new(),
            },
            n_bytes,
        }
    }

    fn cache(max_bytes: u64, max_models: usize) -> ModelCache {
        ModelCache::new(ModelBudget {
            max_bytes,
            max_models,
            max_search_bytes: None,
            idle: Some(Duration::ZERO),
        })
    }

    fn load(cache: &ModelCache, needs: &[Need]) {
        let admission = cache.admit(needs, 0, &Silent).unwrap();
        for need in needs {
            admission
                .get(&need.key, || Ok::<_, ()>(need.n_bytes))
                .unwrap();
        }
    }

    fn loaded(cache: &ModelCache) -> Vec<String> {
        let memory = cache.lock();
        let mut labels: Vec<_> = memory.models.keys().map(|key| key.label.clone()).collect();
        labels.sort();
        labels
    }

    /// Says after some looks that nobody wants the result.
    struct Impatient(AtomicUsize);

    impl Monitor for Impatient {
        fn progress(
            &self,
            _: domain::progress::Stage,
            _: domain::units::Seconds,
            _: domain::units::Seconds,
        ) {
        }

        fn is_cancelled(&self) -> bool {
            self.0.fetch_add(1, Ordering::SeqCst) > 0
        }
    }

    #[test]
    fn a_model_is_loaded_once_however_many_want_it() {
        let (cache, barrier, n_loads) = (cache(10, 5), Barrier::new(4), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let admission = cache.admit(&[need("a", 5)], 0, &Silent).unwrap();
                    barrier.wait();
                    let load = || {
                        n_loads.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, ()>(7)
                    };
                    assert_eq!(*admission.get(&need("a", 5).key, load).unwrap(), 7);
                });
            }
        });
        assert_eq!(n_loads.into_inner(), 1);
    }

    #[test]
    fn room_is_made_by_what_was_used_longest_ago() {
        let cache = cache(10, 5);
        load(&cache, &[need("old", 4)]);
        load(&cache, &[need("young", 4)]);
        load(&cache, &[need("old", 4)]);
        load(&cache, &[need("new", 4)]);
        assert_eq!(loaded(&cache), ["new", "old"]);
    }

    #[test]
    fn there_are_never_more_models_than_allowed_but_for_those_of_one_task() {
        let cache = cache(100, 2);
        load(&cache, &[need("a", 1), need("b", 1), need("c", 1)]);
        load(&cache, &[need("d", 1)]);
        assert_eq!(loaded(&cache).len(), 2);
        assert!(loaded(&cache).contains(&"d".to_owned()));
    }

    #[test]
    fn a_task_waits_while_others_use_the_memory_it_needs() {
        let cache = cache(10, 5);
        let admission = cache.admit(&[need("a", 6)], 0, &Silent).unwrap();
        let impatient = Impatient(AtomicUsize::new(0));
        let refused = cache.admit(&[need("b", 6)], 0, &impatient).err();
        assert_eq!(refused, Some(Refused::Cancelled));
        // The same model is shared, not loaded twice.
        assert!(cache.admit(&[need("a", 6)], 0, &impatient).is_ok());
        drop(admission);
        assert!(cache.admit(&[need("b", 6)], 0, &Silent).is_ok());
    }

    #[test]
    fn a_task_that_can_never_fit_is_refused_at_once() {
        let needs = [need("a", 6), need("b", 5)];
        let refused = cache(10, 5).admit(&needs, 0, &Silent).err();
        let expected = Refused::TooLarge {
            needed_bytes: 11,
            max_bytes: 10,
        };
        assert_eq!(refused, Some(expected));
    }

    #[test]
    fn recordings_take_room_until_they_are_done() {
        let cache = cache(10, 1);
        load(&cache, &[need("idle", 3)]);
        let admission = cache.admit(&[need("a", 4)], 6, &Silent).unwrap();
        assert_eq!(loaded(&cache), ["a"]);
        let impatient = Impatient(AtomicUsize::new(0));
        let refused = cache.admit(&[need("a", 4)], 1, &impatient).err();
        assert_eq!(refused, Some(Refused::Cancelled));
        drop(admission);
        assert!(cache.admit(&[need("a", 4)], 6, &Silent).is_ok());
        let refused = cache.admit(&[need("a", 4)], 7, &Silent).err();
        let expected = Refused::TooLarge {
            needed_bytes: 11,
            max_bytes: 10,
        };
        assert_eq!(refused, Some(expected));
        let refused = cache.admit(&[need("a", 4)], u64::MAX, &Silent).err();
        assert!(matches!(refused, Some(Refused::TooLarge { .. })));
    }

    #[test]
    fn one_more_model_is_admitted_if_there_is_room_for_it_now() {
        let cache = cache(10, 5);
        load(&cache, &[need("idle", 3)]);
        let admission = cache.admit(&[need("a", 4)], 1, &Silent).unwrap();
        assert!(cache.admit_more(&need("b", 6)).is_none());
        assert_eq!(loaded(&cache), ["a", "idle"]);
        let more = cache.admit_more(&need("c", 5)).unwrap();
        assert_eq!(loaded(&cache), ["a", "c"]);
        assert!(cache.admit_more(&need("d", 1)).is_none());
        drop((admission, more));
        assert!(cache.admit_more(&need("d", 10)).is_some());
    }

    #[test]
    fn what_cannot_be_loaded_takes_no_room_and_is_tried_anew() {
        let cache = cache(10, 5);
        let key = need("a", 6).key;
        let admission = cache.admit(&[need("a", 6)], 0, &Silent).unwrap();
        assert_eq!(admission.get(&key, || Err::<u8, _>("no")), Err("no"));
        assert_eq!(admission.get(&key, || Ok::<_, ()>(1_u8)), Ok(Arc::new(1)));
        drop(admission);
        let admission = cache.admit(&[need("b", 4)], 0, &Silent).unwrap();
        assert!(
            admission
                .get(&need("b", 4).key, || Err::<u8, _>(()))
                .is_err()
        );
        drop(admission);
        assert_eq!(loaded(&cache), ["a"]);
    }

    #[test]
    fn a_panic_while_loading_leaves_the_cache_usable() {
        let cache = cache(10, 5);
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let admission = cache.admit(&[need("a", 6)], 0, &Silent).unwrap();
            admission.get::<u8, ()>(&need("a", 6).key, || panic!("scripted"))
        }));
        assert!(broken.is_err());
        load(&cache, &[need("a", 6)]);
        assert_eq!(loaded(&cache), ["a"]);
    }

    #[test]
    fn idle_models_are_given_back_but_never_those_in_use() {
        let cache = cache(10, 5);
        load(&cache, &[need("idle", 1)]);
        let admission = cache.admit(&[need("used", 1)], 0, &Silent).unwrap();
        cache.give_back_idle();
        assert_eq!(loaded(&cache), ["used"]);
        drop(admission);
    }
}
