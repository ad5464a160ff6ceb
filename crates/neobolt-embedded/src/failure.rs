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
    failure(code, message)
}

/// Returns a failure with the GQL status that belongs to its code.
fn failure(code: &'static str, message: impl Into<Box<str>>) -> Failure {
    let message = message.into();
    let Some((_, status, condition)) = STATUSES.iter().find(|(of, _, _)| code.ends_with(of)) else {
        return Failure::new(code, message);
    };
    let description = format!("error: {condition}. {message}");
    Failure::new(code, message).with_gql(*status, description)
}

/// GQL statuses by the ends of the codes that they belong to, with the standard's words for them.
const STATUSES: [(&str, &str, &str); 16] = [
    (".SyntaxError", "42001", "syntax error or access rule violation - invalid syntax"),
    (".ParameterMissing", "42N81", "syntax error or access rule violation - missing request parameter"),
    (".ProcedureNotFound", "42N08", "syntax error or access rule violation - no such procedure"),
    (".Unauthorized", "42NFF", "syntax error or access rule violation - permission/access denied"),
    (".DatabaseNotFound", "42N00", "syntax error or access rule violation - no such database"),
    (".TypeError", "22G03", "data exception - invalid value type"),
    (".ArithmeticError", "22012", "data exception - division by zero"),
    (".EntityNotFound", "22N00", "data exception - unsupported value"),
    (".ConstraintValidationFailed", "22N79", "data exception - constraint violation"),
    (".AccessMode", "25G02", "invalid transaction state - read-only transaction"),
    (".InvalidBookmark", "08N12", "connection exception - invalid bookmark"),
    (".Outdated", "40000", "transaction rollback"),
    (".LockAcquisitionTimeout", "40000", "transaction rollback"),
    (".DeadlockDetected", "50N05", "general processing exception - deadlock detected"),
    (
        ".UnsupportedAdministrationCommand",
        "51N27",
        "system configuration or operation exception - not supported in this edition",
    ),
    (
        ".UnsupportedOperationError",
        "51N27",
        "system configuration or operation exception - not supported in this edition",
    ),
];

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
    failure("Neo.DatabaseError.General.UnknownError", message)
}

pub(crate) fn unauthorized() -> Failure {
    failure("Neo.ClientError.Security.Unauthorized", "The client is unauthorized due to authentication failure.")
}

pub(crate) fn no_such_database(name: &str) -> Failure {
    failure(
        "Neo.ClientError.Database.DatabaseNotFound",
        format!("Unable to get a routing table for database '{name}' because this database does not exist"),
    )
}

pub(crate) fn impersonation() -> Failure {
    failure("Neo.ClientError.Statement.ArgumentError", "Impersonation is not supported by this server.")
}

pub(crate) fn invalid_bookmark(bookmark: &str) -> Failure {
    failure(
        "Neo.ClientError.Transaction.InvalidBookmark",
        format!("Supplied bookmark '{bookmark}' does not belong to what this server has committed"),
    )
}

pub(crate) fn write_in_read_mode() -> Failure {
    failure(
        "Neo.ClientError.Statement.AccessMode",
        "Writing in read access mode not allowed. Attempted write to the database in a read transaction.",
    )
}

pub(crate) fn outdated() -> Failure {
    failure(
        "Neo.TransientError.Transaction.Outdated",
        "The transaction has read what another transaction has written over since; it cannot write any more.",
    )
}

pub(crate) fn lock_timeout() -> Failure {
    failure(
        "Neo.TransientError.Transaction.LockAcquisitionTimeout",
        "Another transaction has been writing for too long.",
    )
}

pub(crate) fn unsupported_value(what: &str) -> Failure {
    failure("Neo.ClientError.Statement.TypeError", format!("The embedded engine has no values of type {what}."))
}

pub(crate) fn argument(message: impl Into<Box<str>>) -> Failure {
    failure("Neo.ClientError.Statement.ArgumentError", message)
}

pub(crate) fn unsupported_command(query: &str) -> Failure {
    failure(
        "Neo.ClientError.Statement.UnsupportedAdministrationCommand",
        format!("Unsupported administration command: {}", query.trim()),
    )
}

pub(crate) fn unsupported_clause(clause: &str) -> Failure {
    failure("Neo.ClientError.Statement.UnsupportedOperationError", format!("The embedded engine has no {clause}."))
}
