//! How requests are written.

use packstream::{Buffer, EncodeError, Encoder};

use super::{Count, Hello, NotificationFilter, TelemetryApi, TransactionOptions, tag, timeout_millis};
use crate::auth::Auth;
use crate::message::AccessMode;
use crate::parameters::Parameters;
use crate::version::{Capabilities, NotificationKeys};

type Written = Result<(), EncodeError>;

/// Counts the entries of a map while they are listed, then writes them: Bolt's maps have their size in front.
macro_rules! map {
    ($encoder:expr, $( $condition:expr => $key:literal : $write:expr ),* $(,)?) => {{
        let size = 0 $( + usize::from($condition) )*;
        $encoder.map_header(size)?;
        $( if $condition {
            $encoder.string($key)?;
            $write;
        } )*
    }};
}

pub(crate) fn bare<B: Buffer>(encoder: &mut Encoder<'_, B>, tag: u8) -> Written {
    encoder.structure_header(tag, 0)
}

pub(crate) fn hello<B: Buffer>(encoder: &mut Encoder<'_, B>, hello: &Hello<'_>, it: &Capabilities) -> Written {
    encoder.structure_header(tag::HELLO, 1)?;
    let auth = if it.logon { 0 } else { hello.auth.len() };
    let filter = filter_len(hello.notifications, it);
    let routing = hello.routing.filter(|_| it.routing_context);
    let size =
        1 + auth + filter + usize::from(it.bolt_agent) + usize::from(it.utc_patch) + usize::from(routing.is_some());
    encoder.map_header(size)?;
    encoder.string("user_agent")?;
    encoder.string(hello.user_agent)?;
    if !it.logon {
        hello.auth.encode_entries(encoder)?;
    }
    if let Some(context) = routing {
        encoder.string("routing")?;
        pairs(encoder, context)?;
    }
    if it.utc_patch {
        encoder.string("patch_bolt")?;
        encoder.encode(&["utc"][..])?;
    }
    put_filter(encoder, hello.notifications, it)?;
    if it.bolt_agent {
        encoder.string("bolt_agent")?;
        map!(encoder,
            true => "product": encoder.string(hello.product)?,
            true => "platform": encoder.string(PLATFORM)?,
            true => "language": encoder.string("Rust")?,
        );
    }
    Ok(())
}

const PLATFORM: &str = std::env::consts::OS;

pub(crate) fn logon<B: Buffer>(encoder: &mut Encoder<'_, B>, auth: &Auth) -> Written {
    encoder.structure_header(tag::LOGON, 1)?;
    encoder.map_header(auth.len())?;
    auth.encode_entries(encoder)
}

pub(crate) fn telemetry<B: Buffer>(encoder: &mut Encoder<'_, B>, api: TelemetryApi) -> Written {
    encoder.structure_header(tag::TELEMETRY, 1)?;
    encoder.integer(match api {
        TelemetryApi::ManagedTransaction => 0,
        TelemetryApi::ExplicitTransaction => 1,
        TelemetryApi::AutoCommit => 2,
        TelemetryApi::ExecuteQuery => 3,
    });
    Ok(())
}

pub(crate) fn begin<B: Buffer>(
    encoder: &mut Encoder<'_, B>,
    options: &TransactionOptions<'_>,
    it: &Capabilities,
) -> Written {
    encoder.structure_header(tag::BEGIN, 1)?;
    extra(encoder, options, it)
}

/// Parameters in the form of the negotiated version.
#[derive(Debug)]
pub(crate) enum WireParameters<'a> {
    /// As they are.
    Native(&'a Parameters),
    /// An encoded map, rewritten for an older version.
    Rewritten(Vec<u8>),
}

pub(crate) fn run<B: Buffer>(
    encoder: &mut Encoder<'_, B>,
    query: &str,
    parameters: &WireParameters<'_>,
    options: Option<&TransactionOptions<'_>>,
    it: &Capabilities,
) -> Written {
    encoder.structure_header(tag::RUN, 3)?;
    encoder.string(query)?;
    match parameters {
        WireParameters::Native(parameters) => parameters.encode_map(encoder)?,
        WireParameters::Rewritten(bytes) => encoder.raw(bytes),
    }
    match options {
        Some(options) => extra(encoder, options, it),
        None => encoder.map_header(0),
    }
}

pub(crate) fn stream<B: Buffer>(
    encoder: &mut Encoder<'_, B>,
    tag: u8,
    count: Count,
    qid: Option<i64>,
    it: &Capabilities,
) -> Written {
    if !it.paging {
        return bare(encoder, tag);
    }
    encoder.structure_header(tag, 1)?;
    map!(encoder,
        true => "n": encoder.integer(count.to_wire()),
        qid.is_some() => "qid": encoder.encode(&qid)?,
    );
    Ok(())
}

pub(crate) fn route<B: Buffer>(
    encoder: &mut Encoder<'_, B>,
    context: &[(String, String)],
    bookmarks: &[&str],
    database: Option<&str>,
    impersonated_user: Option<&str>,
    it: &Capabilities,
) -> Written {
    encoder.structure_header(tag::ROUTE, 3)?;
    pairs(encoder, context)?;
    encoder.encode(bookmarks)?;
    if !it.impersonation {
        return encoder.encode(&database);
    }
    map!(encoder,
        database.is_some() => "db": encoder.encode(&database)?,
        impersonated_user.is_some() => "imp_user": encoder.encode(&impersonated_user)?,
    );
    Ok(())
}

/// The `extra` of BEGIN and of an auto-commit RUN, without what is the default.
fn extra<B: Buffer>(encoder: &mut Encoder<'_, B>, options: &TransactionOptions<'_>, it: &Capabilities) -> Written {
    let none = NotificationFilter::default();
    let filter = options.notifications.unwrap_or(&none);
    let metadata = options.metadata.filter(|metadata| !metadata.is_empty());
    let size = usize::from(!options.bookmarks.is_empty())
        + usize::from(options.timeout.is_some())
        + usize::from(metadata.is_some())
        + usize::from(options.mode == AccessMode::Read)
        + usize::from(options.database.is_some())
        + usize::from(options.impersonated_user.is_some())
        + filter_len(filter, it);
    encoder.map_header(size)?;
    if !options.bookmarks.is_empty() {
        encoder.string("bookmarks")?;
        encoder.encode(&options.bookmarks[..])?;
    }
    if let Some(timeout) = options.timeout {
        encoder.string("tx_timeout")?;
        encoder.integer(timeout_millis(timeout));
    }
    if let Some(metadata) = metadata {
        encoder.string("tx_metadata")?;
        metadata.encode_map(encoder)?;
    }
    if options.mode == AccessMode::Read {
        encoder.string("mode")?;
        encoder.string("r")?;
    }
    if let Some(database) = options.database {
        encoder.string("db")?;
        encoder.string(database)?;
    }
    if let Some(user) = options.impersonated_user {
        encoder.string("imp_user")?;
        encoder.string(user)?;
    }
    put_filter(encoder, filter, it)
}

fn filter_len(filter: &NotificationFilter, it: &Capabilities) -> usize {
    if it.notifications == NotificationKeys::None {
        return 0;
    }
    usize::from(filter.minimum_severity.is_some()) + usize::from(filter.disabled_classifications.is_some())
}

fn put_filter<B: Buffer>(encoder: &mut Encoder<'_, B>, filter: &NotificationFilter, it: &Capabilities) -> Written {
    let key = match it.notifications {
        NotificationKeys::None => return Ok(()),
        NotificationKeys::Categories => "notifications_disabled_categories",
        NotificationKeys::Classifications => "notifications_disabled_classifications",
    };
    if let Some(severity) = filter.minimum_severity {
        encoder.string("notifications_minimum_severity")?;
        encoder.string(severity.as_str())?;
    }
    if let Some(disabled) = &filter.disabled_classifications {
        encoder.string(key)?;
        encoder.list_header(disabled.len())?;
        for classification in disabled {
            encoder.string(classification.as_str())?;
        }
    }
    Ok(())
}

fn pairs<B: Buffer>(encoder: &mut Encoder<'_, B>, pairs: &[(String, String)]) -> Written {
    encoder.map_header(pairs.len())?;
    for (key, value) in pairs {
        encoder.string(key)?;
        encoder.string(value)?;
    }
    Ok(())
}
