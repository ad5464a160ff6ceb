use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use super::*;
use crate::{BoxFuture, Elapsed, Listener, Sleep, timeout_at};

/// A clock that is moved by hand, and counts what is asked of it.
#[derive(Clone, Debug)]
struct Fake(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now: Instant,
    /// Timers fire this much too early.
    coarse: Duration,
    asked: usize,
    made: usize,
    set: usize,
}

impl Fake {
    fn new() -> Self {
        let now = Instant::now();
        let time = Time { now, coarse: Duration::ZERO, asked: 0, made: 0, set: 0 };
        Self(Arc::new(Mutex::new(time)))
    }

    fn advance(&self, by: Duration) -> Instant {
        let mut time = self.0.lock().unwrap();
        time.now += by;
        time.now
    }

    /// How often the clock was read, a timer made, and a timer set again.
    fn counts(&self) -> (usize, usize, usize) {
        let time = self.0.lock().unwrap();
        (time.asked, time.made, time.set)
    }
}

impl Runtime for Fake {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        unimplemented!("the tests bring their transport")
    }

    fn listen(&self, _: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        unimplemented!("the tests bring their transport")
    }

    fn resolve(&self, _: &str, _: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        unimplemented!("the tests bring their transport")
    }

    fn now(&self) -> Instant {
        let mut time = self.0.lock().unwrap();
        time.asked += 1;
        time.now
    }

    fn random(&self) -> u64 {
        4
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        self.0.lock().unwrap().made += 1;
        Box::pin(FakeSleep { time: self.clone(), at })
    }

    fn spawn(&self, _: BoxFuture<'static, ()>) {}
}

struct FakeSleep {
    time: Fake,
    at: Instant,
}

impl Future for FakeSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let time = self.time.0.lock().unwrap();
        if time.now + time.coarse >= self.at { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Sleep for FakeSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.time.0.lock().unwrap().set += 1;
        self.at = at;
    }
}

/// What a socket does, call by call; pending when the script is at its end.
#[derive(Debug, Default)]
struct Script {
    reads: VecDeque<Poll<io::Result<&'static [u8]>>>,
    /// Every read succeeds.
    flood: bool,
    /// How many bytes each write takes, or its error; pending when there are none.
    writes: VecDeque<io::Result<usize>>,
    written: Vec<u8>,
    read_calls: usize,
    closed: bool,
}

#[derive(Clone, Debug, Default)]
struct Socket(Arc<Mutex<Script>>);

impl Transport for Socket {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut script = self.0.lock().unwrap();
        script.read_calls += 1;
        if script.flood {
            return Poll::Ready(Ok(buf.len()));
        }
        script.reads.pop_front().unwrap_or(Poll::Pending).map_ok(|bytes| {
            buf[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        })
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut script = self.0.lock().unwrap();
        let Some(next) = script.writes.pop_front() else {
            return Poll::Pending;
        };
        let len = next?.min(buf.len());
        script.written.extend_from_slice(&buf[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().unwrap().closed = true;
        Poll::Ready(Ok(()))
    }
}

/// A machine that stores what it is told.
#[derive(Debug, Default)]
struct Machine {
    buffer: [u8; 16],
    input: Vec<u8>,
    output: Vec<u8>,
    full: bool,
    eof: bool,
    patience: Option<Duration>,
    deadline: Option<Instant>,
    timeouts: usize,
}

impl Endpoint for Machine {
    fn receive_buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn handle_input(&mut self, now: Instant, len: usize) {
        self.input.extend_from_slice(&self.buffer[..len]);
        self.deadline = self.patience.map(|patience| now + patience);
    }

    fn handle_eof(&mut self) {
        self.eof = true;
    }

    fn wants_input(&self) -> bool {
        !self.full && !self.eof
    }

    fn transmit(&self) -> &[u8] {
        &self.output
    }

    fn transmitted(&mut self, len: usize) {
        self.output.drain(..len);
    }

    fn handle_waiting(&mut self, now: Instant) {
        self.deadline = self.deadline.or(self.patience.map(|patience| now + patience));
    }

    fn handle_idle(&mut self) {
        self.deadline = None;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.timeouts += 1;
        }
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Bench {
    io: Io,
    socket: Socket,
    time: Fake,
    machine: Machine,
    wakes: Arc<Wakes>,
}

impl Bench {
    fn new() -> Self {
        let (time, socket) = (Fake::new(), Socket::default());
        Self {
            io: Io::new(Arc::new(time.clone()), Box::new(socket.clone())),
            socket,
            time,
            machine: Machine::default(),
            wakes: Arc::default(),
        }
    }

    fn drive(&mut self) -> Poll<io::Result<()>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.io.poll_drive(&mut Context::from_waker(&waker), &mut self.machine)
    }

    fn script(&self, f: impl FnOnce(&mut Script)) {
        f(&mut self.socket.0.lock().unwrap());
    }

    fn reads(&self, reads: &[&'static [u8]]) {
        self.script(|script| script.reads.extend(reads.iter().map(|read| Poll::Ready(Ok(*read)))));
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::Relaxed)
    }
}

fn kind(poll: Poll<io::Result<()>>) -> io::ErrorKind {
    let Poll::Ready(result) = poll else { panic!("an error was expected") };
    result.unwrap_err().kind()
}

fn is_ok(poll: Poll<io::Result<()>>) -> bool {
    matches!(poll, Poll::Ready(Ok(())))
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_turn_writes_all_it_can_and_reads_all_the_same() {
    let mut bench = Bench::new();
    bench.machine.output = b"abcdef".to_vec();
    bench.script(|script| script.writes.extend([Ok(2), Ok(1)]));
    bench.reads(&[b"in"]);
    assert!(is_ok(bench.drive()));
    assert_eq!(bench.machine.input, b"in");
    assert_eq!(bench.machine.output, b"def", "the rest waits for the socket");
    assert!(bench.drive().is_pending());
    bench.script(|script| script.writes.push_back(Ok(100)));
    assert!(bench.drive().is_pending());
    bench.script(|script| assert_eq!(script.written, b"abcdef"));
    assert_eq!(bench.wakes(), 0);
}

#[test]
fn back_pressure_leaves_the_bytes_in_the_socket() {
    let mut bench = Bench::new();
    bench.machine.full = true;
    bench.reads(&[b"in"]);
    assert!(bench.drive().is_pending());
    bench.script(|script| assert_eq!(script.read_calls, 0));
    assert_eq!(bench.machine.deadline, None, "nobody waits for the peer");
    bench.machine.full = false;
    assert!(is_ok(bench.drive()));
}

#[test]
fn one_timer_serves_a_deadline_that_moves_with_every_byte() {
    let mut bench = Bench::new();
    bench.machine.patience = Some(120 * SECOND);
    for _ in 0..1000 {
        bench.reads(&[b"in"]);
        assert!(is_ok(bench.drive()));
        assert!(bench.drive().is_pending());
        bench.time.advance(SECOND / 100);
    }
    assert_eq!(bench.time.counts(), (2000, 1, 0), "one look at the clock a read and a wait");

    bench.time.advance(111 * SECOND); // when the timer was set for
    assert!(bench.drive().is_pending(), "the clock decides");
    assert_eq!(bench.time.counts(), (2002, 1, 1));
    bench.time.advance(9 * SECOND);
    assert!(is_ok(bench.drive()));
    assert_eq!(bench.machine.timeouts, 1);
}

#[test]
fn an_earlier_deadline_sets_the_timer_again() {
    let mut bench = Bench::new();
    bench.machine.patience = Some(120 * SECOND);
    assert!(bench.drive().is_pending());
    bench.machine.deadline = Some(bench.time.advance(SECOND) + SECOND);
    assert!(bench.drive().is_pending());
    assert_eq!(bench.time.counts().1, 1);
    assert_eq!(bench.time.counts().2, 1);
    bench.time.advance(SECOND);
    assert!(is_ok(bench.drive()));
}

#[test]
fn a_timer_that_fires_early_does_not_spin() {
    let mut bench = Bench::new();
    bench.machine.patience = Some(SECOND);
    bench.time.0.lock().unwrap().coarse = 2 * SECOND;
    assert!(bench.drive().is_pending());
    assert_eq!(bench.wakes(), 1);
    bench.time.advance(SECOND);
    assert!(is_ok(bench.drive()));
}

#[test]
fn bytes_that_flow_touch_no_timer() {
    let mut bench = Bench::new();
    bench.machine.patience = Some(SECOND);
    bench.reads(&[b"in".as_slice(); 50]);
    for _ in 0..50 {
        assert!(is_ok(bench.drive()));
    }
    assert_eq!(bench.time.counts(), (50, 0, 0));
}

#[test]
fn a_flooding_peer_does_not_starve_the_others() {
    let mut bench = Bench::new();
    bench.script(|script| script.flood = true);
    for round in 1..=3 {
        let turns = (0..1000).take_while(|_| bench.drive().is_ready()).count();
        assert_eq!((turns, bench.wakes()), (BUDGET as usize, round));
    }
}

#[test]
fn a_long_write_lets_others_run_and_does_not_stop_reading() {
    let mut bench = Bench::new();
    bench.machine.output = vec![0; 100];
    bench.script(|script| script.writes.extend((0..100).map(|_| Ok(1))));
    bench.reads(&[b"in"]);
    assert!(is_ok(bench.drive()));
    assert_eq!(bench.machine.output.len(), 100 - BUDGET as usize);
    assert!(bench.wakes() > 0);
    assert!(bench.drive().is_pending());
    assert!(bench.drive().is_pending());
    assert!(bench.machine.output.is_empty());
}

#[test]
fn the_end_is_told_once_and_then_an_error() {
    let mut bench = Bench::new();
    bench.reads(&[b"in", b""]);
    assert!(is_ok(bench.drive()));
    assert!(is_ok(bench.drive()));
    assert!(bench.machine.eof);
    bench.machine.output = b"abc".to_vec();
    assert!(bench.drive().is_pending(), "the other direction may go on");
    bench.script(|script| script.writes.push_back(Ok(3)));
    assert_eq!(kind(bench.drive()), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_failed_write_does_not_hide_the_last_words() {
    let mut bench = Bench::new();
    bench.machine.output = b"abc".to_vec();
    bench.script(|script| {
        script.writes.push_back(Err(io::ErrorKind::BrokenPipe.into()));
        script.reads.push_back(Poll::Pending);
    });
    assert!(bench.drive().is_pending());
    bench.reads(&[b"FAILURE", b""]);
    assert!(is_ok(bench.drive()));
    assert_eq!(bench.machine.input, b"FAILURE");
    assert_eq!(kind(bench.drive()), io::ErrorKind::BrokenPipe);
    assert!(bench.machine.eof);
}

#[test]
fn last_words_are_not_waited_for_for_ever() {
    let mut bench = Bench::new();
    bench.machine.output = b"abc".to_vec();
    bench.script(|script| script.writes.push_back(Ok(0)));
    assert!(bench.drive().is_pending());
    bench.time.advance(LAST_WORDS);
    assert_eq!(kind(bench.drive()), io::ErrorKind::WriteZero);
}

#[test]
fn a_failed_write_is_reported_at_once_when_nothing_is_read() {
    let mut bench = Bench::new();
    bench.machine.output = b"abc".to_vec();
    bench.machine.full = true;
    bench.script(|script| script.writes.push_back(Err(io::ErrorKind::BrokenPipe.into())));
    assert_eq!(kind(bench.drive()), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_failed_read_is_the_end() {
    let mut bench = Bench::new();
    bench.script(|script| {
        script.reads.push_back(Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())));
    });
    assert_eq!(kind(bench.drive()), io::ErrorKind::ConnectionReset);
    assert!(bench.machine.eof);
    assert_eq!(kind(bench.drive()), io::ErrorKind::UnexpectedEof);
}

#[test]
fn flushing_closing_and_draining_need_no_event() {
    let mut bench = Bench::new();
    let waker = Waker::from(Arc::clone(&bench.wakes));
    let cx = &mut Context::from_waker(&waker);
    bench.machine.output = b"abc".to_vec();
    bench.script(|script| script.writes.push_back(Ok(1)));
    bench.reads(&[b"late", b"later"]);
    assert!(bench.io.poll_flush(cx, &mut bench.machine).is_pending());
    bench.script(|script| script.writes.push_back(Ok(2)));
    assert!(is_ok(bench.io.poll_flush(cx, &mut bench.machine)));
    assert!(is_ok(bench.io.poll_close(cx)));
    assert!(bench.io.poll_drain(cx).is_pending());
    bench.reads(&[b""]);
    assert!(bench.io.poll_drain(cx).is_ready());
    assert!(bench.machine.input.is_empty());
    bench.script(|script| assert!(script.closed && script.written == b"abc"));
}

#[test]
fn draining_lets_others_run() {
    let mut bench = Bench::new();
    let waker = Waker::from(Arc::clone(&bench.wakes));
    bench.script(|script| script.flood = true);
    assert!(bench.io.poll_drain(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(bench.wakes(), 1);
}

#[test]
fn a_deadline_bounds_a_future() {
    let time = Fake::new();
    let cx = &mut Context::from_waker(Waker::noop());
    let past = time.advance(SECOND);
    let ready = std::pin::pin!(timeout_at(&time, past, async { 5 })).poll(cx);
    assert_eq!(ready, Poll::Ready(Ok(5)), "what is ready at once succeeds");
    assert_eq!(time.counts(), (0, 0, 0));

    let mut never = Box::pin(timeout_at(&time, past + SECOND, std::future::pending::<()>()));
    assert!(never.as_mut().poll(cx).is_pending());
    time.advance(SECOND);
    assert_eq!(never.as_mut().poll(cx), Poll::Ready(Err(Elapsed)));
    assert_eq!(io::Error::from(Elapsed).to_string(), "deadline has elapsed");
}
