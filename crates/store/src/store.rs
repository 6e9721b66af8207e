//! The database itself: opened, migrated, watched.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use domain::clock::Clock;
use domain::task::TaskId;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{Connection, Sqlite, SqliteConnection};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::error::{Failure, LockError, StoreError};
use crate::file::{Access, Trouble};
use crate::opened::Opened;
use crate::settings::Settings;

/// How long [`Store::check`] waits.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// Events that a receiver may be behind.
const N_EVENTS_KEPT: usize = 1024;

/// The database. Cheap to clone; all clones are one.
///
/// Before each operation the file is looked at. While it is gone, was replaced by something else or is damaged, all
/// operations answer [`StoreError::Unavailable`]; when a database is there again, it is opened and migrated by the next
/// one. A file that is not there is made only before this process had one open: a database that vanishes does not
/// silently become an empty one.
///
/// **What is committed is on the disk**, also after a loss of power. Writes go through one connection, each in a
/// transaction of its own that runs to its end even if its caller is gone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    clock: Arc<dyn Clock>,
    events: broadcast::Sender<Event>,
    opened: RwLock<Option<Arc<Opened>>>,
    /// Held while the database is opened or closed: whether it ever was open.
    was_opened: tokio::sync::Mutex<bool>,
    is_closed: AtomicBool,
    lock: Mutex<Option<File>>,
    #[cfg(any(test, feature = "testing"))]
    max_pages: std::sync::atomic::AtomicU32,
}

/// Something that others wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A task may be claimed.
    TaskQueued,
    /// The task was deleted.
    Deleted(TaskId),
    /// A message may be due.
    DeliveryQueued,
}

/// The statements of a transaction, and what happens if it is committed.
pub(crate) type Change<'c, T> =
    Pin<Box<dyn Future<Output = Result<(T, Vec<Event>), Failure>> + Send + 'c>>;

impl Store {
    /// The database that `settings` name. Nothing is opened yet: each call does that when it must, so that the service
    /// starts without its database, and finds it when it comes back.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner {
            settings,
            clock,
            events: broadcast::Sender::new(N_EVENTS_KEPT),
            opened: RwLock::default(),
            was_opened: tokio::sync::Mutex::default(),
            is_closed: AtomicBool::new(false),
            lock: Mutex::default(),
            #[cfg(any(test, feature = "testing"))]
            max_pages: std::sync::atomic::AtomicU32::new(0),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Makes sure that no other process serves this database, as long as this store lives or until it is closed. A
    /// database in memory is nobody else's.
    ///
    /// # Errors
    /// Another process does, or the file `<database>.lock` cannot be made.
    pub fn lock_exclusively(&self) -> Result<(), LockError> {
        let mut held = unpoisoned(self.inner.lock.lock());
        if held.is_none() {
            *held = crate::lock::lock(&self.inner.settings.url)?;
        }
        Ok(())
    }

    /// Opens the database and brings its tables up to date, unless that was done.
    ///
    /// # Errors
    /// It cannot be opened, or its tables are newer than this program.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        self.opened(Access::Write).await.map(drop)
    }

    /// Whether tasks can be read now, within two seconds.
    ///
    /// # Errors
    /// They cannot.
    pub async fn check(&self) -> Result<(), StoreError> {
        let read = self.read(async |mut connection: Reader| {
            sqlx::query("select id from tasks limit 1")
                .fetch_optional(&mut *connection)
                .await?;
            Ok(())
        });
        timeout(CHECK_TIMEOUT, read).await.unwrap_or_else(|_| {
            let text = format!("it does not answer within {} s", CHECK_TIMEOUT.as_secs());
            Err(StoreError::Unavailable(text))
        })
    }

    /// What happens from now on in this process.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Where "now" comes from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Ends all connections for good, and the lock; what was written is in the file, without a log beside it.
    pub async fn close(&self) {
        self.inner.is_closed.store(true, Ordering::SeqCst);
        // Somebody may be opening it just now; nobody begins to after this.
        drop(self.inner.was_opened.lock().await);
        if let Some(opened) = self.current() {
            self.let_go(opened).await;
        }
        unpoisoned(self.inner.lock.lock()).take();
    }
}

/// A connection for reading.
pub(crate) type Reader = PoolConnection<Sqlite>;

impl Store {
    /// Reads by `query`, which may be dropped at any time.
    pub(crate) async fn read<T>(
        &self,
        query: impl AsyncFnOnce(Reader) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let (opened, connection) = self.connection(Access::Read).await?;
        query(connection)
            .await
            .map_err(|failure| self.judge(opened, failure))
    }

    /// Runs `change` in a transaction. It comes to its end even if the caller is gone, so that none stays open and no
    /// answer is lost half-way.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> Change<'c, T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        finished(tokio::spawn(async move { store.write_here(change).await })).await?
    }

    /// As [`Self::write`], for callers that are never dropped.
    pub(crate) async fn write_here<T: Send>(
        &self,
        change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> Change<'c, T> + Send,
    ) -> Result<T, StoreError> {
        let (opened, mut connection) = self.connection(Access::Write).await?;
        #[cfg(any(test, feature = "testing"))]
        self.limit_pages(&mut connection).await;
        match in_transaction(&mut connection, change).await {
            Ok((value, events)) => {
                for event in events {
                    // Nobody may be listening.
                    let _ = self.inner.events.send(event);
                }
                Ok(value)
            }
            Err(failure) => {
                self.discard(&opened, connection, &failure).await;
                Err(self.judge(opened, failure))
            }
        }
    }

    /// Ends a connection that a statement failed on: the engine ends some transactions itself, which those who count them
    /// do not hear. A database in memory would end with it.
    async fn discard(&self, opened: &Opened, connection: Reader, failure: &Failure) {
        if matches!(failure, Failure::Sql(_)) && opened.is_file {
            let _ = connection.close().await;
        }
    }

    /// What the caller is told; a database that may be broken is opened anew by the next one.
    fn judge(&self, opened: Arc<Opened>, failure: Failure) -> StoreError {
        if failure.asks_for_new_connections() && opened.is_file {
            let store = self.clone();
            tokio::spawn(async move { store.let_go(opened).await });
        }
        failure.into()
    }

    async fn connection(&self, access: Access) -> Result<(Arc<Opened>, Reader), StoreError> {
        loop {
            let opened = self.opened(access).await?;
            match opened.pool(access).acquire().await {
                Ok(connection) => return Ok((opened, connection)),
                // It was closed since; the next look opens it anew, or says why not.
                Err(sqlx::Error::PoolClosed) => self.let_go(opened).await,
                Err(error) => return Err(self.judge(opened, error.into())),
            }
        }
    }

    /// The open database, if its file may be used for `access`.
    async fn opened(&self, access: Access) -> Result<Arc<Opened>, StoreError> {
        if let Some(opened) = self.current() {
            match opened.look(access) {
                Ok(()) => return Ok(opened),
                Err(Trouble::Denied(why)) => return Err(StoreError::Unavailable(why)),
                Err(Trouble::Lost(why)) => {
                    tracing::warn!("the database is closed: {why}");
                    self.let_go(opened).await;
                }
            }
        }
        let store = self.clone();
        finished(tokio::spawn(async move { store.open().await })).await?
    }

    /// Opens the database, unless somebody else did. Never dropped half-way: see `FileWatch`.
    async fn open(&self) -> Result<Arc<Opened>, StoreError> {
        let mut was_opened = self.inner.was_opened.lock().await;
        if let Some(opened) = self.current() {
            return Ok(opened);
        }
        if self.inner.is_closed.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("it was closed".to_owned()));
        }
        let opened = Arc::new(Opened::open(&self.inner.settings, !*was_opened).await?);
        *was_opened = true;
        *unpoisoned(self.inner.opened.write()) = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Closes `opened`, unless somebody else did.
    async fn let_go(&self, opened: Arc<Opened>) {
        let store = self.clone();
        let closing = tokio::spawn(async move {
            let _held = store.inner.was_opened.lock().await;
            let is_it = |current: &Arc<Opened>| Arc::ptr_eq(current, &opened);
            let mine = unpoisoned(store.inner.opened.write()).take_if(|current| is_it(current));
            if let Some(mine) = mine {
                mine.close().await;
            }
        });
        let _ = finished(closing).await;
    }

    fn current(&self) -> Option<Arc<Opened>> {
        unpoisoned(self.inner.opened.read()).clone()
    }
}

impl Opened {
    fn pool(&self, access: Access) -> &SqlitePool {
        match access {
            Access::Read => &self.readers,
            Access::Write => &self.writer,
        }
    }
}

async fn in_transaction<T>(
    connection: &mut SqliteConnection,
    change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> Change<'c, T>,
) -> Result<(T, Vec<Event>), Failure> {
    // Immediate: a transaction that reads first and writes then could not wait for another process.
    let mut transaction = connection.begin_with("begin immediate").await?;
    let outcome = change(&mut transaction).await?;
    transaction.commit().await?;
    Ok(outcome)
}

/// What a task of the runtime ended with. A panic goes on in the caller.
pub(crate) async fn finished<T>(task: tokio::task::JoinHandle<T>) -> Result<T, StoreError> {
    match task.await {
        Ok(value) => Ok(value),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(StoreError::Unavailable("the service stops".to_owned())),
    }
}

/// A lock's value; nothing here panics while it holds one.
fn unpoisoned<G>(locked: Result<G, PoisonError<G>>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(any(test, feature = "testing"))]
impl Store {
    /// Lets the file grow to `n_pages` at most, as if the disk were full then; zero lifts the limit.
    pub fn set_max_pages(&self, n_pages: u32) {
        self.inner.max_pages.store(n_pages, Ordering::SeqCst);
    }

    /// Closes all connections as if the file had been lost; the next operation opens them anew.
    pub async fn lose_connections(&self) {
        if let Some(opened) = self.current() {
            self.let_go(opened).await;
        }
    }

    async fn limit_pages(&self, connection: &mut SqliteConnection) {
        let n_pages = match self.inner.max_pages.load(Ordering::SeqCst) {
            0 => u32::MAX - 1,
            n_pages => n_pages,
        };
        // A pragma takes no bound parameters.
        let statement = sqlx::AssertSqlSafe(format!("pragma max_page_count = {n_pages}"));
        let _ = sqlx::query(statement)
            .persistent(false)
            .execute(connection)
            .await;
    }
}
