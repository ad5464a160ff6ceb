use proptest::prelude::*;

use super::*;
use crate::epoch;

fn pool(max: usize) -> Pool<u32> {
    Pool::new(&Config {
        max_connection_pool_size: max,
        liveness_check_timeout: Some(Duration::from_secs(60)),
        ..Config::default()
    })
}

fn address() -> Address {
    Address::new("db", 7687)
}

fn dial(acquired: Acquire<u32>) -> DialPermit {
    let Acquire::Dial(permit) = acquired else { panic!("{acquired:?} is no permit") };
    permit
}

fn ready(acquired: Acquire<u32>) -> Lease<u32> {
    let Acquire::Ready(lease) = acquired else { panic!("{acquired:?} is no lease") };
    lease
}

fn wait(acquired: Acquire<u32>) -> Ticket {
    let Acquire::Wait(ticket) = acquired else { panic!("{acquired:?} is no ticket") };
    ticket
}

fn open(pool: &mut Pool<u32>, now: Instant, connection: u32) -> Lease<u32> {
    let permit = dial(pool.acquire(now, &address()));
    pool.dialed(now, permit, connection).unwrap()
}

fn events(pool: &mut Pool<u32>) -> Vec<String> {
    std::iter::from_fn(|| pool.poll_event())
        .map(|event| match event {
            PoolEvent::Wake(Ticket(number)) => format!("wake {number}"),
            PoolEvent::Close(connection) => format!("close {connection}"),
        })
        .collect()
}

#[test]
fn the_connection_used_last_is_lent_first() {
    let (mut pool, now) = (pool(3), epoch());
    let leases: Vec<_> = (1..=3).map(|number| open(&mut pool, now, number)).collect();
    for lease in leases {
        pool.release(now, lease, Disposition::Reuse);
    }
    assert_eq!(pool.counts(&address()).idle, 3);
    let lease = ready(pool.acquire(now, &address()));
    assert_eq!((*lease, lease.address()), (3, &address()));
    assert!(!lease.needs_liveness_check());
    assert_eq!(events(&mut pool), [""; 0]);
}

#[test]
fn who_waits_is_served_in_order_and_a_grant_not_wanted_goes_on() {
    let (mut pool, now) = (pool(1), epoch());
    let lease = open(&mut pool, now, 1);
    let tickets: Vec<_> = (0..3).map(|_| wait(pool.acquire(now, &address()))).collect();
    let [first, second, third] = tickets.try_into().unwrap();
    assert_eq!(pool.counts(&address()), Counts { in_use: 1, idle: 0, creating: 0, waiting: 3 });
    assert_eq!(wait(pool.granted(second)), second);

    pool.release(now, lease, Disposition::Reuse);
    assert_eq!(events(&mut pool), ["wake 0"]);
    pool.cancel(now, first);
    assert_eq!(events(&mut pool), ["wake 1"]);
    let lease = ready(pool.granted(second));
    pool.release(now, lease, Disposition::Discard);
    assert_eq!(events(&mut pool), ["close 1", "wake 2"]);
    pool.cancel(now, third);
    assert_eq!(pool.hosts().count(), 0);
}

#[test]
fn a_failed_dial_passes_the_right_on() {
    let (mut pool, now) = (pool(1), epoch());
    let permit = dial(pool.acquire(now, &address()));
    assert_eq!(permit.address(), &address());
    let ticket = wait(pool.acquire(now, &address()));
    pool.dial_failed(permit);
    assert_eq!(events(&mut pool), ["wake 0"]);
    let permit = dial(pool.granted(ticket));
    assert_eq!(*pool.dialed(now, permit, 7).unwrap(), 7);
}

#[test]
fn age_and_idleness_are_looked_at_when_a_connection_is_lent() {
    let (mut pool, start) = (pool(2), epoch());
    let later = start + Duration::from_secs(3000);
    let old = open(&mut pool, start, 1);
    let young = open(&mut pool, later, 2);
    pool.release(later, old, Disposition::Reuse);
    pool.release(later, young, Disposition::Reuse);

    let lease = ready(pool.acquire(later + Duration::from_secs(60), &address()));
    assert_eq!((*lease, lease.needs_liveness_check()), (2, true));
    pool.release(later, lease, Disposition::Reuse);

    // The old one lies at the far end and is closed all the same.
    let lease = ready(pool.acquire(start + Duration::from_secs(3600), &address()));
    assert_eq!(*lease, 2);
    assert_eq!(events(&mut pool), ["close 1"]);

    pool.release(later + Duration::from_secs(3600), lease, Disposition::Reuse);
    assert_eq!(events(&mut pool), ["close 2"]);
}

#[test]
fn a_deactivated_server_sends_its_waiters_away() {
    let (mut pool, now) = (pool(1), epoch());
    let lease = open(&mut pool, now, 1);
    let ticket = wait(pool.acquire(now, &address()));
    pool.deactivate(&address());
    assert_eq!(events(&mut pool), ["wake 0"]);
    assert!(matches!(pool.granted(ticket), Acquire::Deactivated));
    pool.release(now, lease, Disposition::Reuse);
    pool.retain(|_| false);
    assert_eq!(events(&mut pool), ["close 1"]);
    assert_eq!(pool.hosts().count(), 0);
}

#[test]
fn every_connection_authenticates_again_when_its_server_has_forgotten_it() {
    let (mut pool, now) = (pool(3), epoch());
    let leases: Vec<_> = (1..=3).map(|number| open(&mut pool, now, number)).collect();
    let [idle, mut used, granted] = leases.try_into().unwrap();
    let ticket = wait(pool.acquire(now, &address()));
    pool.release(now, granted, Disposition::Reuse);
    pool.release(now, idle, Disposition::Reuse);
    pool.expire_authentication(&address());
    assert!(ready(pool.granted(ticket)).must_authenticate());
    let mut lease = ready(pool.acquire(now, &address()));
    assert!(lease.must_authenticate());
    pool.authenticated(&mut lease);
    pool.release(now, lease, Disposition::Reuse);
    let lease = ready(pool.acquire(now, &address()));
    assert!(!lease.must_authenticate());

    // One that was in use is not disturbed, but counts as forgotten when it is lent next.
    assert!(!used.must_authenticate());
    pool.begin_recovery(&mut used);
    pool.release(now, used, Disposition::Reuse);
    assert!(ready(pool.acquire(now, &address())).must_authenticate());
    assert_eq!(events(&mut pool), ["wake 0"]);
}

#[test]
fn a_connection_that_is_being_recovered_is_waited_for() {
    let (mut pool, now) = (pool(3), epoch());
    let mut lease = open(&mut pool, now, 1);
    pool.begin_recovery(&mut lease);
    pool.begin_recovery(&mut lease);
    let first = wait(pool.acquire(now, &address()));
    // One connection comes back for one who waits.
    let second = dial(pool.acquire(now, &address()));
    pool.release(now, lease, Disposition::Reuse);
    assert_eq!(events(&mut pool), ["wake 0"]);
    let mut lease = ready(pool.granted(first));
    assert_eq!(*lease, 1);

    pool.begin_recovery(&mut lease);
    let third = wait(pool.acquire(now, &address()));
    pool.release(now, lease, Disposition::Discard);
    assert_eq!(events(&mut pool), ["close 1", "wake 1"]);
    let permit = dial(pool.granted(third));
    pool.dial_failed(permit);
    pool.dial_failed(second);
    assert_eq!(pool.hosts().count(), 0);
}

#[test]
fn nothing_is_left_open_after_close() {
    let (mut pool, now) = (pool(4), epoch());
    let leases: Vec<_> = (1..=3).map(|number| open(&mut pool, now, number)).collect();
    let [idle, used, granted] = leases.try_into().unwrap();
    let permit = dial(pool.acquire(now, &address()));
    let ticket = wait(pool.acquire(now, &address()));
    let waiting = wait(pool.acquire(now, &address()));
    pool.release(now, granted, Disposition::Reuse);
    pool.close();
    pool.close();
    assert!(pool.is_closed());
    assert_eq!(events(&mut pool), ["wake 0", "wake 1", "close 3"]);
    assert!(matches!(pool.granted(ticket), Acquire::Closed));
    assert!(matches!(pool.granted(waiting), Acquire::Closed));
    assert!(matches!(pool.acquire(now, &address()), Acquire::Closed));
    pool.release(now, idle, Disposition::Reuse);
    pool.release(now, used, Disposition::Discard);
    assert!(pool.dialed(now, permit, 4).is_none());
    assert_eq!(events(&mut pool), ["close 1", "close 2", "close 4"]);
    assert_eq!(pool.hosts().count(), 0);
}

/// What a program may do to a pool; the numbers choose among what it holds.
#[derive(Clone, Debug)]
enum Step {
    Acquire(u8),
    Dialed(usize),
    DialFailed(usize),
    Release(usize, bool),
    PickUp(usize),
    Cancel(usize),
    Deactivate(u8),
    ExpireAuthentication(u8),
    BeginRecovery(usize),
    Sleep(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<usize>;
    let host = || 0..2_u8;
    prop_oneof![
        8 => host().prop_map(Step::Acquire),
        6 => any().prop_map(Step::Dialed),
        2 => any().prop_map(Step::DialFailed),
        6 => (any(), prop::bool::weighted(0.8)).prop_map(|(which, reuse)| Step::Release(which, reuse)),
        4 => any().prop_map(Step::PickUp),
        2 => any().prop_map(Step::Cancel),
        1 => host().prop_map(Step::Deactivate),
        1 => host().prop_map(Step::ExpireAuthentication),
        2 => any().prop_map(Step::BeginRecovery),
        1 => (0..2000_u64).prop_map(Step::Sleep),
    ]
}

const MAX: usize = 3;

/// A program that uses a pool, and what it knows of it.
struct User {
    pool: Pool<u32>,
    now: Instant,
    permits: Vec<DialPermit>,
    leases: Vec<Lease<u32>>,
    /// Tickets not picked up, in the order of asking, and whether they were woken.
    tickets: Vec<(Ticket, Address, bool)>,
    opened: u32,
    /// Connections opened and not closed.
    open: BTreeSet<u32>,
}

impl User {
    fn new() -> Self {
        Self {
            pool: pool(MAX),
            now: epoch(),
            permits: Vec::new(),
            leases: Vec::new(),
            tickets: Vec::new(),
            opened: 0,
            open: BTreeSet::new(),
        }
    }

    fn host(number: u8) -> Address {
        Address::new("db", number.into())
    }

    fn accept(&mut self, acquired: Acquire<u32>, address: &Address) {
        match acquired {
            Acquire::Ready(lease) => {
                assert_eq!(lease.address(), address);
                assert!(self.leases.iter().all(|other| **other != *lease), "{} was lent twice", *lease);
                assert!(self.open.contains(&lease), "{} was closed and lent", *lease);
                self.leases.push(lease);
            }
            Acquire::Dial(permit) => {
                assert_eq!(permit.address(), address);
                self.permits.push(permit);
            }
            Acquire::Wait(ticket) => self.tickets.push((ticket, address.clone(), false)),
            Acquire::Deactivated => {}
            Acquire::Closed => panic!("nobody closed the pool"),
        }
    }

    fn take<T>(list: &mut Vec<T>, which: usize) -> Option<T> {
        (!list.is_empty()).then(|| list.remove(which % list.len()))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Acquire(host) => {
                let acquired = self.pool.acquire(self.now, &Self::host(host));
                self.accept(acquired, &Self::host(host));
            }
            Step::Dialed(which) => {
                if let Some(permit) = Self::take(&mut self.permits, which) {
                    self.opened += 1;
                    self.open.insert(self.opened);
                    self.leases.push(self.pool.dialed(self.now, permit, self.opened).unwrap());
                }
            }
            Step::DialFailed(which) => {
                if let Some(permit) = Self::take(&mut self.permits, which) {
                    self.pool.dial_failed(permit);
                }
            }
            Step::Release(which, reuse) => {
                if let Some(lease) = Self::take(&mut self.leases, which) {
                    let disposition = if reuse { Disposition::Reuse } else { Disposition::Discard };
                    self.pool.release(self.now, lease, disposition);
                }
            }
            Step::PickUp(which) => {
                let Some(index) = which.checked_rem(self.tickets.len()) else {
                    return;
                };
                if self.tickets.get(index).is_some_and(|(_, _, woken)| *woken) {
                    let (ticket, address, _) = self.tickets.remove(index);
                    let acquired = self.pool.granted(ticket);
                    assert!(!matches!(acquired, Acquire::Wait(_)), "woken for nothing");
                    self.accept(acquired, &address);
                }
            }
            Step::Cancel(which) => {
                if let Some((ticket, ..)) = Self::take(&mut self.tickets, which) {
                    self.pool.cancel(self.now, ticket);
                }
            }
            Step::Deactivate(host) => self.pool.deactivate(&Self::host(host)),
            Step::ExpireAuthentication(host) => self.pool.expire_authentication(&Self::host(host)),
            Step::BeginRecovery(which) => {
                if let Some(mut lease) = Self::take(&mut self.leases, which) {
                    self.pool.begin_recovery(&mut lease);
                    self.leases.push(lease);
                }
            }
            Step::Sleep(seconds) => self.now += Duration::from_secs(seconds),
        }
        self.handle_events();
        self.check();
    }

    fn handle_events(&mut self) {
        while let Some(event) = self.pool.poll_event() {
            match event {
                PoolEvent::Wake(ticket) => {
                    let (_, address, _) = self.tickets.iter().find(|(other, ..)| *other == ticket).unwrap().clone();
                    let mut queue = self.tickets.iter_mut().filter(|(_, of, woken)| *of == address && !*woken);
                    let first = queue.next().expect("somebody waits");
                    assert_eq!(first.0, ticket, "not the first in the queue");
                    first.2 = true;
                }
                PoolEvent::Close(connection) => {
                    assert!(self.open.remove(&connection), "{connection} was closed twice");
                    assert!(self.leases.iter().all(|lease| **lease != connection), "{connection} is in use");
                }
            }
        }
    }

    fn check(&self) {
        let mut open = 0;
        for host in 0..2 {
            let address = Self::host(host);
            let Counts { in_use, idle, creating, waiting } = self.pool.counts(&address);
            assert!(in_use + idle + creating <= MAX);
            let recovering = self.leases.iter().filter(|it| *it.address() == address && it.is_recovering).count();
            let must_wait = idle == 0 && (in_use + creating == MAX || waiting <= recovering);
            assert!(waiting == 0 || must_wait, "somebody waits without need");
            assert_eq!(waiting, self.tickets.iter().filter(|(_, of, woken)| *of == address && !woken).count());
            assert!(in_use >= self.leases.iter().filter(|lease| *lease.address() == address).count());
            assert!(creating >= self.permits.iter().filter(|permit| *permit.address() == address).count());
            open += in_use + idle;
        }
        assert_eq!(open, self.open.len(), "connections got lost");
    }

    /// Gives back and picks up until there is nothing left to do.
    fn finish(&mut self) {
        while !(self.permits.is_empty() && self.leases.is_empty() && self.tickets.is_empty()) {
            self.step(Step::Release(0, true));
            self.step(Step::DialFailed(0));
            for index in 0..self.tickets.len() {
                self.step(Step::PickUp(index));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_use_keeps_the_promises(steps in prop::collection::vec(step(), 0..200)) {
        let mut user = User::new();
        for step in steps {
            user.step(step);
        }
        user.finish();
        for (_, counts) in user.pool.hosts() {
            prop_assert_eq!(counts, Counts { idle: counts.idle, ..Counts::default() });
        }
        user.pool.close();
        user.handle_events();
        prop_assert!(user.open.is_empty());
        prop_assert_eq!(user.pool.hosts().count(), 0);
    }
}
