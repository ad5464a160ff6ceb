//! What must not be in a log. Alone in its process: `tracing` caches for all threads who listens.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to panic")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use neobolt::{Auth, Driver};
use neobolt_server::ServerConfig;
use neobolt_testing::model::{ModelBackend, PASSWORD, USER};
use neobolt_testing::queries::{CREATE_COUNTER, ECHO};
use neobolt_testing::sim::Sim;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PARAMETER: &str = "a parameter that is nobody's business";
const WRONG_PASSWORD: &str = "the password of something else";

#[test]
fn parameters_records_and_passwords_are_neither_logged_nor_printed() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let guard = subscriber.with_writer(move || writer.clone()).set_default();
    let sim = Sim::new(1);
    let model = ModelBackend::new(sim.runtime(), Duration::ZERO);
    let server = sim.block_on(model.serve(ServerConfig::default())).unwrap();
    let driver = |auth| Driver::builder(sim.runtime(), &server.uri(), auth).build().unwrap();
    let mut printed = String::new();
    sim.block_on(async {
        let let_in = driver(ModelBackend::auth());
        let echo = let_in.execute_query(ECHO).param("value", PARAMETER);
        printed += &format!("{let_in:?} {echo:?}");
        let result = echo.await.unwrap();
        assert_eq!(result.records[0].get::<&str>("value").unwrap(), PARAMETER);
        let mut session = let_in.session().build();
        let mut transaction = session.begin_transaction().await.unwrap();
        transaction.run(ECHO).param("value", PARAMETER).await.unwrap().consume().await.unwrap();
        printed += &format!("{session:?} {transaction:?}");
        let error = transaction.run("RETURN").param("value", PARAMETER).await.unwrap_err();
        printed += &format!("{error:?} {error}");
        let_in.execute_query(CREATE_COUNTER).param("key", PARAMETER).await.unwrap();
        let driver = driver(Auth::basic(USER, WRONG_PASSWORD));
        let error = driver.verify_connectivity().await.unwrap_err();
        printed += &format!("{driver:?} {error:?} {error}");
    });
    drop(guard);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for text in ["HELLO", "BEGIN", "RUN", "COMMIT", "SUCCESS", "RECORD", "FAILURE", ECHO] {
        assert!(logged.contains(text), "{text} is not in the log:\n{logged}");
    }
    for (place, text) in [("the log", &logged), ("what is printed", &printed)] {
        for secret in [PARAMETER, PASSWORD, WRONG_PASSWORD] {
            assert!(!text.contains(secret), "{secret:?} is in {place}:\n{text}");
        }
    }
}
