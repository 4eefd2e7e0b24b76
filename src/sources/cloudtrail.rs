//! AWS CloudTrail: one record of a trail, whatever envelope it came in.

use std::borrow::Cow;

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_128;

use crate::event::{Context, Destination, Event, Outcome, Peer, Provider, Source, Untrusted};
use crate::sources::intern::Interner;
use crate::sources::json::{self, Field};
use crate::sources::{
    Parsed, RejectReason, SkipReason, aws_identity, aws_operations, aws_shares, clients,
};
use crate::time::Time;
use crate::vocab::Str;

/// Services whose calls all land in one region, wherever the caller works.
const GLOBAL_SERVICES: [&str; 7] = [
    "iam",
    "organizations",
    "route53",
    "cloudfront",
    "signin",
    "sso",
    "globalaccelerator",
];

/// A record, its fields as written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record<'a> {
    #[serde(borrow)]
    pub event_time: Field<'a>,
    #[serde(borrow)]
    pub event_source: Field<'a>,
    #[serde(borrow)]
    pub event_name: Field<'a>,
    #[serde(borrow)]
    pub event_type: Field<'a>,
    #[serde(borrow)]
    pub event_category: Field<'a>,
    #[serde(rename = "eventID", borrow)]
    pub event_id: Field<'a>,
    #[serde(rename = "sharedEventID", borrow)]
    pub shared_event_id: Field<'a>,
    #[serde(borrow)]
    pub addendum: Field<'a>,
    #[serde(borrow)]
    pub user_identity: Field<'a>,
    #[serde(borrow)]
    pub aws_region: Field<'a>,
    #[serde(rename = "sourceIPAddress", borrow)]
    pub source_ip_address: Field<'a>,
    #[serde(borrow)]
    pub user_agent: Field<'a>,
    #[serde(borrow)]
    pub error_code: Field<'a>,
    #[serde(borrow)]
    pub error_message: Field<'a>,
    #[serde(borrow)]
    pub request_parameters: Field<'a>,
    #[serde(borrow)]
    pub response_elements: Field<'a>,
    #[serde(borrow)]
    pub additional_event_data: Field<'a>,
    #[serde(borrow)]
    pub resources: Field<'a>,
    #[serde(borrow)]
    pub recipient_account_id: Field<'a>,
    #[serde(borrow)]
    pub vpc_endpoint_id: Field<'a>,
    #[serde(borrow)]
    pub session_credential_from_console: Field<'a>,
    #[serde(borrow)]
    pub tls_details: Field<'a>,
    #[serde(borrow)]
    pub insight_details: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters<'a> {
    #[serde(rename = "bucketName", alias = "bucket", borrow)]
    bucket: Field<'a>,
    #[serde(alias = "Key", borrow)]
    key: Field<'a>,
    #[serde(borrow)]
    prefix: Field<'a>,
    #[serde(rename = "x-amz-copy-source", borrow)]
    copy_source: Field<'a>,
    #[serde(rename = "userName", borrow)]
    user_name: Field<'a>,
    #[serde(rename = "roleName", borrow)]
    role_name: Field<'a>,
    #[serde(borrow)]
    omitted: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Additional<'a> {
    #[serde(borrow)]
    bytes_transferred_out: Field<'a>,
    #[serde(borrow)]
    bytes_transferred_in: Field<'a>,
    #[serde(rename = "AuthenticationMethod", borrow)]
    authentication_method: Field<'a>,
    #[serde(rename = "MFAUsed", borrow)]
    mfa_used: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(rename = "type", borrow)]
    kind: Field<'a>,
    #[serde(rename = "ARN", borrow)]
    arn: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(rename = "ConsoleLogin", borrow)]
    console_login: Field<'a>,
    #[serde(rename = "CheckMfa", borrow)]
    check_mfa: Field<'a>,
    #[serde(borrow)]
    user: Field<'a>,
    #[serde(borrow)]
    role: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Created<'a> {
    #[serde(borrow)]
    arn: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Addendum<'a> {
    #[serde(borrow)]
    reason: Field<'a>,
    #[serde(rename = "originalEventID", borrow)]
    original_event_id: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TlsDetails<'a> {
    #[serde(borrow)]
    client_provided_host_header: Field<'a>,
}

/// Tells whether a record is one of CloudTrail: with or without a version and an identity.
pub fn recognises(record: &Record) -> bool {
    record.event_name.is_some()
        && record.event_time.is_some()
        && json::text(record.event_source)
            .is_some_and(|s| s.ends_with(".amazonaws.com") || s.ends_with(".amazonaws.com.cn"))
}

/// Tells whether a record is an insight: a judgement, no activity.
pub fn is_insight(record: &Record) -> bool {
    record.insight_details.is_some()
        || json::text(record.event_type).as_deref() == Some("AwsCloudTrailInsight")
}

/// Turns a record into an event.
pub fn parse(record: &Record, raw: &[u8], interner: &mut Interner) -> Parsed {
    if is_insight(record) {
        return Parsed::Skipped(SkipReason::Insight);
    }
    let Some(time) = json::text(record.event_time).and_then(|t| Time::parse(&t)) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let (Some(source), Some(name)) = (
        json::text(record.event_source),
        json::text(record.event_name),
    ) else {
        return Parsed::Rejected(RejectReason::UnknownRecord);
    };
    let service = source.split('.').next().unwrap_or_default();
    let op = without_api_date(&name);
    let is_login = service == "signin";
    let parameters: Parameters = json::object(record.request_parameters).unwrap_or_default();
    let is_cut = parameters.omitted.is_some();
    let additional: Additional = json::object(record.additional_event_data).unwrap_or_default();
    let response: Response = json::object(record.response_elements).unwrap_or_default();

    let user_agent =
        json::text(record.user_agent).map(|t| Cow::Owned::<str>(clients::stripped(&t).to_owned()));
    let user_agent: Option<Str> = user_agent
        .filter(|t| !t.is_empty())
        .map(|t| interner.get(&t));
    let client = match &user_agent {
        Some(text) => interner.client(text),
        None => interner.get("empty"),
    };
    let peer = peer(record);
    let account = json::text(record.recipient_account_id);
    let caller = aws_identity::caller(record.user_identity, user_agent.as_deref(), interner);
    let account = account.or_else(|| caller.account.as_deref().map(|a| Cow::Owned(a.to_owned())));

    let outcome = outcome(record, &response, is_login);
    let action = aws_operations::action(service, &op);
    let is_network_activity =
        json::text(record.event_category).as_deref() == Some("NetworkActivity");
    let host = json::object::<TlsDetails>(record.tls_details)
        .and_then(|t| json::text(t.client_provided_host_header));
    let container = json::text(parameters.bucket)
        .filter(|_| !is_cut)
        .or_else(|| bucket_resource(record.resources))
        .or_else(|| {
            host.as_deref()
                .and_then(bucket_of_host)
                .map(|b| Cow::Owned(b.to_owned()))
        });
    let container = container.map(|b| Untrusted::from_shared(interner.get(&b)));
    let copied_from = json::text(parameters.copy_source)
        .and_then(|source| bucket_of_copy_source(&source))
        .map(|bucket| Untrusted::from_shared(interner.get(&bucket)));
    let mut destination = Destination {
        endpoint: host
            .as_deref()
            .map(|h| Untrusted::from_shared(interner.get(h))),
        ..Destination::default()
    };
    let given = aws_shares::given(service, &op, record.request_parameters, account.as_deref());
    destination.account = given.account.map(|a| interner.get(&a));
    destination.container = given
        .bucket
        .map(|b| Untrusted::from_shared(interner.get(&b)))
        .or_else(|| container.clone().filter(|_| copied_from.is_some()));

    let shared = json::text(record.shared_event_id);
    let twin_of_account = caller.account.clone().filter(|actor| {
        shared.is_some() && account.as_deref().is_some_and(|a| a != &**actor) && is_account(actor)
    });
    let created = (outcome == Outcome::Success)
        .then(|| created(&op, &response, &parameters, account.as_deref()))
        .flatten()
        .map(|arn| interner.get(&arn));
    let mfa = json::flag(additional.mfa_used)
        .filter(|_| is_login)
        .or(caller.mfa);
    let session_start = caller.session_start;
    let console = console(record, &client, user_agent.as_deref(), &peer, is_login);
    let has_key = json::text(parameters.key);

    let event = Event {
        time,
        id: event_id(record, raw),
        provider: Provider::Aws,
        source: Source::AwsCloudTrail,
        account: account.filter(|a| is_account(a)).map(|a| interner.get(&a)),
        region: json::text(record.aws_region).map(|r| interner.get(&r)),
        regional: is_regional(service, host.as_deref()),
        session: caller
            .session
            .map(|s| Untrusted::from_shared(interner.get(&s))),
        credential: caller.credential,
        context: Context {
            mfa,
            console,
            auth_method: json::text(additional.authentication_method).map(|m| interner.get(&m)),
            session_start,
            source_identity: caller.source_identity,
            via: caller.via,
            actor_account: caller.account,
            vpc_endpoint: json::text(record.vpc_endpoint_id).map(|v| interner.get(&v)),
        },
        principal: caller.principal,
        peer,
        user_agent: user_agent.map(Untrusted::from_shared),
        client,
        action,
        op: interner.get(&op),
        service: interner.get(service),
        container,
        object: has_key.map(|k| Untrusted::new(&k)),
        prefix: json::text_or_empty(parameters.prefix)
            .map(|p| Untrusted::from_shared(interner.get(&p))),
        bytes_out: json::count(additional.bytes_transferred_out),
        bytes_in: json::count(additional.bytes_transferred_in),
        copied_from,
        destination,
        attachment: None,
        outcome,
        error: json::text(record.error_code).map(|e| Untrusted::from_shared(interner.get(&e))),
        created,
        twin_of_account,
        counted: !is_network_activity || outcome == Outcome::Denied,
    };
    Parsed::Event(Box::new(event))
}

/// Returns the id that stays the same over deliveries: the record's, or that of the record it corrects.
fn event_id(record: &Record, raw: &[u8]) -> Str {
    let corrected = json::object::<Addendum>(record.addendum)
        .filter(|a| json::text(a.reason).as_deref() == Some("UPDATED_DATA"))
        .and_then(|a| json::text(a.original_event_id));
    match corrected.or_else(|| json::text(record.event_id)) {
        Some(id) => id.as_ref().into(),
        None => format!("record-{:032x}", xxh3_128(raw)).into(),
    }
}

/// Returns a Lambda operation without the date of its API: `GetFunction20150331v2` is `GetFunction`.
fn without_api_date(name: &str) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    let versioned = name.rfind('v').filter(|&at| {
        at + 1 < bytes.len()
            && bytes[at + 1..].iter().all(u8::is_ascii_digit)
            && at >= 8
            && bytes[at - 1].is_ascii_digit()
    });
    let end = versioned.unwrap_or(bytes.len());
    let is_dated = end > 8
        && bytes[end - 8..end].iter().all(u8::is_ascii_digit)
        && bytes[end - 8..].starts_with(b"20")
        && name.is_char_boundary(end - 8);
    Cow::Borrowed(if is_dated { &name[..end - 8] } else { name })
}

/// Tells whether a call's region is where the caller chose to work.
fn is_regional(service: &str, host: Option<&str>) -> bool {
    let is_global_endpoint = service == "sts" && host == Some("sts.amazonaws.com");
    !is_global_endpoint && !GLOBAL_SERVICES.contains(&service)
}

fn peer(record: &Record) -> Peer {
    let Some(text) = json::text(record.source_ip_address) else {
        return Peer::default();
    };
    match text.parse() {
        Ok(ip) => Peer {
            ip: Some(ip),
            host: None,
            port: None,
        },
        Err(_) => Peer {
            ip: None,
            host: Some(Untrusted::new(&text)),
            port: None,
        },
    }
}

/// Tells whether the call came from a web console; absent where it cannot be told.
///
/// The flag in the record is not enough: the S3 console's own calls do not carry it.
fn console(
    record: &Record,
    client: &str,
    user_agent: Option<&str>,
    peer: &Peer,
    is_login: bool,
) -> Option<bool> {
    let event_type = json::text(record.event_type);
    let from_console = json::flag(record.session_credential_from_console) == Some(true)
        || matches!(
            event_type.as_deref(),
            Some("AwsConsoleSignIn" | "AwsConsoleAction")
        )
        || matches!(client, "aws-console")
        || user_agent.is_some_and(|ua| {
            let starts = [
                "S3Console/",
                "RDS Console",
                "console.amazonaws.com",
                "signin.amazonaws.com",
                "Coral/Netty",
                "AWSCloudTrail, aws-internal",
            ];
            starts.iter().any(|s| ua.starts_with(s))
                || (ua.contains("aws-internal/") && peer.ip.is_some())
                || (ua.starts_with("Mozilla/") && !is_login)
        });
    if from_console {
        return Some(true);
    }
    clients::is_programmatic(client).then_some(false)
}

fn outcome(record: &Record, response: &Response, is_login: bool) -> Outcome {
    if is_login {
        match json::text(response.console_login)
            .or_else(|| json::text(response.check_mfa))
            .as_deref()
        {
            Some("Success") => return Outcome::Success,
            Some("Failure") => return Outcome::Failure,
            _ => {}
        }
    }
    let Some(code) = json::text(record.error_code) else {
        return if json::text(record.error_message).is_some() {
            Outcome::Failure
        } else {
            Outcome::Success
        };
    };
    let bare = code
        .strip_prefix("Client.")
        .or_else(|| code.strip_prefix("Server."))
        .unwrap_or(&code);
    match bare {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "VpceAccessDenied" => {
            Outcome::Denied
        }
        _ if bare.contains("NotAuthorized") => Outcome::Denied,
        "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "TooManyRequestsException" => Outcome::Throttled,
        "NoSuchBucketPolicy"
        | "NoSuchPublicAccessBlockConfiguration"
        | "NoSuchLifecycleConfiguration"
        | "NoSuchWebsiteConfiguration"
        | "NoSuchCORSConfiguration"
        | "NoSuchTagSet"
        | "ReplicationConfigurationNotFoundError"
        | "ObjectLockConfigurationNotFoundError"
        | "ServerSideEncryptionConfigurationNotFoundError"
        | "OwnershipControlsNotFoundError" => Outcome::NotConfigured,
        _ => Outcome::Failure,
    }
}

/// Returns the bucket that a record's resources name; listings also carry an object entry without a name of its own.
fn bucket_resource(resources: Field<'_>) -> Option<Cow<'static, str>> {
    json::many(resources).into_iter().find_map(|raw| {
        let resource: Resource = serde_json::from_str(raw.get()).ok()?;
        let arn = json::text(resource.arn)?;
        let is_bucket = json::text(resource.kind).as_deref() == Some("AWS::S3::Bucket");
        let name = arn.split_once(":s3:::")?.1;
        (is_bucket && !name.is_empty())
            .then(|| Cow::Owned(name.split('/').next().unwrap_or(name).to_owned()))
    })
}

/// Returns the bucket in a host header such as `my-bucket.s3.eu-west-1.amazonaws.com`.
fn bucket_of_host(host: &str) -> Option<&str> {
    let at = host.find(".s3.").or_else(|| host.find(".s3-"))?;
    let bucket = &host[..at];
    (host.contains(".amazonaws.com") && !bucket.is_empty()).then_some(bucket)
}

/// Returns the bucket of a copy source: `bucket/key` or `/bucket/key`, encoded or not, or an access point.
fn bucket_of_copy_source(source: &str) -> Option<String> {
    let decoded = percent_decoded(source);
    let text = decoded.strip_prefix('/').unwrap_or(&decoded);
    if text.starts_with("arn:") {
        return text.split("/object/").next().map(str::to_owned);
    }
    text.split('/')
        .next()
        .filter(|b| !b.is_empty())
        .map(str::to_owned)
}

/// Undoes percent encoding; what is no encoding stays as it is.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (other, _, _) => {
                decoded.push(other);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// Returns the identity that a call created, in canonical form.
fn created(
    op: &str,
    response: &Response,
    parameters: &Parameters,
    account: Option<&str>,
) -> Option<String> {
    let (answer, name, kind) = match op {
        "CreateUser" => (response.user, parameters.user_name, "user"),
        "CreateRole" => (response.role, parameters.role_name, "role"),
        _ => return None,
    };
    let stated = json::object::<Created>(answer).and_then(|c| json::text(c.arn));
    stated.map(Cow::into_owned).or_else(|| {
        Some(format!(
            "arn:aws:iam::{}:{kind}/{}",
            account?,
            json::text(name)?
        ))
    })
}

/// Tells whether a text is an AWS account id.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
