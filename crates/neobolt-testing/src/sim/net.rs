//! The network: names, listeners, and the links between two ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::{Poll, Waker};

use super::Env;
use super::pipe::{End, Pipe};

/// Says which way bytes go on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two directions")]
pub enum Direction {
    /// From the end that connected to the end that listened.
    ToServer,
    /// From the end that listened to the end that connected.
    ToClient,
}

/// Says how a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Both ends find that the other has closed, behind all that was sent.
    Close,
    /// Both ends find a reset; some of what was on its way is lost.
    Reset,
    /// Nothing arrives any more and neither end is told: the link is half open.
    Silence,
}

#[derive(Debug)]
pub(super) struct Net {
    names: BTreeMap<String, Vec<IpAddr>>,
    listeners: BTreeMap<SocketAddr, Backlog>,
    unreachable: BTreeSet<SocketAddr>,
    breaks: BTreeMap<SocketAddr, VecDeque<Break>>,
    links: BTreeMap<u64, Link>,
    next_link: u64,
    next_port: u16,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: VecDeque<(u64, SocketAddr)>,
    acceptor: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
struct Break {
    direction: Direction,
    after: u64,
    fault: Fault,
}

#[derive(Debug, Default)]
struct Link {
    to_server: Pipe,
    to_client: Pipe,
    fault: Option<Break>,
    /// How many of its ends were dropped.
    dropped: u8,
}

impl Link {
    fn pipe(&mut self, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// Breaks the link if it is time.
    fn strain(&mut self, env: &mut Env) {
        let Some(Break { direction, after, fault }) = self.fault else {
            return;
        };
        if self.pipe(direction).written < after {
            return;
        }
        self.fault = None;
        for pipe in [&mut self.to_server, &mut self.to_client] {
            match fault {
                Fault::Close => pipe.finish(env, End::Eof),
                Fault::Reset => pipe.finish(env, End::Reset),
                Fault::Silence => pipe.silent = true,
            }
        }
    }
}

impl Direction {
    fn back(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

impl Net {
    pub(super) fn new() -> Self {
        let localhost = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
        Self {
            names: BTreeMap::from([("localhost".to_owned(), localhost)]),
            listeners: BTreeMap::new(),
            unreachable: BTreeSet::new(),
            breaks: BTreeMap::new(),
            links: BTreeMap::new(),
            next_link: 0,
            next_port: 49_152, // where ephemeral ports begin
        }
    }

    pub(super) fn set_name(&mut self, host: &str, addresses: &[IpAddr]) {
        if addresses.is_empty() {
            self.names.remove(host);
        } else {
            self.names.insert(host.to_owned(), addresses.to_vec());
        }
    }

    pub(super) fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let Some(addresses) = self.names.get(host) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("unknown host name: {host:?}")));
        };
        Ok(addresses.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }

    pub(super) fn break_next(&mut self, server: SocketAddr, direction: Direction, after: u64, fault: Fault) {
        self.breaks.entry(server).or_default().push_back(Break { direction, after, fault });
    }

    pub(super) fn set_unreachable(&mut self, server: SocketAddr, unreachable: bool) {
        if unreachable {
            self.unreachable.insert(server);
        } else {
            self.unreachable.remove(&server);
        }
    }

    pub(super) fn listen(&mut self, mut on: SocketAddr) -> io::Result<SocketAddr> {
        if on.port() == 0 {
            on.set_port(self.port());
        }
        if self.listeners.contains_key(&on) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        self.listeners.insert(on, Backlog::default());
        Ok(on)
    }

    /// Stops listening; those who connected and were not accepted find the connection reset.
    pub(super) fn unlisten(&mut self, env: &mut Env, on: SocketAddr) {
        let Some(backlog) = self.listeners.remove(&on) else {
            return;
        };
        for (link, _) in backlog.waiting {
            if let Some(link) = self.links.get_mut(&link) {
                link.to_client.finish(env, End::Reset);
            }
            self.drop_end(env, link, Direction::ToClient);
        }
    }

    /// Connects, and returns the link's number; `None` when there is no answer.
    pub(super) fn connect(&mut self, env: &mut Env, to: SocketAddr) -> io::Result<Option<u64>> {
        if self.unreachable.contains(&to) {
            return Ok(None);
        }
        let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port());
        let Some(backlog) = self.listeners.get_mut(&to) else {
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        self.next_link += 1;
        let fault = self.breaks.get_mut(&to).and_then(VecDeque::pop_front);
        let mut link = Link { fault, ..Link::default() };
        link.strain(env);
        self.links.insert(self.next_link, link);
        backlog.waiting.push_back((self.next_link, from));
        if let Some(acceptor) = backlog.acceptor.take() {
            acceptor.wake();
        }
        env.trace.record(b'C', self.next_link, u64::from(to.port()), &[]);
        Ok(Some(self.next_link))
    }

    pub(super) fn accept(&mut self, on: SocketAddr, waker: &Waker) -> Poll<io::Result<(u64, SocketAddr)>> {
        let Some(backlog) = self.listeners.get_mut(&on) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if let Some(connection) = backlog.waiting.pop_front() {
            return Poll::Ready(Ok(connection));
        }
        backlog.acceptor = Some(waker.clone());
        Poll::Pending
    }

    /// Reads at the end of `link` that writes in the direction `writes`.
    pub(super) fn read(
        &mut self,
        env: &mut Env,
        (number, writes): (u64, Direction),
        buf: &mut [u8],
        waker: &Waker,
    ) -> Poll<io::Result<usize>> {
        let read = self.link(number)?.pipe(writes.back()).read(env, buf, waker);
        if let Poll::Ready(Ok(len)) = read {
            env.trace.record(b'R', number, len as u64, buf.get(..len).unwrap_or_default());
        }
        read
    }

    pub(super) fn write(
        &mut self,
        env: &mut Env,
        (number, writes): (u64, Direction),
        buf: &[u8],
        waker: &Waker,
    ) -> Poll<io::Result<usize>> {
        let link = self.link(number)?;
        let limit = match link.fault {
            Some(Break { direction, after, .. }) if direction == writes => after - link.pipe(writes).written,
            _ => u64::MAX,
        };
        let written = link.pipe(writes).write(env, buf, limit, waker);
        if let Poll::Ready(Ok(len)) = written {
            env.trace.record(b'W', number, len as u64, &[]);
            link.strain(env);
        }
        written
    }

    pub(super) fn close(&mut self, env: &mut Env, (number, writes): (u64, Direction)) -> io::Result<()> {
        self.link(number)?.pipe(writes).finish(env, End::Eof);
        Ok(())
    }

    /// Drops one end. As with TCP, the other finds a reset when something was left unread.
    pub(super) fn drop_end(&mut self, env: &mut Env, number: u64, writes: Direction) {
        let Some(link) = self.links.get_mut(&number) else {
            return;
        };
        let unread = link.pipe(writes.back()).abandon(env);
        link.pipe(writes).finish(env, if unread { End::Reset } else { End::Eof });
        link.dropped += 1;
        if link.dropped == 2 {
            self.links.remove(&number);
        }
    }

    fn link(&mut self, number: u64) -> io::Result<&mut Link> {
        self.links.get_mut(&number).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = port.checked_add(1).unwrap_or(49_152);
        port
    }
}
