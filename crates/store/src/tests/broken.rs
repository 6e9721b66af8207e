//! The database breaks under the service, and comes back.

use std::fs;
use std::path::PathBuf;

use domain::results::TaskResult;
use domain::task::TaskId;

use super::{MINUTE, is_unavailable, other_program};
use crate::error::{InsertError, LockError, StoreError};
use crate::queue::Ending;
use crate::store::Store;
use crate::testing::{NO_LIMITS, TestStore, combination, settings};

/// A store with one task, whose name comes too.
async fn with_a_task() -> (TestStore, TaskId) {
    let test = TestStore::new();
    let id = test.insert(combination()).await;
    (test, id)
}

async fn assert_unavailable(store: &Store) {
    assert!(is_unavailable(&store.list_tasks().await));
    assert!(is_unavailable(&store.find_task("x").await));
    assert!(is_unavailable(&store.queue_figures().await));
    assert!(is_unavailable(&store.next_delivery_at().await));
    assert!(is_unavailable(&store.check().await));
    assert_unwritable(store).await;
}

async fn assert_unwritable(store: &Store) {
    assert!(is_unavailable(&store.delete_task("x").await));
    assert!(is_unavailable(&store.claim("w", MINUTE).await));
    assert!(is_unavailable(&store.claim_delivery(MINUTE).await));
    assert!(is_unavailable(&store.recover(true, 3).await));
    let inserted = store.insert_task(combination(), NO_LIMITS).await;
    let unavailable =
        |error: &InsertError| matches!(error, InsertError::Store(StoreError::Unavailable(_)));
    assert!(inserted.as_ref().is_err_and(unavailable), "{inserted:?}");
}

async fn assert_well(test: &TestStore, id: &TaskId) {
    let found = test.store.find_task(id.as_str()).await.unwrap();
    assert_eq!(found.unwrap().id, *id);
    let another = test.insert(combination()).await;
    assert!(test.store.delete_task(another.as_str()).await.unwrap());
    test.store.check().await.unwrap();
}

fn aside(test: &TestStore) -> PathBuf {
    test.database_path().with_extension("aside")
}

/// How many files this process has open.
fn n_open_files() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

#[tokio::test]
async fn fr2_a_file_that_is_moved_away_is_missed_and_found_again() {
    let (test, id) = with_a_task().await;
    for _ in 0..50 {
        fs::rename(test.database_path(), aside(&test)).unwrap();
        assert_unavailable(&test.store).await;
        assert!(
            !test.database_path().exists(),
            "no empty database takes its place"
        );
        fs::rename(aside(&test), test.database_path()).unwrap();
        assert_well(&test, &id).await;
    }
}

#[tokio::test]
async fn fr2_a_copy_that_takes_the_place_of_the_file_is_used() {
    let (test, id) = with_a_task().await;
    fs::rename(test.database_path(), aside(&test)).unwrap();
    assert!(is_unavailable(&test.store.check().await));
    // Nothing was lost with the log: it was written into the file that was moved away.
    fs::copy(aside(&test), test.database_path()).unwrap();
    assert_well(&test, &id).await;
}

#[tokio::test]
async fn a_removed_file_is_never_replaced_by_an_empty_one() {
    let (test, id) = with_a_task().await;
    fs::remove_file(test.database_path()).unwrap();
    assert_unavailable(&test.store).await;
    fs::write(test.database_path(), "").unwrap();
    assert_unavailable(&test.store).await;
    assert_eq!(fs::metadata(test.database_path()).unwrap().len(), 0);
    // A backup of somebody is used, with its own tasks.
    let backup = TestStore::new();
    let other = backup.insert(combination()).await;
    backup.store.close().await;
    fs::copy(backup.database_path(), test.database_path()).unwrap();
    assert_eq!(test.store.find_task(id.as_str()).await.unwrap(), None);
    assert_well(&test, &other).await;
}

#[tokio::test]
async fn fr2_garbage_and_folders_in_its_place_are_no_answers() {
    let (test, id) = with_a_task().await;
    for _ in 0..5 {
        fs::rename(test.database_path(), aside(&test)).unwrap();
        fs::create_dir(test.database_path()).unwrap();
        assert_unavailable(&test.store).await;
        fs::remove_dir(test.database_path()).unwrap();
        fs::write(test.database_path(), "this is no database\n".repeat(500)).unwrap();
        assert_unavailable(&test.store).await;
        fs::remove_file(test.database_path()).unwrap();
        fs::rename(aside(&test), test.database_path()).unwrap();
        assert_well(&test, &id).await;
    }
}

#[tokio::test]
async fn fr2_a_file_that_is_overwritten_in_place_is_noticed() {
    let (test, id) = with_a_task().await;
    test.store.close().await;
    let mut test = test;
    test.restart();
    test.store.prepare().await.unwrap();
    let content = fs::read(test.database_path()).unwrap();
    for garbage in [vec![b'?'; content.len()], vec![b'?'; 10], Vec::new()] {
        fs::write(test.database_path(), garbage).unwrap();
        assert_unavailable(&test.store).await;
        fs::write(test.database_path(), &content).unwrap();
        assert_well(&test, &id).await;
    }
}

#[tokio::test]
async fn a_log_that_is_removed_takes_nothing_with_it() {
    let (test, id) = with_a_task().await;
    let mut log = test.database_path().into_os_string();
    log.push("-wal");
    fs::remove_file(&log).unwrap();
    assert_well(&test, &id).await;
    fs::remove_file(&log).unwrap();
    let written = test.insert(combination()).await;
    assert_well(&test, &written).await;
    test.store.close().await;
    let mut test = test;
    test.restart();
    assert_well(&test, &id).await;
    assert_well(&test, &written).await;
}

#[cfg(unix)]
#[tokio::test]
async fn fr2_a_file_that_may_not_be_read_or_written_is_no_answer() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        skipped::on_this_machine("root may read and write every file");
        return;
    }
    let (test, id) = with_a_task().await;
    let set_mode = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(test.database_path(), permissions).unwrap();
    };
    for _ in 0..50 {
        set_mode(0o000);
        assert_unavailable(&test.store).await;
        set_mode(0o400);
        assert_unwritable(&test.store).await;
        assert_eq!(test.store.list_tasks().await.unwrap().len(), 1);
        set_mode(0o600);
        assert_well(&test, &id).await;
    }
}

#[tokio::test]
async fn e8_a_database_that_is_not_there_at_start_is_found_later() {
    let test = TestStore::new();
    let folder = test.database_path().with_file_name("later");
    let store = Store::new(settings(&folder.join("records.db")), test.clock.clone());
    // What cannot be locked yet is locked when it is opened.
    let locked = store.lock_exclusively();
    assert!(matches!(locked, Err(LockError::Io { .. })), "{locked:?}");
    assert_unavailable(&store).await;
    fs::create_dir(&folder).unwrap();
    store.insert_task(combination(), NO_LIMITS).await.unwrap();
    assert_eq!(store.list_tasks().await.unwrap().len(), 1);
    let second = Store::new(settings(&folder.join("records.db")), test.clock.clone());
    let refused = second.lock_exclusively();
    assert!(
        matches!(refused, Err(LockError::Taken { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_full_disk_refuses_what_does_not_fit_and_nothing_else() {
    let (test, id) = with_a_task().await;
    let claimed = test.store.claim("w", MINUTE).await.unwrap().unwrap();
    test.store.set_max_pages(1);
    let large = Ending::Completed(TaskResult::new(format!("[{}]", "0,".repeat(100_000) + "0")));
    for _ in 0..3 {
        let outcome = test.store.finish(&claimed.lease, &large).await;
        assert!(is_unavailable(&outcome), "{outcome:?}");
        let why = outcome.unwrap_err().to_string();
        assert!(why.contains("full"), "{why}");
    }
    let mut task = combination();
    task.file_name = Some("x".repeat(100_000));
    assert!(test.store.insert_task(task, NO_LIMITS).await.is_err());
    let found = test.store.find_task(id.as_str()).await.unwrap().unwrap();
    assert_eq!(
        found.state.status().known(),
        Some(domain::task::TaskStatus::Processing)
    );
    // There is room again: the same worker ends the same task.
    test.store.set_max_pages(0);
    test.store.finish(&claimed.lease, &large).await.unwrap();
    assert_well(&test, &id).await;
}

#[tokio::test]
async fn pf3_another_program_that_writes_is_waited_for_but_not_for_ever() {
    let test = TestStore::new();
    let mut impatient = settings(&test.database_path());
    impatient.acquire_timeout = std::time::Duration::from_millis(200);
    let store = Store::new(impatient, test.clock.clone());
    store.prepare().await.unwrap();
    let other = other_program(&test).await;
    let transaction = other.begin_with("begin immediate").await.unwrap();
    let refused = store.insert_task(combination(), NO_LIMITS).await;
    assert!(refused.is_err());
    assert_eq!(store.list_tasks().await.unwrap().len(), 0);
    transaction.rollback().await.unwrap();
    store.insert_task(combination(), NO_LIMITS).await.unwrap();
}

#[tokio::test]
async fn only_one_server_has_a_database() {
    let test = TestStore::new();
    test.store.lock_exclusively().unwrap();
    test.store.lock_exclusively().unwrap();
    let second = Store::new(settings(&test.database_path()), test.clock.clone());
    let refused = second.lock_exclusively();
    assert!(
        matches!(refused, Err(LockError::Taken { .. })),
        "{refused:?}"
    );
    assert!(refused.unwrap_err().to_string().contains("another scriven"));
    test.store.close().await;
    second.lock_exclusively().unwrap();
}

#[tokio::test]
async fn only_one_server_has_a_folder_of_recordings() {
    let test = TestStore::new();
    let (first, second) = (test.media(), test.media());
    first.lock_exclusively().unwrap();
    first.clone().lock_exclusively().unwrap();
    let refused = second.lock_exclusively();
    assert!(
        matches!(refused, Err(LockError::FolderTaken { .. })),
        "{refused:?}"
    );
    drop(first);
    second.lock_exclusively().unwrap();
}

#[tokio::test]
async fn fr2_no_connection_is_left_behind_by_failures() {
    let (test, id) = with_a_task().await;
    let break_and_repair = async || {
        fs::rename(test.database_path(), aside(&test)).unwrap();
        assert_unavailable(&test.store).await;
        fs::rename(aside(&test), test.database_path()).unwrap();
        assert_well(&test, &id).await;
    };
    break_and_repair().await;
    let before = n_open_files();
    for _ in 0..20 {
        break_and_repair().await;
    }
    // Other tests of this process open files too.
    assert!(
        n_open_files() < before + 40,
        "{before} were open, now {}",
        n_open_files()
    );
}
