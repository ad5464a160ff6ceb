//! The runtime of neobolt, in terms of tokio's.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use neobolt_io::{BoxFuture, Listener, Runtime, Sleep, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::runtime::Handle;

/// Returns tokio as a [`Runtime`]; short for [`TokioRuntime::new`].
#[must_use]
pub fn runtime() -> Arc<dyn Runtime> {
    Arc::new(TokioRuntime::new())
}

/// Provides sockets, time and tasks of the tokio runtime in whose context it is used, else of the one
/// in whose context it was made.
///
/// The runtime must have been built with IO and time enabled; tokio panics where they are missing.
/// Where there is no runtime at all, connecting, listening and resolving fail, tasks are dropped,
/// and a timer keeps its thread busy until its time has come.
#[derive(Clone, Debug, Default)]
pub struct TokioRuntime {
    home: Option<Handle>,
}

impl TokioRuntime {
    /// Creates the adapter, and remembers the runtime of the current context if there is one.
    #[must_use]
    pub fn new() -> Self {
        Self { home: Handle::try_current().ok() }
    }

    fn handle(&self) -> io::Result<Handle> {
        Handle::try_current()
            .ok()
            .or_else(|| self.home.clone())
            .ok_or_else(|| io::Error::other("no tokio runtime: neobolt-tokio must be used within one"))
    }

    /// Polls a future in the context of the runtime, which tokio's sockets need to be made in.
    fn within<T>(
        &self,
        future: impl Future<Output = io::Result<T>> + Send + 'static,
    ) -> BoxFuture<'static, io::Result<T>> {
        let runtime = self.clone();
        let mut future = Box::pin(future);
        Box::pin(std::future::poll_fn(move |cx| {
            let handle = runtime.handle()?;
            let _context = handle.enter();
            future.as_mut().poll(cx)
        }))
    }
}

impl Runtime for TokioRuntime {
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Transport>>> {
        self.within(async move { transport(TcpStream::connect(to).await?) })
    }

    fn listen(&self, on: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        self.within(async move { Ok(Box::new(TokioListener(TcpListener::bind(on).await?)) as Box<dyn Listener>) })
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        self.within(async move { Ok(lookup_host((host, port)).await?.collect()) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std() // tokio's own clock can be paused
    }

    fn random(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(TokioSleep { runtime: self.clone(), at, timer: None })
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        if let Ok(handle) = self.handle() {
            handle.spawn(task);
        }
    }
}

fn transport(stream: TcpStream) -> io::Result<Box<dyn Transport>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(TokioTransport(stream)))
}

#[derive(Debug)]
struct TokioTransport(TcpStream);

impl Transport for TokioTransport {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[derive(Debug)]
struct TokioListener(TcpListener);

impl Listener for TokioListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Box<dyn Transport>, SocketAddr)>> {
        let (stream, peer) = ready!(self.0.poll_accept(cx))?;
        Poll::Ready(Ok((transport(stream)?, peer)))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A timer that is made when it is first polled, for only there the runtime must be known.
#[derive(Debug)]
struct TokioSleep {
    runtime: TokioRuntime,
    at: Instant,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Future for TokioSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(timer) = &mut this.timer {
            return timer.as_mut().poll(cx);
        }
        if let Ok(handle) = this.runtime.handle() {
            let _context = handle.enter();
            let timer = this.timer.insert(Box::pin(tokio::time::sleep_until(this.at.into())));
            return timer.as_mut().poll(cx);
        }
        if this.runtime.now() >= this.at {
            return Poll::Ready(());
        }
        std::thread::yield_now();
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Sleep for TokioSleep {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.at = at;
        if let Some(timer) = &mut self.timer {
            timer.as_mut().reset(at.into());
        }
    }
}

#[cfg(test)]
mod tests;
