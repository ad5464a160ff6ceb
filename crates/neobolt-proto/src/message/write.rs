//! How requests are written.

use packstream::{Buffer, Encode, EncodeError, Encoder};

use super::schema::{hello as of_hello, notifications as of_filter, result, route as of_route, transaction};
use super::{Count, Hello, NotificationFilter, RequestKind, TelemetryApi, TransactionOptions, tag, timeout_millis};
use crate::auth::Auth;
use crate::error::SendError;
use crate::message::AccessMode;
use crate::parameters::Parameters;
use crate::structure;
use crate::version::Capabilities;

type Written = Result<(), EncodeError>;

/// Writes a map of a token's entries and of those of the others that the version has and that are not left out. Bolt's maps have their
/// size in front, so they are counted first.
macro_rules! map {
    ($encoder:expr, $it:expr, $token:expr, [ $( $field:expr => $value:expr ),* $(,)? ]) => {{
        let token: Option<&Auth> = $token;
        let size = token.map_or(0, Auth::len) $( + usize::from($field.is_in($it) && $value.is_some()) )*;
        $encoder.map(size, |entries| {
            if let Some(token) = token {
                token.put_entries(entries)?;
            }
            $( if let (true, Some(value)) = ($field.is_in($it), $value) {
                entries.entry($field.name, &value)?;
            } )*
            Ok(())
        })
    }};
}

pub(crate) fn bare<B: Buffer>(encoder: &mut Encoder<'_, B>, tag: u8) -> Written {
    encoder.structure_header(tag, 0)
}

pub(crate) fn hello<B: Buffer>(encoder: &mut Encoder<'_, B>, hello: &Hello<'_>, it: &Capabilities) -> Written {
    let token = of_hello::TOKEN.is_in(it).then_some(hello.auth);
    let filter = hello.notifications;
    encoder.structure_header(tag::HELLO, 1)?;
    map!(encoder, it, token, [
        of_hello::USER_AGENT => Some(hello.user_agent),
        of_hello::ROUTING => hello.routing.map(Pairs),
        of_hello::PATCH_BOLT => Some(["utc"]),
        of_filter::MINIMUM_SEVERITY => filter.minimum_severity.map(|it| it.as_str()),
        of_filter::DISABLED_CATEGORIES => filter.disabled(),
        of_filter::DISABLED_CLASSIFICATIONS => filter.disabled(),
        of_hello::BOLT_AGENT => Some(BoltAgent(hello.product)),
    ])
}

pub(crate) fn logon<B: Buffer>(encoder: &mut Encoder<'_, B>, auth: &Auth) -> Written {
    encoder.structure_header(tag::LOGON, 1)?;
    encoder.map(auth.len(), |entries| auth.put_entries(entries))
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

impl<'a> WireParameters<'a> {
    /// Checks that the negotiated version can carry `parameters`, and rewrites what has an older form there.
    pub(crate) fn new(parameters: &'a Parameters, it: &Capabilities, utc_patch: bool) -> Result<Self, SendError> {
        let version = it.version;
        let tags = parameters.tags();
        if let Some(what) = structure::refused(tags, it) {
            return Err(SendError::NotInVersion { what, version });
        }
        let zoned = tags.contains(structure::tag::DATE_TIME) || tags.contains(structure::tag::DATE_TIME_ZONE_ID);
        if !zoned || it.element_ids || utc_patch {
            return Ok(Self::Native(parameters));
        }
        let mut native = Vec::new();
        packstream::encode(parameters, &mut native)?;
        let mut bytes = Vec::with_capacity(native.len());
        structure::legacy::legacy_utc(&native, &mut bytes)?;
        Ok(Self::Rewritten(bytes))
    }
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
        WireParameters::Native(parameters) => encoder.encode(*parameters)?,
        WireParameters::Rewritten(bytes) => encoder.raw(bytes),
    }
    match options {
        Some(options) => extra(encoder, options, it),
        None => encoder.map_header(0),
    }
}

pub(crate) fn stream<B: Buffer>(
    encoder: &mut Encoder<'_, B>,
    request: RequestKind,
    count: Count,
    qid: Option<i64>,
    it: &Capabilities,
) -> Written {
    let message = request.message();
    encoder.structure_header(message.tag, message.arity(it))?;
    if message.arity(it) == 0 {
        return Ok(());
    }
    map!(encoder, it, None, [
        result::N => Some(count.to_wire()),
        result::QID => qid,
    ])
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
    encoder.encode(&Pairs(context))?;
    encoder.encode(bookmarks)?;
    if !of_route::EXTRA.is_in(it) {
        return encoder.encode(&database);
    }
    map!(encoder, it, None, [
        transaction::DB => database,
        transaction::IMP_USER => impersonated_user,
    ])
}

/// The `extra` of BEGIN and of an auto-commit RUN, without what is the default.
fn extra<B: Buffer>(encoder: &mut Encoder<'_, B>, options: &TransactionOptions<'_>, it: &Capabilities) -> Written {
    let none = NotificationFilter::default();
    let filter = options.notifications.unwrap_or(&none);
    map!(encoder, it, None, [
        transaction::BOOKMARKS => (!options.bookmarks.is_empty()).then_some(&options.bookmarks[..]),
        transaction::TX_TIMEOUT => options.timeout.map(timeout_millis),
        transaction::TX_METADATA => options.metadata.filter(|metadata| !metadata.is_empty()),
        transaction::MODE => (options.mode == AccessMode::Read).then_some("r"),
        transaction::DB => options.database,
        transaction::IMP_USER => options.impersonated_user,
        of_filter::MINIMUM_SEVERITY => filter.minimum_severity.map(|it| it.as_str()),
        of_filter::DISABLED_CATEGORIES => filter.disabled(),
        of_filter::DISABLED_CLASSIFICATIONS => filter.disabled(),
    ])
}

struct Pairs<'a>(&'a [(String, String)]);

impl Encode for Pairs<'_> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Written {
        encoder.map(self.0.len(), |entries| self.0.iter().try_for_each(|(key, value)| entries.entry(&**key, value)))
    }
}

/// The driver and its version, and what it runs on.
struct BoltAgent<'a>(&'a str);

impl Encode for BoltAgent<'_> {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Written {
        let entries =
            [(&of_hello::PRODUCT, self.0), (&of_hello::PLATFORM, std::env::consts::OS), (&of_hello::LANGUAGE, "Rust")];
        encoder.map(3, |map| entries.into_iter().try_for_each(|(field, text)| map.entry(field.name, text)))
    }
}
