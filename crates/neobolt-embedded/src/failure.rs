//! The engine's errors in Neo4j's words.

use graphdblite::{ErrorCode, GraphError, QueryError};
use neobolt_proto::Failure;

/// Translates an error of the engine.
pub(crate) fn from_engine(error: GraphError) -> Failure {
    let message = match &error {
        // Without the engine's own name for the kind of error, which the code says.
        GraphError::Query(error) => match error.hint() {
            Some(hint) => format!("{} ({hint})", error.message()),
            None => error.message().to_owned(),
        },
        _ => error.to_string(),
    };
    let code = match &error {
        GraphError::Query(error) => query_code(error),
        // Another process has the file: the only way two writers can meet in spite of the queue.
        GraphError::Storage { .. } if message.contains("locked") => "Neo.TransientError.Transaction.DeadlockDetected",
        GraphError::Transaction { .. } if message.contains("concurrent") => {
            "Neo.TransientError.Transaction.DeadlockDetected"
        }
        GraphError::NodeNotFound { .. } | GraphError::EdgeNotFound { .. } => "Neo.ClientError.Statement.EntityNotFound",
        GraphError::HasEdges { .. } => "Neo.ClientError.Schema.ConstraintValidationFailed",
        GraphError::IndexAlreadyExists { .. } => "Neo.ClientError.Schema.IndexAlreadyExists",
        GraphError::IndexNotFound { .. } => "Neo.ClientError.Schema.IndexNotFound",
        GraphError::InvalidIndexDefinition { .. } | GraphError::InvalidName { .. } | GraphError::SizeLimit { .. } => {
            "Neo.ClientError.Statement.ArgumentError"
        }
        _ => "Neo.DatabaseError.General.UnknownError",
    };
    Failure::new(code, message)
}

fn query_code(error: &QueryError) -> &'static str {
    match error {
        QueryError::SyntaxError { .. } | QueryError::SemanticError { .. } => "Neo.ClientError.Statement.SyntaxError",
        QueryError::TypeError { .. } => "Neo.ClientError.Statement.TypeError",
        QueryError::EntityNotFound { .. } => "Neo.ClientError.Statement.EntityNotFound",
        // The engine has no code of its own for it.
        QueryError::ArgumentError { message, .. } if message.starts_with("missing parameter") => {
            "Neo.ClientError.Statement.ParameterMissing"
        }
        QueryError::ArgumentError { .. } => "Neo.ClientError.Statement.ArgumentError",
        QueryError::ArithmeticError { .. } => "Neo.ClientError.Statement.ArithmeticError",
        // Its limits are no constraints of the graph's.
        QueryError::ConstraintViolation { .. } if error.message().contains("exceeded maximum") => {
            "Neo.ClientError.Statement.ArgumentError"
        }
        QueryError::ConstraintViolation { .. } => "Neo.ClientError.Schema.ConstraintValidationFailed",
        QueryError::ProcedureError { code: ErrorCode::ProcedureNotFound, .. } => {
            "Neo.ClientError.Procedure.ProcedureNotFound"
        }
        QueryError::ProcedureError { .. } => "Neo.ClientError.Procedure.ProcedureCallFailed",
        _ => "Neo.DatabaseError.Statement.ExecutionFailed",
    }
}

pub(crate) fn unexpected(message: impl Into<Box<str>>) -> Failure {
    Failure::new("Neo.DatabaseError.General.UnknownError", message)
}

pub(crate) fn unauthorized() -> Failure {
    Failure::new("Neo.ClientError.Security.Unauthorized", "The client is unauthorized due to authentication failure.")
}

pub(crate) fn no_such_database(name: &str) -> Failure {
    Failure::new(
        "Neo.ClientError.Database.DatabaseNotFound",
        format!("Unable to get a routing table for database '{name}' because this database does not exist"),
    )
}

pub(crate) fn impersonation() -> Failure {
    Failure::new("Neo.ClientError.Statement.ArgumentError", "Impersonation is not supported by this server.")
}

pub(crate) fn invalid_bookmark(bookmark: &str) -> Failure {
    Failure::new(
        "Neo.ClientError.Transaction.InvalidBookmark",
        format!("Supplied bookmark '{bookmark}' does not belong to what this server has committed"),
    )
}

pub(crate) fn write_in_read_mode() -> Failure {
    Failure::new(
        "Neo.ClientError.Statement.AccessMode",
        "Writing in read access mode not allowed. Attempted write to the database in a read transaction.",
    )
}

pub(crate) fn outdated() -> Failure {
    Failure::new(
        "Neo.TransientError.Transaction.Outdated",
        "The transaction has read what another transaction has written over since; it cannot write any more.",
    )
}

pub(crate) fn lock_timeout() -> Failure {
    Failure::new(
        "Neo.TransientError.Transaction.LockAcquisitionTimeout",
        "Another transaction has been writing for too long.",
    )
}

pub(crate) fn unsupported_value(what: &str) -> Failure {
    Failure::new("Neo.ClientError.Statement.TypeError", format!("The embedded engine has no values of type {what}."))
}

pub(crate) fn argument(message: impl Into<Box<str>>) -> Failure {
    Failure::new("Neo.ClientError.Statement.ArgumentError", message)
}
