//! What one connection to TestKit keeps, and the table from its requests to what is done.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use neobolt::{AuthManager, BookmarkManager, Driver, Pipelining, Session};

use crate::callbacks::Callbacks;
use crate::clock::Clock;
use crate::error::{Failure, errors};
use crate::features::{FEATURES, SKIPPED};
use crate::handlers::result::OpenResult;
use crate::handlers::transaction::OpenTransaction;
use crate::request::{Id, Request};
use crate::response::Response;
use crate::wire::{Gone, Wire};

pub(crate) type Answer = Result<Response, Failure>;

/// One connection to TestKit. What is kept is dropped with it.
pub(crate) struct Backend {
    pub(crate) wire: Arc<Wire>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) pipelining: Pipelining,
    pub(crate) callbacks: Arc<Callbacks>,
    pub(crate) drivers: Kept<Driver>,
    pub(crate) sessions: Kept<Session>,
    pub(crate) transactions: Kept<OpenTransaction>,
    pub(crate) results: Kept<OpenResult>,
    pub(crate) bookmark_managers: Kept<BookmarkManager>,
    pub(crate) auth_managers: Kept<Arc<dyn AuthManager>>,
    pub(crate) errors: RefCell<Vec<Failure>>,
}

/// Things by number. Whoever works with one takes it out, and puts it back when it is done.
pub(crate) struct Kept<T> {
    things: RefCell<BTreeMap<Id, T>>,
    next: Cell<Id>,
    what: &'static str,
}

impl<T> Kept<T> {
    fn new(what: &'static str) -> Self {
        Self { things: RefCell::default(), next: Cell::new(1), what }
    }

    pub(crate) fn reserve(&self) -> Id {
        self.next.replace(self.next.get() + 1)
    }

    pub(crate) fn keep(&self, thing: T) -> Id {
        let id = self.reserve();
        self.put(id, thing);
        id
    }

    pub(crate) fn put(&self, id: Id, thing: T) {
        self.things.borrow_mut().insert(id, thing);
    }

    pub(crate) fn take(&self, id: Id) -> Result<T, Failure> {
        let thing = self.things.borrow_mut().remove(&id);
        thing.ok_or_else(|| Failure::Backend(format!("there is no {} {id}", self.what)))
    }

    pub(crate) fn take_where(&self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        let mut things = self.things.borrow_mut();
        let ids: Vec<_> = things.iter().filter(|(_, thing)| wanted(thing)).map(|(id, _)| *id).collect();
        ids.iter().filter_map(|id| things.remove(id)).collect()
    }
}

impl<T: Clone> Kept<T> {
    pub(crate) fn get(&self, id: Id) -> Result<T, Failure> {
        let thing = self.things.borrow().get(&id).cloned();
        thing.ok_or_else(|| Failure::Backend(format!("there is no {} {id}", self.what)))
    }
}

impl Backend {
    pub(crate) fn new(wire: Arc<Wire>, clock: Arc<Clock>, pipelining: Pipelining) -> Self {
        Self {
            callbacks: Arc::new(Callbacks::new(Arc::clone(&wire))),
            wire,
            clock,
            pipelining,
            drivers: Kept::new("driver"),
            sessions: Kept::new("session"),
            transactions: Kept::new("transaction"),
            results: Kept::new("result"),
            bookmark_managers: Kept::new("bookmark manager"),
            auth_managers: Kept::new("auth manager"),
            errors: RefCell::default(),
        }
    }

    /// Works on requests until TestKit goes.
    pub(crate) async fn run(self, gone: &Gone) -> io::Result<()> {
        while let Some(request) = self.wire.read()? {
            let Some(response) = gone.unless(self.answer(request)).await else { break };
            self.wire.write(&response)?;
        }
        for driver in self.drivers.take_where(|_| true) {
            driver.close(Duration::ZERO).await;
        }
        Ok(())
    }

    /// Works on one request. What went wrong is an answer as well.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        self.dispatch(request).await.unwrap_or_else(|failure| errors::report(self, failure))
    }

    async fn dispatch(&self, request: Request) -> Answer {
        use Request as R;
        Ok(match request {
            R::GetFeatures {} => Response::FeatureList { features: FEATURES },
            R::StartTest(it) => match SKIPPED.iter().find(|(test, _)| it.test_name.ends_with(test)) {
                Some((_, reason)) => Response::SkipTest { reason },
                None => Response::RunTest {},
            },
            R::StartSubTest {} => Response::RunTest {},

            R::NewDriver(it) => self.new_driver(*it)?,
            R::DriverClose(it) => self.driver_close(it).await?,
            R::VerifyConnectivity(it) => self.verify_connectivity(it).await?,
            R::GetServerInfo(it) => self.get_server_info(it).await?,
            R::CheckMultiDBSupport(it) => self.check_multi_db_support(it).await?,
            R::CheckSessionAuthSupport(it) => self.check_session_auth_support(it).await?,
            R::CheckDriverIsEncrypted(it) => self.check_driver_is_encrypted(it)?,
            R::VerifyAuthentication(it) => self.verify_authentication(it).await?,
            R::ExecuteQuery(it) => self.execute_query(*it).await?,
            R::ForcedRoutingTableUpdate(it) => self.forced_routing_table_update(it).await?,
            R::GetRoutingTable(it) => self.get_routing_table(it)?,
            R::GetConnectionPoolMetrics(it) => self.get_connection_pool_metrics(it)?,

            R::NewSession(it) => self.new_session(*it)?,
            R::SessionClose(it) => self.session_close(it).await?,
            R::SessionRun(it) => self.session_run(it).await?,
            R::SessionBeginTransaction(it) => self.session_begin_transaction(it).await?,
            R::SessionReadTransaction(it) => self.session_managed(neobolt::AccessMode::Read, it).await?,
            R::SessionWriteTransaction(it) => self.session_managed(neobolt::AccessMode::Write, it).await?,
            R::SessionLastBookmarks(it) => self.session_last_bookmarks(it).await?,

            R::TransactionRun(it) => self.transaction_run(it).await?,
            R::TransactionCommit(it) => self.transaction_commit(it).await?,
            R::TransactionRollback(it) => self.transaction_rollback(it).await?,
            R::TransactionClose(it) => self.transaction_close(it).await?,

            R::ResultNext(it) => self.result_next(it).await?,
            R::ResultPeek(it) => self.result_peek(it).await?,
            R::ResultSingle(it) => self.result_single(it).await?,
            R::ResultSingleOptional(it) => self.result_single_optional(it).await?,
            R::ResultList(it) => self.result_list(it).await?,
            R::ResultConsume(it) => self.result_consume(it).await?,

            R::NewBookmarkManager(it) => self.new_bookmark_manager(it),
            R::BookmarkManagerClose(it) => self.bookmark_manager_close(it)?,
            R::NewAuthTokenManager {} => self.new_auth_token_manager(),
            R::NewBasicAuthTokenManager {} => self.new_basic_auth_token_manager(),
            R::NewBearerAuthTokenManager {} => self.new_bearer_auth_token_manager(),
            R::AuthTokenManagerClose(it) => self.auth_token_manager_close(it)?,

            R::FakeTimeInstall {} => self.fake_time(Clock::freeze),
            R::FakeTimeTick(it) => self.fake_time(|clock| clock.tick(Duration::from_millis(it.increment_ms))),
            R::FakeTimeUninstall {} => self.fake_time(Clock::unfreeze),

            answer @ (R::RetryablePositive {}
            | R::RetryableNegative(_)
            | R::ResolverResolutionCompleted(_)
            | R::DomainNameResolutionCompleted(_)
            | R::BookmarksSupplierCompleted(_)
            | R::BookmarksConsumerCompleted {}
            | R::AuthTokenManagerGetAuthCompleted(_)
            | R::AuthTokenManagerHandleSecurityExceptionCompleted(_)
            | R::BasicAuthTokenProviderCompleted(_)
            | R::BearerAuthTokenProviderCompleted(_)) => {
                return Err(Failure::Backend(format!("an answer to no question: {answer:?}")));
            }
        })
    }

    fn fake_time(&self, set: impl FnOnce(&Clock)) -> Response {
        set(&self.clock);
        Response::FakeTimeAck {}
    }
}
