//! Connections lent to one user at a time, per server, in fair order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use crate::{Address, Config};

/// Keeps the connections of one driver to any number of servers and decides who gets one.
///
/// The pool opens, closes and awaits nothing. [`Pool::acquire`] answers with a connection, with the right to open one, or
/// with a place in the queue of that server. After every call that changes the pool, [`Pool::poll_event`] tells whom to
/// wake and what to close, until it returns `None`. Who was woken calls [`Pool::granted`]; who no longer wants to wait
/// calls [`Pool::cancel`].
///
/// Promises, for each server: there are never more connections, lent, idle and being opened together, than
/// [`Config::max_connection_pool_size`]; whoever waits is served in the order of asking, by the next connection that is
/// given back or the next right to open one that becomes free; nobody waits while a connection is idle.
/// Below that limit, nobody waits but for a connection that will be given back soon ([`Pool::begin_recovery`]).
///
/// A [`Lease`], [`DialPermit`] or [`Ticket`] that is lost takes its place with it. Whoever holds one across an await point
/// must give it back when dropped.
#[derive(Debug)]
pub struct Pool<C> {
    max_size: usize,
    max_lifetime: Option<Duration>,
    liveness_check_timeout: Option<Duration>,
    hosts: BTreeMap<Address, Host<C>>,
    /// What was granted to a ticket and is not yet picked up. It counts as in use or as being created.
    granted: BTreeMap<Ticket, Grant<C>>,
    next_ticket: u64,
    events: VecDeque<PoolEvent<C>>,
    closed: bool,
}

impl<C> Pool<C> {
    /// Makes an empty pool with the limits of a valid configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            max_size: config.max_connection_pool_size,
            max_lifetime: config.max_connection_lifetime,
            liveness_check_timeout: config.liveness_check_timeout,
            hosts: BTreeMap::new(),
            granted: BTreeMap::new(),
            next_ticket: 0,
            events: VecDeque::new(),
            closed: false,
        }
    }

    /// Asks for a connection to a server.
    ///
    /// The connection used last is lent first: it is the warmest and the least likely to need a liveness check. One past
    /// its lifetime is closed instead.
    pub fn acquire(&mut self, now: Instant, address: &Address) -> Acquire<C> {
        if self.closed {
            return Acquire::Closed;
        }
        while let Some(idle) = self.pop_idle(now, address) {
            if !self.is_expired(now, idle.created) {
                self.host(address).in_use += 1;
                return Acquire::Ready(self.lease(now, address, idle));
            }
            self.events.push_back(PoolEvent::Close(idle.connection));
        }
        let max_size = self.max_size;
        let ticket = Ticket(self.next_ticket);
        let host = self.host(address);
        // A connection that is being recovered is ready sooner than one that must be opened.
        let may_wait = host.waiting.len() < host.recovering;
        if host.in_use + host.creating < max_size && !may_wait {
            host.creating += 1;
            return Acquire::Dial(DialPermit { address: address.clone(), generation: host.generation });
        }
        host.waiting.insert(ticket);
        self.next_ticket += 1;
        Acquire::Wait(ticket)
    }

    /// Picks up what was granted to a ticket, which is spent unless the answer is `Wait` with the same ticket.
    pub fn granted(&mut self, ticket: Ticket) -> Acquire<C> {
        match self.granted.remove(&ticket) {
            Some(Grant::Lease(mut lease)) => {
                lease.must_authenticate = lease.generation != self.host(&lease.address).generation;
                Acquire::Ready(lease)
            }
            Some(Grant::Dial(permit)) => Acquire::Dial(permit),
            None if self.closed => Acquire::Closed,
            None if self.hosts.values().any(|host| host.waiting.contains(&ticket)) => Acquire::Wait(ticket),
            None => Acquire::Deactivated,
        }
    }

    /// Gives a ticket back. What was granted to it meanwhile goes to the next in the queue.
    pub fn cancel(&mut self, now: Instant, ticket: Ticket) {
        match self.granted.remove(&ticket) {
            Some(Grant::Lease(lease)) => self.release(now, lease, Disposition::Reuse),
            Some(Grant::Dial(permit)) => self.dial_failed(permit),
            None => {
                for host in self.hosts.values_mut() {
                    host.waiting.remove(&ticket);
                }
            }
        }
    }

    /// Spends a permit on a connection that was opened and is ready for use; its lifetime begins now.
    ///
    /// Returns `None` if the pool was closed meanwhile; the connection is then closed as well.
    pub fn dialed(&mut self, now: Instant, permit: DialPermit, connection: C) -> Option<Lease<C>> {
        if self.closed {
            self.events.push_back(PoolEvent::Close(connection));
            self.dial_failed(permit);
            return None;
        }
        let DialPermit { address, generation } = permit;
        let host = self.host(&address);
        host.creating -= 1;
        host.in_use += 1;
        Some(Lease {
            connection,
            address,
            created: now,
            generation,
            must_authenticate: false,
            needs_liveness_check: false,
            is_recovering: false,
        })
    }

    /// Gives a permit back unused: no connection was opened. The right goes to the next in the queue.
    pub fn dial_failed(&mut self, permit: DialPermit) {
        self.host(&permit.address).creating -= 1;
        self.vacated(&permit.address);
    }

    /// Gives a connection back: to be lent to the next, or to be closed.
    ///
    /// It is also closed when it is past its lifetime, and when the pool is closed.
    pub fn release(&mut self, now: Instant, lease: Lease<C>, disposition: Disposition) {
        let Lease { connection, address, created, generation, is_recovering, .. } = lease;
        let is_reusable = disposition == Disposition::Reuse && !self.closed && !self.is_expired(now, created);
        let host = self.host(&address);
        host.recovering -= usize::from(is_recovering);
        if !is_reusable {
            host.in_use -= 1;
            self.events.push_back(PoolEvent::Close(connection));
            self.vacated(&address);
            return;
        }
        let idle = Idle { connection, created, since: now, generation };
        if let Some(ticket) = host.waiting.pop_first() {
            let lease = self.lease(now, &address, idle);
            self.grant(ticket, Grant::Lease(lease));
        } else {
            host.in_use -= 1;
            host.idle.push_back(idle);
        }
    }

    /// Takes note that a connection will be given back soon: whoever asks for one now rather waits for it than opens another.
    pub fn begin_recovery(&mut self, lease: &mut Lease<C>) {
        if !lease.is_recovering {
            lease.is_recovering = true;
            self.host(&lease.address).recovering += 1;
        }
    }

    /// Gives up on a server for now: closes its idle connections and sends away who waits for one, to try another server.
    ///
    /// Connections in use are not touched.
    pub fn deactivate(&mut self, address: &Address) {
        let Some(host) = self.hosts.get_mut(address) else {
            return;
        };
        self.events.extend(host.idle.drain(..).map(|idle| PoolEvent::Close(idle.connection)));
        self.events.extend(std::mem::take(&mut host.waiting).into_iter().map(PoolEvent::Wake));
        self.vacated(address);
    }

    /// Deactivates every server that `keep` is false for.
    pub fn retain(&mut self, keep: impl Fn(&Address) -> bool) {
        let gone: Vec<_> = self.hosts.keys().filter(|address| !keep(address)).cloned().collect();
        for address in gone {
            self.deactivate(&address);
        }
    }

    /// Sees to it that every connection to a server which exists now authenticates before it is lent again: see
    /// [`Lease::must_authenticate`].
    pub fn expire_authentication(&mut self, address: &Address) {
        if let Some(host) = self.hosts.get_mut(address) {
            host.generation += 1;
        }
    }

    /// Takes note that a connection has authenticated again.
    pub fn authenticated(&mut self, lease: &mut Lease<C>) {
        lease.generation = self.host(&lease.address).generation;
        lease.must_authenticate = false;
    }

    /// Closes the pool: every idle connection now, every other when it is given back. Nobody gets a connection any more, and
    /// everybody who waits is woken to hear so. Closing twice is closing once.
    pub fn close(&mut self) {
        self.closed = true;
        self.retain(|_| false);
        for grant in std::mem::take(&mut self.granted).into_values() {
            match grant {
                Grant::Lease(Lease { connection, address, .. }) => {
                    self.events.push_back(PoolEvent::Close(connection));
                    self.host(&address).in_use -= 1;
                    self.vacated(&address);
                }
                Grant::Dial(permit) => self.dial_failed(permit),
            }
        }
    }

    /// Returns whether [`Pool::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns what has to be done next because of earlier calls.
    pub fn poll_event(&mut self) -> Option<PoolEvent<C>> {
        self.events.pop_front()
    }

    /// Returns how many connections to one server there are.
    #[must_use]
    pub fn counts(&self, address: &Address) -> Counts {
        self.hosts.get(address).map(Host::counts).unwrap_or_default()
    }

    /// Iterates over the servers that there are connections to, or that are being connected to.
    pub fn hosts(&self) -> impl Iterator<Item = (&Address, Counts)> {
        self.hosts.iter().map(|(address, host)| (address, host.counts()))
    }

    fn host(&mut self, address: &Address) -> &mut Host<C> {
        if !self.hosts.contains_key(address) {
            self.hosts.insert(address.clone(), Host::new());
        }
        self.hosts.get_mut(address).expect("invariant: inserted above")
    }

    /// Takes the next idle connection: the one used last, or, so that they do not pile up at the far end, the one idle
    /// longest if it has expired.
    fn pop_idle(&mut self, now: Instant, address: &Address) -> Option<Idle<C>> {
        let max_lifetime = self.max_lifetime;
        let idle = &mut self.hosts.get_mut(address)?.idle;
        let front = idle.front()?;
        if is_older(now, front.created, max_lifetime) { idle.pop_front() } else { idle.pop_back() }
    }

    fn lease(&mut self, now: Instant, address: &Address, idle: Idle<C>) -> Lease<C> {
        Lease {
            must_authenticate: idle.generation != self.host(address).generation,
            connection: idle.connection,
            address: address.clone(),
            created: idle.created,
            generation: idle.generation,
            needs_liveness_check: is_older(now, idle.since, self.liveness_check_timeout),
            is_recovering: false,
        }
    }

    fn is_expired(&self, now: Instant, created: Instant) -> bool {
        is_older(now, created, self.max_lifetime)
    }

    fn grant(&mut self, ticket: Ticket, grant: Grant<C>) {
        self.granted.insert(ticket, grant);
        self.events.push_back(PoolEvent::Wake(ticket));
    }

    /// Hands a place that became free to the next in the queue, and forgets a server that there is nothing to know about.
    fn vacated(&mut self, address: &Address) {
        let max_size = self.max_size;
        let host = self.host(address);
        if host.counts() == Counts::default() {
            self.hosts.remove(address);
        } else if host.in_use + host.creating < max_size {
            if let Some(ticket) = host.waiting.pop_first() {
                host.creating += 1;
                let permit = DialPermit { address: address.clone(), generation: host.generation };
                self.grant(ticket, Grant::Dial(permit));
            }
        }
    }
}

/// Returns whether at least `limit` has passed; without a limit, never.
fn is_older(now: Instant, since: Instant, limit: Option<Duration>) -> bool {
    limit.is_some_and(|limit| now.saturating_duration_since(since) >= limit)
}

/// Answers somebody who asked for a connection.
#[derive(Debug)]
#[must_use = "it holds a place in the pool"]
#[expect(clippy::exhaustive_enums, reason = "a new answer must be handled wherever connections are acquired")]
pub enum Acquire<C> {
    /// Here it is.
    Ready(Lease<C>),
    /// Open one.
    Dial(DialPermit),
    /// Wait until [`PoolEvent::Wake`] names this ticket.
    Wait(Ticket),
    /// The server was deactivated during the wait: choose another one, or ask again.
    Deactivated,
    /// The pool is closed.
    Closed,
}

/// Says what the owner of a pool has to do.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new event must be handled wherever events are")]
pub enum PoolEvent<C> {
    /// Wake whoever holds this ticket, to call [`Pool::granted`]. If nobody does, nothing is lost.
    Wake(Ticket),
    /// Close this connection.
    Close(C),
}

/// Says what becomes of a connection that is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "kept or not")]
pub enum Disposition {
    /// It is clean: the next one may have it.
    Reuse,
    /// It is broken, or nobody knows: close it.
    Discard,
}

/// Is a connection that is lent: see [`Pool::release`].
#[derive(Debug)]
#[must_use = "give it back with `Pool::release`"]
pub struct Lease<C> {
    connection: C,
    address: Address,
    created: Instant,
    generation: u64,
    must_authenticate: bool,
    needs_liveness_check: bool,
    is_recovering: bool,
}

impl<C> Lease<C> {
    /// Returns the server that it is a connection to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns whether its server has forgotten who it belongs to, so that it must authenticate before it is used: see
    /// [`Pool::expire_authentication`] and [`Pool::authenticated`].
    #[must_use]
    pub fn must_authenticate(&self) -> bool {
        self.must_authenticate
    }

    /// Returns whether it lay idle for [`Config::liveness_check_timeout`] or longer, so that its server must be asked
    /// before it is used.
    #[must_use]
    pub fn needs_liveness_check(&self) -> bool {
        self.needs_liveness_check
    }
}

impl<C> Deref for Lease<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.connection
    }
}

impl<C> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.connection
    }
}

/// Is the right to open one connection: see [`Pool::dialed`] and [`Pool::dial_failed`].
#[derive(Debug)]
#[must_use = "give it to `Pool::dialed` or back with `Pool::dial_failed`"]
pub struct DialPermit {
    address: Address,
    generation: u64,
}

impl DialPermit {
    /// Returns the server to connect to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// Is a place in the queue for connections to one server: see [`Pool::granted`] and [`Pool::cancel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Counts the connections to one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that are lent, or granted to somebody who has not yet picked them up.
    pub in_use: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Connections that somebody opens or has the right to open.
    pub creating: usize,
    /// Tickets that nothing has been granted to.
    pub waiting: usize,
}

#[derive(Debug)]
struct Host<C> {
    /// In the order of being given back.
    idle: VecDeque<Idle<C>>,
    in_use: usize,
    /// How many of those in use will be given back soon.
    recovering: usize,
    creating: usize,
    /// Tickets are numbered in the order of asking.
    waiting: BTreeSet<Ticket>,
    /// Counts calls of [`Pool::expire_authentication`]; connections of older generations must authenticate again.
    generation: u64,
}

impl<C> Host<C> {
    fn new() -> Self {
        Self { idle: VecDeque::new(), in_use: 0, recovering: 0, creating: 0, waiting: BTreeSet::new(), generation: 0 }
    }

    fn counts(&self) -> Counts {
        Counts { in_use: self.in_use, idle: self.idle.len(), creating: self.creating, waiting: self.waiting.len() }
    }
}

#[derive(Debug)]
struct Idle<C> {
    connection: C,
    created: Instant,
    since: Instant,
    generation: u64,
}

#[derive(Debug)]
enum Grant<C> {
    Lease(Lease<C>),
    Dial(DialPermit),
}

#[cfg(test)]
mod tests;
