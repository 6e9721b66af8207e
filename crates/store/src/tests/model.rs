//! FR4, TG5: random walks of several workers, against the states of the domain.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use domain::clock::Timestamp;
use domain::results::TaskResult;
use domain::task::{FailureText, Queued, TaskState};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::MINUTE;
use crate::error::StoreError;
use crate::queue::{Ending, Lease, Retried};
use crate::settings::{DatabaseUrl, Settings};
use crate::store::Store;
use crate::testing::{NO_LIMITS, TestStore, combination, settings};

const MAX_ATTEMPTS: u32 = 3;

/// What one of them does. Numbers choose among the tasks or leases that there are, also lost ones.
#[derive(Debug, Clone)]
enum Step {
    Insert,
    Claim(u8),
    KeepAlive(usize),
    Complete(usize),
    Fail(usize),
    Retry(usize),
    GiveBack(usize),
    Recover(bool),
    Delete(usize),
    Wait(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Insert),
        8 => (0..3_u8).prop_map(Step::Claim),
        3 => any::<usize>().prop_map(Step::KeepAlive),
        3 => any::<usize>().prop_map(Step::Complete),
        2 => any::<usize>().prop_map(Step::Fail),
        3 => any::<usize>().prop_map(Step::Retry),
        2 => any::<usize>().prop_map(Step::GiveBack),
        2 => any::<bool>().prop_map(Step::Recover),
        1 => any::<usize>().prop_map(Step::Delete),
        4 => (1..50_u8).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..80)
}

/// The tasks as they should be, and everything that was ever held or deleted.
struct Walk {
    test: TestStore,
    store: Store,
    /// By row: tasks are named by numbers that grow.
    tasks: BTreeMap<String, TaskState>,
    /// Each lease with the state of the task that it was made for; it is good while the task is in that state.
    leases: Vec<(Lease, u64)>,
    /// Which lease is good for which task.
    holders: BTreeMap<String, u64>,
    deleted: HashSet<String>,
    n_made: usize,
    n_leases: u64,
}

impl Walk {
    fn new(in_memory: bool) -> Self {
        let test = TestStore::new();
        let url = if in_memory {
            DatabaseUrl::SqliteMemory
        } else {
            DatabaseUrl::SqliteFile(test.database_path())
        };
        let settings = Settings {
            url,
            ..settings("".as_ref())
        };
        Self {
            store: Store::new(settings, test.clock.clone()),
            test,
            tasks: BTreeMap::new(),
            leases: Vec::new(),
            holders: BTreeMap::new(),
            deleted: HashSet::new(),
            n_made: 0,
            n_leases: 0,
        }
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Insert => self.insert().await,
            Step::Claim(worker) => self.claim(&format!("w{worker}")).await,
            Step::KeepAlive(n) => self.keep_alive(n).await,
            Step::Complete(n) => self.end(n, Ending::Completed(TaskResult::new("[1]"))).await,
            Step::Fail(n) => {
                let error = FailureText::new("broken");
                self.end(n, Ending::Failed(error)).await;
            }
            Step::Retry(n) => self.retry(n).await,
            Step::GiveBack(n) => self.give_back(n).await,
            Step::Recover(all) => self.recover(all).await,
            Step::Delete(n) => self.delete(n).await,
            Step::Wait(seconds) => {
                let time = Duration::from_secs(seconds.into());
                self.test.clock.advance(time);
            }
        }
        self.compare().await;
    }

    async fn insert(&mut self) {
        self.n_made += 1;
        let name = format!("{:06}", self.n_made);
        let task = combination().called(&name);
        self.store.insert_task(task, NO_LIMITS).await.unwrap();
        self.tasks
            .insert(name, TaskState::Queued(Queued::default()));
    }

    async fn claim(&mut self, worker: &str) {
        let now = self.now();
        let is_due = |state: &TaskState| matches!(state, TaskState::Queued(queued) if queued.due_at.is_none_or(|due_at| due_at <= now));
        let expected = self.tasks.iter().find(|(_, state)| is_due(state));
        let expected = expected.map(|(name, _)| name.clone());
        let claimed = self.store.claim(worker, MINUTE).await.unwrap();
        let name = claimed
            .as_ref()
            .map(|claimed| claimed.lease.task().as_str().to_owned());
        assert_eq!(name, expected);
        let Some(claimed) = claimed else { return };
        let name = name.unwrap();
        let TaskState::Queued(queued) = self.tasks.remove(&name).unwrap() else {
            unreachable!("it was just found")
        };
        let processing = queued.claim(worker.to_owned(), now, now.after(MINUTE));
        assert_eq!(claimed.lease.attempt(), processing.attempt);
        self.n_leases += 1;
        self.holders.insert(name.clone(), self.n_leases);
        self.leases.push((claimed.lease, self.n_leases));
        self.tasks.insert(name, TaskState::Processing(processing));
    }

    /// A lease that was ever made, and the state of its task if the lease is good.
    fn lease(&mut self, n: usize) -> Option<(&Lease, String, Option<domain::task::Processing>)> {
        let n = n.checked_rem(self.leases.len())?;
        let (lease, number) = &self.leases[n];
        let name = lease.task().as_str().to_owned();
        let is_good = self.holders.get(&name) == Some(number);
        let processing = match self.tasks.get(&name) {
            Some(TaskState::Processing(processing)) if is_good => Some(processing.clone()),
            _ => None,
        };
        Some((lease, name, processing))
    }

    async fn keep_alive(&mut self, n: usize) {
        let (store, now) = (self.store.clone(), self.now());
        let Some((lease, name, processing)) = self.lease(n) else {
            return;
        };
        let outcome = store.keep_alive(lease, None, MINUTE).await;
        if let Some(mut processing) = expect(processing, &outcome) {
            processing.lease_ends_at = now.after(MINUTE);
            self.tasks.insert(name, TaskState::Processing(processing));
        }
    }

    async fn end(&mut self, n: usize, ending: Ending) {
        let (store, now) = (self.store.clone(), self.now());
        let Some((lease, name, processing)) = self.lease(n) else {
            return;
        };
        let outcome = store.finish(lease, &ending).await;
        if let Some(processing) = expect(processing, &outcome) {
            let state = match ending {
                Ending::Completed(result) => TaskState::Completed(processing.complete(result, now)),
                Ending::Failed(error) => TaskState::Failed(processing.fail(error, now)),
            };
            self.tasks.insert(name, state);
        }
    }

    async fn retry(&mut self, n: usize) {
        let (store, now) = (self.store.clone(), self.now());
        let error = FailureText::new("try again");
        let Some((lease, name, processing)) = self.lease(n) else {
            return;
        };
        let outcome = store.retry(lease, &error, MINUTE, MAX_ATTEMPTS).await;
        let Some(processing) = expect(processing, &outcome) else {
            return;
        };
        let (retried, state) = if processing.attempt >= MAX_ATTEMPTS {
            (
                Retried::Failed,
                TaskState::Failed(processing.fail(error, now)),
            )
        } else {
            let queued = processing.retry(Some(now.after(MINUTE)));
            (Retried::Queued, TaskState::Queued(queued))
        };
        assert_eq!(outcome.unwrap(), retried);
        self.tasks.insert(name, state);
    }

    async fn give_back(&mut self, n: usize) {
        let store = self.store.clone();
        let Some((lease, name, processing)) = self.lease(n) else {
            return;
        };
        let outcome = store.give_back(lease).await;
        if let Some(processing) = expect(processing, &outcome) {
            self.tasks
                .insert(name, TaskState::Queued(processing.give_back()));
        }
    }

    async fn recover(&mut self, all: bool) {
        let now = self.now();
        let recovered = self.store.recover(all, MAX_ATTEMPTS).await.unwrap();
        let (mut n_queued, mut n_failed) = (0, 0);
        for (name, state) in &mut self.tasks {
            let TaskState::Processing(processing) = state else {
                continue;
            };
            if !all && processing.lease_ends_at > now {
                continue;
            }
            let processing = processing.clone();
            if processing.attempt < MAX_ATTEMPTS {
                n_queued += 1;
                *state = TaskState::Queued(processing.retry(None));
                continue;
            }
            n_failed += 1;
            // The text is the store's; the rest is compared.
            let stored = self.store.find_task(name).await.unwrap().unwrap();
            let TaskState::Failed(failed) = stored.state else {
                panic!("{:?} after recovery", stored.state)
            };
            *state = TaskState::Failed(processing.fail(failed.error, now));
        }
        assert_eq!(
            (recovered.n_queued, recovered.n_failed),
            (n_queued, n_failed)
        );
    }

    async fn delete(&mut self, n: usize) {
        let Some(n) = n.checked_rem(self.tasks.len()) else {
            return;
        };
        let name = self.tasks.keys().nth(n).unwrap().clone();
        assert!(self.store.delete_task(&name).await.unwrap());
        self.tasks.remove(&name);
        self.deleted.insert(name);
    }

    /// All that is stored is what it should be, in order; and nothing that was deleted.
    async fn compare(&self) {
        let listed = self.store.list_tasks().await.unwrap();
        let names: Vec<_> = listed.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(names, self.tasks.keys().collect::<Vec<_>>());
        assert!(names.iter().all(|name| !self.deleted.contains(*name)));
        for (task, state) in listed.iter().zip(self.tasks.values()) {
            let stored = self
                .store
                .find_task(task.id.as_str())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(&stored.state, state);
            assert_eq!(task.status, state.status());
        }
    }
}

/// The state that the write began with; where the lease is not good, it must have been refused.
fn expect<T: std::fmt::Debug, P>(good: Option<P>, outcome: &Result<T, StoreError>) -> Option<P> {
    match (&good, outcome) {
        (Some(_), Ok(_)) | (None, Err(StoreError::LeaseLost { .. })) => good,
        _ => panic!("{outcome:?}, and the lease was good: {}", good.is_some()),
    }
}

fn walk(n_cases: u32, in_memory: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: n_cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let mut walk = Walk::new(in_memory);
            for step in steps {
                walk.take(step).await;
            }
            walk.store.close().await;
        });
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn fr4_whatever_workers_do_tasks_go_only_legal_ways_in_memory() {
    walk(96, true);
}

#[test]
fn fr4_whatever_workers_do_tasks_go_only_legal_ways_in_a_file() {
    walk(16, false);
}
