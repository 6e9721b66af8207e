//! Tests on a real database.

mod accepting;
mod broken;
mod callers;
mod model;
mod old_files;
mod outbox;
mod queue;
mod recordings;
mod speed;

use std::fs;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

use crate::error::StoreError;
use crate::testing::TestStore;

/// The lease that tests take.
const MINUTE: Duration = Duration::from_mins(1);

/// Another program's connection to the database of `test`, without the checks of this one.
async fn other_program(test: &TestStore) -> SqlitePool {
    let url = format!("sqlite://{}?mode=rwc", test.database_path().display());
    let pool = SqlitePoolOptions::new().max_connections(1);
    pool.connect(&url).await.unwrap()
}

/// Other files beside the database, by name.
fn files_beside(test: &TestStore) -> Vec<String> {
    let folder = test.database_path().parent().unwrap().to_owned();
    let names = fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    let mut names: Vec<_> = names.filter(|name| name != "records.db").collect();
    names.sort();
    names
}

fn is_unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_)))
}
