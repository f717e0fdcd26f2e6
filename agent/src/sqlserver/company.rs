//! One GP company: its connections, what is known of its procedures, and whether it may be written.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use connect_proto::econnect::Document;
use connect_proto::tunnel::v1::{
    Binding, CompanyReport, CompanyState, DocumentKey, Failure, WatcherReport,
};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::binding::{self, Bound, Expected, Found, Judgement};
use super::connection::{ConnectOptions, SqlConnection};
use super::error::SqlError;
use super::journal;
use super::pool::{Lease, Pool};
use super::preflight::Known;
use super::procedures::{Shape, Shapes};
use super::queries::Looks;
use super::queries::Own as OwnQuery;
use super::refusal;
use super::reply::Cell;
use super::statements;
use super::values::SqlValue;
use super::view::{
    self, CHOOSE_COPIED, CHOOSE_RESTORED, NOT_PREPARED, View, failed_view, not_prepared_failure,
    view_of,
};
use super::watching::Watching;
use crate::clock::Clock;
use crate::state::MarkKeeper;

/// Connections beside those that execute documents: checks, queries, settling.
const SPARE_CONNECTIONS: u32 = 3;

/// What a company is made from.
#[derive(Debug, Clone)]
pub(super) struct CompanyConfig {
    pub(super) database: String,
    pub(super) parallel: u32,
    pub(super) environment: String,
    pub(super) environment_check: bool,
    pub(super) allowed: Arc<dyn NodeRule>,
    /// Queries of the owner's file.
    pub(super) own_queries: Arc<[OwnQuery]>,
}

/// Which nodes the owner allows beside the catalogue's.
pub(super) trait NodeRule: std::fmt::Debug + Send + Sync {
    fn allows(&self, node: &str) -> bool;
}

impl NodeRule for BTreeSet<String> {
    fn allows(&self, node: &str) -> bool {
        self.contains(node)
    }
}

/// A GP company database.
#[derive(Debug)]
pub struct Company {
    config: CompanyConfig,
    pool: Pool,
    shapes: Shapes,
    known: Known,
    watching: Watching,
    looks: Looks,
    marks: Arc<MarkKeeper>,
    view: RwLock<Arc<View>>,
    /// One check at a time.
    pub(super) checking: Mutex<()>,
    /// Documents worked on at once, whatever commands they come with.
    turns: Semaphore,
}

/// Why there is no connection to write with.
#[derive(Debug)]
pub(super) enum NoWriter {
    Sql(SqlError),
    Parked(Box<Failure>),
}

impl Company {
    pub(super) fn new(
        config: CompanyConfig,
        options: ConnectOptions,
        marks: Arc<MarkKeeper>,
    ) -> Self {
        let pool = Pool::new(
            options,
            &config.database,
            config.parallel + SPARE_CONNECTIONS,
        );
        let view = view::unseen();
        let turns = usize::try_from(config.parallel).unwrap_or(1);
        Self {
            config,
            pool,
            shapes: Shapes::default(),
            known: Known::default(),
            watching: Watching::default(),
            looks: Looks::default(),
            marks,
            view: RwLock::new(Arc::new(view)),
            checking: Mutex::new(()),
            turns: Semaphore::new(turns),
        }
    }

    pub fn database(&self) -> &str {
        &self.config.database
    }

    /// Waits until one more document may be worked on; none only while stopping.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    pub fn parallel(&self) -> u32 {
        self.config.parallel
    }

    /// What the cloud is told about the company.
    pub fn report(&self) -> CompanyReport {
        let view = self.view();
        let highest_journal = match view.state {
            CompanyState::Ready => self.highest_journal(),
            CompanyState::Unspecified
            | CompanyState::Unreachable
            | CompanyState::LoginRefused
            | CompanyState::NotPrepared
            | CompanyState::Restored
            | CompanyState::Copied => view.newest_journal,
        };
        let bound = !view.bound.incarnation.is_empty();
        let binding = bound.then(|| Binding {
            environment: view.bound.environment.clone(),
            company: view.bound.company.clone(),
            server_name: view.bound.server_name.clone(),
            database_name: view.bound.database_name.clone(),
            recovery_fork: view.bound.recovery_fork.clone(),
            incarnation: view.bound.incarnation.clone(),
            highest_journal,
        });
        CompanyReport {
            company: self.config.database.clone(),
            company_name: view.name.clone(),
            state: view.state.into(),
            detail: view.detail.clone(),
            binding,
            parallel: self.config.parallel,
            watchers: self.watching.reports(),
        }
    }

    pub fn state(&self) -> CompanyState {
        self.view().state
    }

    /// The company's name, blank when it may not be read.
    pub(super) fn name(&self) -> String {
        self.view().name.clone()
    }

    /// Names the binding in force.
    pub fn incarnation(&self) -> String {
        self.view().bound.incarnation.clone()
    }

    /// The highest journal number known to be committed.
    pub(super) fn highest_journal(&self) -> i64 {
        self.marks
            .get(&self.config.database)
            .map_or(0, |mark| mark.highest_journal)
    }

    pub(super) fn committed(&self, journal_id: i64) {
        self.marks.raise(&self.config.database, journal_id);
    }

    /// Whether the owner allows a node beside the catalogue's.
    pub fn allows_node(&self, node: &str) -> bool {
        self.config.allowed.allows(node)
    }

    pub(super) fn own_queries(&self) -> &[OwnQuery] {
        &self.config.own_queries
    }

    /// How long a statement waits for a row that another session holds.
    pub fn lock_timeout_ms(&self) -> u32 {
        self.pool.lock_timeout_ms()
    }

    /// The eConnect procedures the login can see.
    pub async fn procedure_names(&self) -> Result<Vec<String>, SqlError> {
        let mut lease = self.lease().await?;
        let rows = lease
            .connection
            .query(&statements::PROCEDURES, Vec::new())
            .await?;
        lease.give_back();
        Ok(rows
            .iter()
            .filter_map(|row| row.first()?.text().map(str::to_owned))
            .collect())
    }

    /// Says how a watcher does.
    pub fn watcher_report(&self, report: WatcherReport) {
        self.watching.report(report);
    }

    /// Whether the agent wrote a record within the last minute.
    pub fn wrote(&self, element: &str, value: &str) -> bool {
        self.watching.wrote(element, value)
    }

    pub(super) fn written(&self, document: &Document, keys: &[DocumentKey]) {
        self.watching.written(document, keys);
    }

    /// What the pre-flight found in order lately.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// What its watchers saw just now.
    pub(super) fn looks(&self) -> &Looks {
        &self.looks
    }

    pub(super) fn forget_shapes(&self) {
        self.shapes.forget();
    }

    /// Other idle connections are likely as dead as the one that broke.
    pub(super) fn connection_lost(&self) {
        self.pool.clear();
    }

    pub(super) async fn lease(&self) -> Result<Lease, SqlError> {
        let leased = self.pool.lease().await;
        leased.inspect_err(|error| self.no_connection(error))
    }

    pub(super) async fn fresh_lease(&self) -> Result<Lease, SqlError> {
        let leased = self.pool.lease_fresh().await;
        leased.inspect_err(|error| self.no_connection(error))
    }

    /// Remembers that there is no way in, so that not every command tries the login again.
    fn no_connection(&self, error: &SqlError) {
        if error.is_no_way_in() {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            *view = Arc::new(View {
                looked: Some(Instant::now()),
                ..failed_view(&view, error.clone())
            });
        }
    }

    /// A connection to a company that may be written.
    pub(super) async fn writer(&self) -> Result<Lease, NoWriter> {
        let parked = |failure| NoWriter::Parked(Box::new(failure));
        self.admit().await.map_err(parked)?;
        let lease = self.lease().await.map_err(NoWriter::Sql)?;
        if !lease.reused {
            // A restore closes every connection, so a new one is the moment to look again.
            self.recheck().await.map_err(parked)?;
        }
        Ok(lease)
    }

    /// Looks at the database again, because something does not fit.
    pub async fn recheck(&self) -> Result<(), Failure> {
        self.check().await;
        self.refusal().map_or(Ok(()), Err)
    }

    /// Reads the binding and decides whether the company may be written; true when that changed.
    pub async fn check(&self) -> bool {
        let _one_at_a_time = self.checking.lock().await;
        self.look_again().await
    }

    pub(super) async fn look_again(&self) -> bool {
        let before = self.view();
        let mut looked = self.look().await;
        if matches!(looked, Err(SqlError::Broken(_))) {
            // An idle connection may have died unseen; a new one tells.
            self.pool.clear();
            looked = self.look().await;
        }
        let mut view = match looked {
            Ok(view) => view,
            Err(error) => failed_view(&before, error),
        };
        view.looked = Some(Instant::now());
        let changed = (view.state, &view.detail) != (before.state, &before.detail);
        if changed {
            let state = view.state.as_str_name();
            let detail = view.detail.as_str();
            tracing::info!(
                company = self.config.database,
                state,
                detail,
                "A company's state changed"
            );
        }
        if view.state != CompanyState::Ready {
            self.pool.clear();
            self.shapes.forget();
        }
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        changed
    }

    /// Binds the company anew by its owner's decision.
    pub async fn rebind(&self) -> Result<String, Failure> {
        let mut lease = self
            .lease()
            .await
            .map_err(|error| refusal::of_sql_error(&error))?;
        let found = binding::read(&mut lease.connection).await;
        let found = found.map_err(|error| refusal::of_sql_error(&error))?;
        let Some(found) = found else {
            return Err(not_prepared_failure());
        };
        let bound = self.new_binding(&found);
        binding::write(&mut lease.connection, &bound, found.bound.is_some())
            .await
            .map_err(|error| refusal::of_sql_error(&error))?;
        Ok(bound.incarnation)
    }

    /// The live parameters of procedures; those not known yet are read.
    pub(super) async fn shapes_of(
        &self,
        procedures: &[&str],
    ) -> Result<HashMap<String, Option<Arc<Shape>>>, SqlError> {
        let mut shapes = HashMap::new();
        let mut unknown = Vec::new();
        for procedure in procedures {
            match self.shapes.known(procedure) {
                Some(shape) => {
                    shapes.insert((*procedure).to_owned(), Some(shape));
                }
                None => unknown.push(*procedure),
            }
        }
        if unknown.is_empty() {
            return Ok(shapes);
        }
        let mut lease = self.lease().await?;
        for procedure in unknown {
            let shape = self.shapes.load(&mut lease.connection, procedure).await?;
            shapes.insert(procedure.to_owned(), shape);
        }
        lease.give_back();
        Ok(shapes)
    }

    async fn look(&self) -> Result<View, SqlError> {
        // Taken before the journal is read: a commit in between must not look like a restore.
        let mark = self.marks.get(&self.config.database);
        let mut lease = self.lease().await?;
        let connection = &mut lease.connection;
        let name = match self.view().name.as_str() {
            known if !known.is_empty() => known.to_owned(),
            _ => self.read_name(connection).await?,
        };
        let Some(found) = binding::read(connection).await? else {
            lease.give_back();
            return Ok(view_of(CompanyState::NotPrepared, NOT_PREPARED, name, None));
        };
        let expected = Expected {
            environment: &self.config.environment,
            company: &self.config.database,
            environment_check: self.config.environment_check,
            mark: mark.as_ref(),
        };
        let view = match binding::judge(&found, &expected) {
            Judgement::Ready => {
                // A crash may have lost the latest mark; what the cloud was told must not shrink.
                self.committed(journal::highest(connection).await?);
                view_of(CompanyState::Ready, "", name, Some(&found))
            }
            Judgement::Rebound => {
                let incarnation = found.bound.as_ref().map(|b| b.incarnation.clone());
                self.adopt(connection, &incarnation.unwrap_or_default())
                    .await?;
                view_of(CompanyState::Ready, "", name, Some(&found))
            }
            Judgement::Unbound => self.bind(connection, found, name).await?,
            Judgement::Restored(detail) => {
                let detail = format!("{detail} {CHOOSE_RESTORED}");
                view_of(CompanyState::Restored, &detail, name, Some(&found))
            }
            Judgement::Copied(detail) => {
                let detail = format!("{detail} {CHOOSE_COPIED}");
                view_of(CompanyState::Copied, &detail, name, Some(&found))
            }
        };
        lease.give_back();
        Ok(view)
    }

    async fn bind(
        &self,
        connection: &mut SqlConnection,
        found: Found,
        name: String,
    ) -> Result<View, SqlError> {
        let bound = self.new_binding(&found);
        binding::write(connection, &bound, false).await?;
        self.adopt(connection, &bound.incarnation).await?;
        tracing::info!(company = self.config.database, "The company was bound");
        let found = Found {
            bound: Some(bound),
            ..found
        };
        Ok(view_of(CompanyState::Ready, "", name, Some(&found)))
    }

    async fn adopt(
        &self,
        connection: &mut SqlConnection,
        incarnation: &str,
    ) -> Result<(), SqlError> {
        let highest = journal::highest(connection).await?;
        self.marks
            .adopt(&self.config.database, incarnation, highest)
            .map_err(|error| SqlError::Unexpected(error.to_string()))
    }

    fn new_binding(&self, found: &Found) -> Bound {
        Bound {
            environment: self.config.environment.clone(),
            company: self.config.database.clone(),
            server_name: found.server_name.clone(),
            database_name: found.database_name.clone(),
            recovery_fork: found.recovery_fork.clone(),
            incarnation: Clock::default().new_id(),
        }
    }

    /// The name is a courtesy; without the right to read it the company goes unnamed.
    async fn read_name(&self, connection: &mut SqlConnection) -> Result<String, SqlError> {
        let parameters = vec![SqlValue::from(self.config.database.as_str())];
        match connection
            .query_one(&statements::COMPANY_NAME, parameters)
            .await
        {
            Ok(row) => {
                let name = row.and_then(|row| row.first().and_then(Cell::text).map(str::to_owned));
                Ok(name.unwrap_or_default())
            }
            Err(error) if error.breaks_connection() => Err(error),
            Err(_) => Ok(String::new()),
        }
    }

    pub(super) fn view(&self) -> Arc<View> {
        self.view
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
