use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::task::Poll;

use neobolt_io::{BoxFuture, Io, Transport, timeout_at};
use neobolt_proto::Endpoint;

use super::*;

const SERVER: &str = "10.0.0.1:7687";

fn server() -> SocketAddr {
    SERVER.parse().unwrap()
}

async fn read(transport: &mut Box<dyn Transport>) -> io::Result<Vec<u8>> {
    let mut buf = [0; 1000];
    let len = poll_fn(|cx| transport.poll_read(cx, &mut buf)).await?;
    Ok(buf[..len].to_vec())
}

async fn read_to_end(transport: &mut Box<dyn Transport>) -> (Vec<u8>, io::Result<()>) {
    let mut all = Vec::new();
    loop {
        match read(transport).await {
            Ok(bytes) if bytes.is_empty() => return (all, Ok(())),
            Ok(bytes) => all.extend(bytes),
            Err(error) => return (all, Err(error)),
        }
    }
}

async fn write(transport: &mut Box<dyn Transport>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let len = poll_fn(|cx| transport.poll_write(cx, bytes)).await?;
        bytes = &bytes[len..];
    }
    Ok(())
}

async fn echo(mut transport: Box<dyn Transport>) -> io::Result<()> {
    loop {
        let bytes = read(&mut transport).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        write(&mut transport, &bytes).await?;
    }
}

fn echo_server(runtime: Arc<dyn Runtime>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut listener = runtime.listen(server()).await.unwrap();
        loop {
            let (transport, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            runtime.spawn(Box::pin(async move {
                let _ = echo(transport).await; // what became of it shows at the other end
            }));
        }
    })
}

/// Three clients send what differs and get it back.
fn echo_run(seed: u64) -> (u64, Vec<u8>) {
    let sim = Sim::new(seed);
    sim.keep_trace();
    let runtime = sim.runtime();
    runtime.spawn(echo_server(Arc::clone(&runtime)));
    sim.block_on(async {
        sleep(&runtime, 1).await;
        let (sender, receiver) = mpsc::channel();
        for client in 0..3_u8 {
            let (runtime2, sender) = (Arc::clone(&runtime), sender.clone());
            runtime.spawn(Box::pin(async move {
                let mut transport = runtime2.connect(server()).await.unwrap();
                let bytes: Vec<u8> = (0..5000_u32).map(|i| (i % 251) as u8 ^ client).collect();
                write(&mut transport, &bytes).await.unwrap();
                poll_fn(|cx| transport.poll_close(cx)).await.unwrap();
                assert_eq!(read_to_end(&mut transport).await.0, bytes);
                sender.send(client).unwrap();
            }));
        }
        drop(sender);
        sleep(&runtime, 60_000).await;
        let mut done: Vec<u8> = receiver.iter().collect();
        done.sort_unstable();
        assert_eq!(done, [0, 1, 2]);
    });
    (sim.trace(), sim.trace_bytes())
}

async fn sleep(runtime: &Arc<dyn Runtime>, millis: u64) {
    runtime.sleep_until(runtime.now() + Duration::from_millis(millis)).await;
}

#[test]
fn one_seed_gives_one_run() {
    let (hash, bytes) = echo_run(1);
    assert!(bytes.len() > 30_000);
    for _ in 0..3 {
        assert!((hash, &bytes) == (echo_run(1).0, &echo_run(1).1));
    }
}

#[test]
fn other_seeds_give_other_runs() {
    let hashes: BTreeSet<u64> = (0..50).map(|seed| echo_run(seed).0).collect();
    assert_eq!(hashes.len(), 50);
}

#[test]
fn timers_fire_in_order_and_take_no_time() {
    let sim = Sim::new(3);
    let runtime = sim.runtime();
    let order = Arc::new(Mutex::new(Vec::new()));
    for millis in [30, 10, 20, 86_400_000] {
        let (runtime2, order) = (Arc::clone(&runtime), Arc::clone(&order));
        runtime.spawn(Box::pin(async move {
            sleep(&runtime2, millis).await;
            order.lock().unwrap().push(millis);
        }));
    }
    sim.block_on(sleep(&runtime, 86_400_001));
    assert_eq!(*order.lock().unwrap(), [10, 20, 30, 86_400_000]);
    assert_eq!(sim.elapsed(), Duration::from_millis(86_400_001));
}

#[test]
fn ready_tasks_run_in_an_order_that_the_seed_decides() {
    let order = |seed| {
        let sim = Sim::new(seed);
        let order = Arc::new(Mutex::new(Vec::new()));
        for task in 0..4 {
            let order = Arc::clone(&order);
            sim.runtime().spawn(Box::pin(async move { order.lock().unwrap().push(task) }));
        }
        sim.block_on(sleep(&sim.runtime(), 1));
        order.lock().unwrap().clone()
    };
    let orders: BTreeSet<Vec<i32>> = (0..200).map(order).collect();
    assert_eq!(orders.len(), 24, "every order is met");
}

#[test]
fn a_deadlock_says_so() {
    let sim = Sim::new(0);
    sim.runtime().spawn(Box::pin(std::future::pending()));
    let panic = catch_unwind(AssertUnwindSafe(|| sim.block_on(std::future::pending::<()>())));
    assert_eq!(
        *panic.unwrap_err().downcast::<String>().unwrap(),
        "deadlock after 0ns: no task is ready and no timer is set; the main future and 1 background \
         task(s) wait for ever"
    );
}

#[test]
fn names_are_resolved_and_nobody_listening_refuses() {
    let sim = Sim::new(0);
    let runtime = sim.runtime();
    sim.set_name("core1", &["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()]);
    sim.block_on(async {
        let found = runtime.resolve("core1", 7687).await.unwrap();
        assert_eq!(found, [server(), "10.0.0.2:7687".parse().unwrap()]);
        assert_eq!(runtime.resolve("10.0.0.1", 7687).await.unwrap(), [server()]);
        let unknown = runtime.resolve("core2", 7687).await.unwrap_err();
        assert_eq!(unknown.kind(), io::ErrorKind::NotFound);
        let refused = runtime.connect(server()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

        sim.set_unreachable(server(), true);
        let deadline = runtime.now() + Duration::from_secs(5);
        assert!(timeout_at(&*runtime, deadline, runtime.connect(server())).await.is_err());
        assert_eq!(runtime.now(), deadline);

        let listener = runtime.listen("10.0.0.3:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(runtime.listen(address).await.is_err());
        runtime.connect(address).await.unwrap();
        drop(listener);
        assert!(runtime.connect(address).await.is_err());
    });
}

/// Sends 1,000 bytes to the echo server over a link that breaks, and returns what comes back.
fn broken_run(seed: u64, direction: Direction, fault: Fault) -> (Vec<u8>, io::Result<()>) {
    let sim = Sim::new(seed);
    let runtime = sim.runtime();
    runtime.spawn(echo_server(Arc::clone(&runtime)));
    sim.break_next(server(), direction, 300, fault);
    sim.block_on(async {
        sleep(&runtime, 1).await;
        let mut transport = runtime.connect(server()).await.unwrap();
        let _ = write(&mut transport, &[7; 1000]).await; // breaks here or below
        let _ = poll_fn(|cx| transport.poll_close(cx)).await;
        let deadline = runtime.now() + Duration::from_secs(60);
        match timeout_at(&*runtime, deadline, read_to_end(&mut transport)).await {
            Ok(end) => end,
            Err(elapsed) => (Vec::new(), Err(elapsed.into())),
        }
    })
}

#[test]
fn links_break_where_they_should() {
    for seed in 0..50 {
        let (bytes, end) = broken_run(seed, Direction::ToClient, Fault::Close);
        assert_eq!((bytes.len(), end.is_ok()), (300, true), "seed {seed}");
        for direction in [Direction::ToServer, Direction::ToClient] {
            let (bytes, end) = broken_run(seed, direction, Fault::Reset);
            assert!(bytes.len() <= 300, "seed {seed}");
            assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset, "seed {seed}");
            let (_, end) = broken_run(seed, direction, Fault::Silence);
            assert_eq!(end.unwrap_err().kind(), io::ErrorKind::TimedOut, "seed {seed}");
        }
    }
}

#[test]
fn a_writer_waits_for_its_reader() {
    for seed in 0..20 {
        let sim = Sim::new(seed);
        let runtime = sim.runtime();
        let (sender, receiver) = mpsc::channel();
        sim.block_on(async {
            let mut listener = runtime.listen(server()).await.unwrap();
            let mut client = runtime.connect(server()).await.unwrap();
            let (mut accepted, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
            runtime.spawn(Box::pin(async move {
                write(&mut client, &[1; 300_000]).await.unwrap();
                sender.send(()).unwrap();
            }));
            sleep(&runtime, 10_000).await;
            assert!(receiver.try_recv().is_err(), "nobody reads");
            assert_eq!(read_to_end(&mut accepted).await.0.len(), 300_000);
            receiver.try_recv().unwrap();
        });
    }
}

/// A protocol of lines: every line that comes in is an event, and closing is the last one.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    input: Vec<u8>,
    output: Vec<u8>,
    eof: bool,
    patience: Option<Duration>,
    deadline: Option<Instant>,
    timed_out: bool,
}

impl Lines {
    fn send(&mut self, line: &str) {
        self.output.extend(line.as_bytes());
        self.output.push(b'\n');
    }

    /// The next line; `None` at the end.
    fn poll_line(&mut self) -> Option<Option<String>> {
        if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            return Some(Some(String::from_utf8(line).unwrap().trim_end().to_owned()));
        }
        (self.eof || self.timed_out).then_some(None)
    }
}

impl Endpoint for Lines {
    fn receive_buffer(&mut self) -> &mut [u8] {
        self.buffer.resize(100, 0);
        &mut self.buffer
    }

    fn handle_input(&mut self, now: Instant, len: usize) {
        self.input.extend_from_slice(&self.buffer[..len]);
        self.deadline = self.deadline.and(self.patience).map(|patience| now + patience);
    }

    fn handle_eof(&mut self) {
        self.eof = true;
    }

    fn wants_input(&self) -> bool {
        !self.eof && !self.timed_out && self.input.len() < 1000
    }

    fn transmit(&self) -> &[u8] {
        &self.output
    }

    fn transmitted(&mut self, len: usize) {
        self.output.drain(..len);
    }

    fn handle_waiting(&mut self, now: Instant) {
        if self.deadline.is_none() {
            self.deadline = self.patience.map(|patience| now + patience);
        }
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
            self.timed_out = true;
        }
    }
}

async fn next_line(io: &mut Io, lines: &mut Lines) -> io::Result<Option<String>> {
    poll_fn(|cx| {
        loop {
            if let Some(line) = lines.poll_line() {
                return Poll::Ready(Ok(line));
            }
            match io.poll_drive(cx, lines) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

/// Answers every line in the server's role, over the same loop.
async fn shouting_server(runtime: Arc<dyn Runtime>) {
    let mut listener = runtime.listen(server()).await.unwrap();
    loop {
        let (transport, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
        let mut io = Io::new(Arc::clone(&runtime), transport);
        runtime.spawn(Box::pin(async move {
            let mut lines = Lines::default();
            while let Ok(Some(line)) = next_line(&mut io, &mut lines).await {
                lines.send(&line.to_uppercase());
            }
        }));
    }
}

#[test]
fn one_loop_serves_both_roles() {
    let run = |seed| {
        let sim = Sim::new(seed);
        let runtime = sim.runtime();
        runtime.spawn(Box::pin(shouting_server(Arc::clone(&runtime))));
        sim.block_on(async {
            sleep(&runtime, 1).await;
            let transport = runtime.connect(server()).await.unwrap();
            let mut io = Io::new(Arc::clone(&runtime), transport);
            let mut lines = Lines::default();
            for number in 0..200 {
                lines.send(&format!("line {number}")); // pipelined
            }
            for number in 0..200 {
                let line = next_line(&mut io, &mut lines).await.unwrap();
                assert_eq!(line, Some(format!("LINE {number}")));
            }
        });
        sim.trace()
    };
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed));
    }
}

#[test]
fn abandoning_a_turn_loses_nothing() {
    for seed in 0..50 {
        let sim = Sim::new(seed);
        let runtime = sim.runtime();
        runtime.spawn(Box::pin(shouting_server(Arc::clone(&runtime))));
        sim.block_on(async {
            sleep(&runtime, 1).await;
            let transport = runtime.connect(server()).await.unwrap();
            let mut io = Io::new(Arc::clone(&runtime), transport);
            let mut lines = Lines::default();
            for number in 0..100 {
                lines.send(&format!("line {number}"));
            }
            let mut received = 0;
            while received < 100 {
                let soon = runtime.now() + Duration::from_micros(runtime.random() % 100);
                let line = timeout_at(&*runtime, soon, next_line(&mut io, &mut lines)).await;
                if let Ok(line) = line {
                    assert_eq!(line.unwrap(), Some(format!("LINE {received}")));
                    received += 1;
                }
            }
        });
    }
}

#[test]
fn a_half_open_link_ends_at_its_deadline() {
    for seed in 0..50 {
        let sim = Sim::new(seed);
        let runtime = sim.runtime();
        runtime.spawn(Box::pin(shouting_server(Arc::clone(&runtime))));
        sim.break_next(server(), Direction::ToClient, 10, Fault::Silence);
        sim.block_on(async {
            sleep(&runtime, 1).await;
            let transport = runtime.connect(server()).await.unwrap();
            let mut io = Io::new(Arc::clone(&runtime), transport);
            let mut lines = Lines { patience: Some(Duration::from_secs(120)), ..Lines::default() };
            lines.send("first");
            lines.send("second");
            let line = next_line(&mut io, &mut lines).await.unwrap();
            assert_eq!(line.as_deref(), Some("FIRST"));
            let last = runtime.now();
            assert_eq!(next_line(&mut io, &mut lines).await.unwrap(), None);
            assert!(lines.timed_out);
            let waited = runtime.now() - last;
            assert!(waited >= Duration::from_secs(119) && waited <= Duration::from_secs(121));
        });
    }
}
