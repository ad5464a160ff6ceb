//! What went wrong, in the words that TestKit expects of a driver called `rust`.

use neobolt::{Error, ErrorKind, TransactionError};

/// Why a request has no good answer.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The driver said so.
    Driver(Error),
    /// A thing is used that the driver's types do not let anybody use: what TestKit would have to hear.
    Misuse { error_type: &'static str, message: String },
    /// A function that TestKit stands for failed.
    Frontend(String),
    /// This backend is wrong, or what TestKit asked of it.
    Backend(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl From<neobolt::FieldError> for Failure {
    fn from(error: neobolt::FieldError) -> Self {
        Self::Driver(error.into())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Backend(message)
    }
}

impl TransactionError for Failure {
    fn driver_error(&self) -> Option<&Error> {
        if let Self::Driver(error) = self { Some(error) } else { None }
    }
}

impl Failure {
    pub(crate) fn transaction_closed() -> Self {
        Self::Misuse { error_type: "TransactionOutOfScope", message: "the transaction is closed".into() }
    }
}

pub(crate) mod errors {
    use std::error::Error as _;
    use std::iter::successors;

    use serde_json::{Value as Json, json};

    use super::{Error, ErrorKind, Failure};
    use crate::backend::Backend;
    use crate::response::Response;
    use crate::value::map_to_json;

    /// Tells TestKit, and keeps the error for it to refer to.
    pub(crate) fn report(backend: &Backend, failure: Failure) -> Response {
        let mut errors = backend.errors.borrow_mut();
        let id = errors.len().to_string();
        errors.push(failure.clone());
        match failure {
            Failure::Driver(error) => Response::DriverError(driver_error(&error, &id)),
            Failure::Misuse { error_type, message } => {
                Response::DriverError(json!({ "id": id, "errorType": error_type, "msg": message, "retryable": false }))
            }
            Failure::Frontend(msg) => Response::FrontendError { msg },
            Failure::Backend(msg) => Response::BackendError { msg },
        }
    }

    fn driver_error(error: &Error, id: &str) -> Json {
        let mut report = json!({
            "id": id,
            "errorType": error_type(error),
            "msg": message(error),
            "code": error.code(),
            "retryable": error.is_retryable(),
        });
        if let (Some(failure), Json::Object(report)) = (error.failure(), &mut report) {
            if let Json::Object(gql) = gql_error(failure) {
                report.extend(gql.into_iter().filter(|(key, _)| key != "msg"));
            }
            report.insert("msg".into(), json!(failure.message));
        }
        report
    }

    fn gql_error(failure: &neobolt::Failure) -> Json {
        let cause = failure.cause.as_ref().map(|cause| json!({ "name": "GqlError", "data": gql_error(cause) }));
        json!({
            "msg": failure.message,
            "gqlStatus": failure.gql_status,
            "statusDescription": failure.description,
            "cause": cause,
            "diagnosticRecord": map_to_json(&failure.complete_diagnostic_record()).unwrap_or_default(),
            "classification": failure.classification().and(failure.raw_classification()).unwrap_or("UNKNOWN"),
            "rawClassification": failure.raw_classification(),
        })
    }

    /// The names that TestKit knows of its driver `rust`.
    fn error_type(error: &Error) -> &'static str {
        match error.kind() {
            ErrorKind::Server => "ServerError",
            ErrorKind::ServiceUnavailable | ErrorKind::SessionExpired => "Disconnect",
            ErrorKind::CommitUnknown => "IncompleteCommit",
            ErrorKind::AcquisitionTimeout => "Timeout",
            ErrorKind::Configuration | ErrorKind::ResultNotSingle => "ConfigError",
            // What is asked of a lost connection is answered with its loss.
            ErrorKind::TransactionClosed => match error.source().and_then(|source| source.downcast_ref::<Error>()) {
                Some(cause) if cause.failure().is_none() => error_type(cause),
                _ => "TransactionOutOfScope",
            },
            ErrorKind::ResultConsumed => "ResultConsumed",
            ErrorKind::ResultOutOfScope => "ResultOutOfScope",
            ErrorKind::Field => "FieldError",
            ErrorKind::Protocol => "ProtocolError",
            ErrorKind::Closed => "DriverClosed",
            _ => "Other",
        }
    }

    fn message(error: &Error) -> String {
        let first: &(dyn std::error::Error + 'static) = error;
        let chain: Vec<_> = successors(Some(first), |&error| error.source()).map(ToString::to_string).collect();
        let chain = chain.join(": ");
        if error.kind() == ErrorKind::ResultNotSingle { format!("GetSingleRecordError: {chain}") } else { chain }
    }
}
