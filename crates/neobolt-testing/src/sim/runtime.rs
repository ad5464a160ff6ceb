//! The simulation as a [`Runtime`].

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use neobolt_io::{BoxFuture, Listener, Runtime, Sleep, Transport};

use super::clock::TimerId;
use super::net::Direction;
use super::{Core, World};

pub(super) struct SimRuntime {
    core: Arc<Core>,
}

impl SimRuntime {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

impl fmt::Debug for SimRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimRuntime")
    }
}

impl Runtime for SimRuntime {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        let core = Arc::clone(&self.core);
        Box::pin(async move {
            travel(&core).await;
            let link = {
                let World { env, net } = &mut *core.world();
                net.connect(env, to)?
            };
            let Some(link) = link else {
                return pending().await;
            };
            let transport = SimTransport { core: Arc::clone(&core), link, writes: Direction::ToServer };
            travel(&core).await;
            Ok(Box::new(transport) as Box<dyn Transport>)
        })
    }

    fn listen(&self, on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        let core = Arc::clone(&self.core);
        Box::pin(async move {
            let on = core.world().net.listen(on)?;
            Ok(Box::new(SimListener { core, on }) as Box<dyn Listener>)
        })
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let core = Arc::clone(&self.core);
        let host = host.to_owned();
        Box::pin(async move {
            travel(&core).await;
            core.world().net.resolve(&host, port)
        })
    }

    fn now(&self) -> Instant {
        self.core.world().env.clock.now()
    }

    fn random(&self) -> u64 {
        self.core.world().env.chance.next()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(SimSleep { core: Arc::clone(&self.core), at, slot: None })
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.core.tasks().spawn(task);
    }
}

/// Waits as long as one message is on its way.
async fn travel(core: &Arc<Core>) {
    let at = core.world().env.arrival();
    SimSleep { core: Arc::clone(core), at, slot: None }.await;
}

struct SimTransport {
    core: Arc<Core>,
    link: u64,
    writes: Direction,
}

impl fmt::Debug for SimTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimTransport").field("link", &self.link).field("writes", &self.writes).finish_non_exhaustive()
    }
}

impl Transport for SimTransport {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let World { env, net } = &mut *self.core.world();
        net.read(env, (self.link, self.writes), buf, cx.waker())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let World { env, net } = &mut *self.core.world();
        net.write(env, (self.link, self.writes), buf, cx.waker())
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let World { env, net } = &mut *self.core.world();
        Poll::Ready(net.close(env, (self.link, self.writes)))
    }
}

impl Drop for SimTransport {
    fn drop(&mut self) {
        let World { env, net } = &mut *self.core.world();
        net.drop_end(env, self.link, self.writes);
    }
}

struct SimListener {
    core: Arc<Core>,
    on: SocketAddr,
}

impl fmt::Debug for SimListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimListener").field("on", &self.on).finish_non_exhaustive()
    }
}

impl Listener for SimListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Transport>, SocketAddr)>> {
        let accepted = self.core.world().net.accept(self.on, cx.waker());
        let (link, peer) = ready!(accepted)?;
        let core = Arc::clone(&self.core);
        let transport = SimTransport { core, link, writes: Direction::ToClient };
        Poll::Ready(Ok((Box::new(transport), peer)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.on)
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        let World { env, net } = &mut *self.core.world();
        net.unlisten(env, self.on);
    }
}

struct SimSleep {
    core: Arc<Core>,
    at: Instant,
    slot: Option<TimerId>,
}

impl Future for SimSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let clock = &mut this.core.world().env.clock;
        if clock.now() >= this.at {
            clock.cancel(&mut this.slot);
            return Poll::Ready(());
        }
        clock.set(&mut this.slot, this.at, cx.waker());
        Poll::Pending
    }
}

impl Sleep for SimSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.at = at;
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        self.core.world().env.clock.cancel(&mut self.slot);
    }
}
