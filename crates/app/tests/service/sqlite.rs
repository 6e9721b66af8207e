//! The database behind the service's back.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};

/// The usual database in `folder`, only to look at. Close it before the service runs again.
pub(crate) async fn look_at(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("records.db"));
    options.read_only(true).connect().await.unwrap()
}

/// The database at `path`, made if it is not there.
pub(crate) async fn open(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(Duration::from_secs(30))
        .connect()
        .await
        .unwrap()
}

/// Runs statements, parted by semicolons.
pub(crate) async fn execute(connection: &mut SqliteConnection, statements: &str) {
    let statements = sqlx::AssertSqlSafe(statements.to_owned());
    sqlx::raw_sql(statements).execute(connection).await.unwrap();
}

/// The number that a statement gives.
pub(crate) async fn number(connection: &mut SqliteConnection, statement: &'static str) -> i64 {
    let row = sqlx::query(statement).fetch_one(connection).await.unwrap();
    row.get(0)
}

/// Closes a connection, so that nothing of it is left beside the file.
pub(crate) async fn close(connection: SqliteConnection) {
    connection.close().await.unwrap();
}
