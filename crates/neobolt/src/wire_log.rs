//! `tracing` events for what happens on the wire, target `neobolt::bolt`, level DEBUG.
//!
//! Query texts are shown; parameters, records and credentials never are.

use neobolt_proto::Failure;
use neobolt_proto::message::Request;
use tracing::debug;

use crate::connection::Connection;
use crate::error::Error;

const TARGET: &str = "neobolt::bolt";

pub(crate) fn opened(connection: &Connection) {
    let version = connection.as_bolt().version();
    debug!(target: TARGET, address = %connection.address, %version, "C: HELLO, LOGON");
}

pub(crate) fn sent(connection: &Connection, request: &Request<'_>) {
    let id = &connection.as_bolt().server().connection_id;
    match request {
        Request::Run { query, parameters } | Request::RunAutoCommit { query, parameters, .. } => {
            debug!(target: TARGET, connection = %id, query, parameters = parameters.len(), "C: RUN");
        }
        other => debug!(target: TARGET, connection = %id, "C: {}", other.kind()),
    }
}

pub(crate) fn succeeded(connection: &Connection) {
    debug!(target: TARGET, connection = %connection.as_bolt().server().connection_id, "S: SUCCESS");
}

pub(crate) fn ignored(connection: &Connection) {
    debug!(target: TARGET, connection = %connection.as_bolt().server().connection_id, "S: IGNORED");
}

pub(crate) fn records(connection: &Connection, records: usize) {
    debug!(target: TARGET, connection = %connection.as_bolt().server().connection_id, records, "S: RECORD");
}

pub(crate) fn failed(connection: &Connection, failure: &Failure) {
    let id = &connection.as_bolt().server().connection_id;
    debug!(target: TARGET, connection = %id, code = %failure.code, status = %failure.gql_status, "S: FAILURE");
}

pub(crate) fn lost(connection: &Connection, error: &Error) {
    debug!(target: TARGET, connection = %connection.as_bolt().server().connection_id, %error, "closed");
}
