//! What must not be in a log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use neobolt::{Auth, Driver};
use neobolt_testing::model::{PASSWORD, USER};
use neobolt_testing::queries::{CREATE_COUNTER, ECHO};
use tracing_subscriber::util::SubscriberInitExt;

use super::World;

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
    let world = World::new(1);
    let mut printed = String::new();
    world.sim.block_on(async {
        let driver = world.driver();
        let echo = driver.execute_query(ECHO).param("value", PARAMETER);
        printed += &format!("{driver:?} {echo:?}");
        let result = echo.await.unwrap();
        assert_eq!(result.records[0].get::<&str>("value").unwrap(), PARAMETER);
        let mut session = driver.session().build();
        let mut transaction = session.begin_transaction().await.unwrap();
        transaction.run(ECHO).param("value", PARAMETER).await.unwrap().consume().await.unwrap();
        printed += &format!("{session:?} {transaction:?}");
        let error = transaction.run("RETURN").param("value", PARAMETER).await.unwrap_err();
        printed += &format!("{error:?} {error}");
        driver.execute_query(CREATE_COUNTER).param("key", PARAMETER).await.unwrap();
        let refused = Auth::basic(USER, WRONG_PASSWORD);
        let driver = Driver::builder(world.runtime(), &world.server.uri(), refused).build().unwrap();
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
