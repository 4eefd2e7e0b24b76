//! Who called, from a CloudTrail record's `userIdentity`: one person or workload is one identity, however sessions rotate.

use serde::Deserialize;

use crate::event::{IdentityKind, Principal, Untrusted};
use crate::sources::intern::Interner;
use crate::sources::json::{self, Field};
use crate::time::Time;
use crate::vocab::Str;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserIdentity<'a> {
    #[serde(rename = "type", borrow)]
    kind: Field<'a>,
    #[serde(borrow)]
    principal_id: Field<'a>,
    #[serde(borrow)]
    arn: Field<'a>,
    #[serde(borrow)]
    account_id: Field<'a>,
    #[serde(borrow)]
    access_key_id: Field<'a>,
    #[serde(borrow)]
    user_name: Field<'a>,
    #[serde(borrow)]
    invoked_by: Field<'a>,
    #[serde(borrow)]
    session_context: Field<'a>,
    #[serde(borrow)]
    identity_provider: Field<'a>,
    #[serde(borrow)]
    on_behalf_of: Field<'a>,
    #[serde(borrow)]
    credential_id: Field<'a>,
    #[serde(borrow)]
    in_scope_of: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SessionContext<'a> {
    #[serde(borrow)]
    session_issuer: Field<'a>,
    #[serde(borrow)]
    attributes: Field<'a>,
    #[serde(borrow)]
    web_id_federation_data: Field<'a>,
    #[serde(borrow)]
    ec2_role_delivery: Field<'a>,
    #[serde(borrow)]
    source_identity: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SessionIssuer<'a> {
    #[serde(borrow)]
    arn: Field<'a>,
    #[serde(borrow)]
    user_name: Field<'a>,
    #[serde(borrow)]
    principal_id: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attributes<'a> {
    #[serde(borrow)]
    mfa_authenticated: Field<'a>,
    #[serde(borrow)]
    creation_date: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Federation<'a> {
    #[serde(borrow)]
    federated_provider: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OnBehalfOf<'a> {
    #[serde(borrow)]
    user_id: Field<'a>,
    #[serde(borrow)]
    identity_store_arn: Field<'a>,
}

/// Who called, and what is known of the session.
#[derive(Debug, Default)]
pub struct Caller {
    /// The principal; absent in trimmed records.
    pub principal: Option<Principal>,
    /// The caller's account.
    pub account: Option<Str>,
    /// The session's name.
    pub session: Option<String>,
    /// The access key.
    pub credential: Option<Str>,
    /// The name that an identity provider attached.
    pub source_identity: Option<Untrusted>,
    /// The service that called on the principal's behalf.
    pub via: Option<Str>,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// When the session began.
    pub session_start: Option<Time>,
}

/// What an identity is called before it is shared.
struct Named {
    id: String,
    kind: IdentityKind,
    role: Option<String>,
    session: Option<String>,
    instance: Option<String>,
}

impl Named {
    fn new(id: impl Into<String>, kind: IdentityKind) -> Self {
        Self {
            id: id.into(),
            kind,
            role: None,
            session: None,
            instance: None,
        }
    }
}

/// Reads who called.
pub fn caller(field: Field<'_>, user_agent: Option<&str>, interner: &mut Interner) -> Caller {
    let Some(user) = json::object::<UserIdentity>(field) else {
        return Caller::default();
    };
    let context: SessionContext = json::object(user.session_context).unwrap_or_default();
    let attributes: Attributes = json::object(context.attributes).unwrap_or_default();
    let issuer: SessionIssuer = json::object(context.session_issuer).unwrap_or_default();
    let named = name(&user, &context, &issuer, user_agent);
    let account = json::text(user.account_id).filter(|a| super::cloudtrail::is_account(a));
    let invoked_by = json::text(user.invoked_by);
    let is_service = named
        .as_ref()
        .is_some_and(|n| n.kind == IdentityKind::CloudService);
    let mut aliases: Vec<Str> = Vec::new();
    let mut add = |alias: Option<&str>, interner: &mut Interner| {
        if let Some(alias) = alias.filter(|a| !a.is_empty()) {
            let alias = interner.get(alias);
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
    };
    if let Some(named) = &named {
        let id = json::text(user.principal_id);
        let is_person_in_role = named.kind == IdentityKind::Human && named.role.is_some();
        if is_person_in_role {
            add(id.as_deref(), interner);
            add(named.session.as_deref(), interner);
        } else {
            add(id.as_deref().and_then(|id| id.split(':').next()), interner);
        }
        if named.role.is_none() {
            add(json::text(user.user_name).as_deref(), interner);
        } else {
            add(
                json::text(issuer.principal_id)
                    .as_deref()
                    .filter(|_| !is_person_in_role),
                interner,
            );
        }
    }
    let credential = json::text(user.access_key_id).or_else(|| json::text(user.credential_id));
    Caller {
        session: named.as_ref().and_then(|n| n.session.clone()),
        principal: named.map(|named| Principal {
            id: interner.get(&named.id),
            kind: named.kind,
            role: named.role.map(|r| interner.get(&r)),
            instance: named.instance.map(|i| interner.get(&i)),
            aliases,
        }),
        account: account.map(|a| interner.get(&a)),
        credential: credential.map(|k| interner.get(&k)),
        source_identity: json::text(context.source_identity)
            .map(|s| Untrusted::from_shared(interner.get(&s))),
        via: invoked_by.filter(|_| !is_service).map(|s| interner.get(&s)),
        mfa: json::flag(attributes.mfa_authenticated),
        session_start: json::text(attributes.creation_date).and_then(|t| parse_creation(&t)),
    }
}

/// Names the identity; the first rule that applies wins.
fn name(
    user: &UserIdentity,
    context: &SessionContext,
    issuer: &SessionIssuer,
    user_agent: Option<&str>,
) -> Option<Named> {
    let arn = json::text(user.arn);
    let account = json::text(user.account_id);
    let principal_id = json::text(user.principal_id);
    let Some(kind) = json::text(user.kind) else {
        let service = json::text(user.invoked_by)?;
        return Some(Named::new(
            format!("aws:service:{service}"),
            IdentityKind::CloudService,
        ));
    };
    Some(match &*kind {
        "AssumedRole" | "Role" => role_session(user, context, issuer, user_agent)?,
        "IAMUser" => {
            let id = match (arn, account, json::text(user.user_name)) {
                (Some(arn), _, _) => arn.into_owned(),
                (None, Some(account), Some(name)) => format!("arn:aws:iam::{account}:user/{name}"),
                (None, account, _) => unnamed(account.as_deref(), principal_id.as_deref()),
            };
            Named::new(id, IdentityKind::Human)
        }
        "Root" => {
            let id = account
                .map(|a| format!("arn:aws:iam::{a}:root"))
                .or(arn.map(|a| a.into_owned()))?;
            Named::new(id, IdentityKind::Human)
        }
        "FederatedUser" => {
            let arn = arn.as_deref().unwrap_or_default();
            let session = arn
                .split_once("federated-user/")
                .map(|(_, name)| name.to_owned());
            let id = json::text(issuer.arn)
                .map(|a| a.into_owned())
                .unwrap_or_else(|| unnamed(account.as_deref(), principal_id.as_deref()));
            Named {
                session,
                ..Named::new(id, IdentityKind::RoleSession)
            }
        }
        "SAMLUser" => {
            let provider = json::text(user.identity_provider).unwrap_or_default();
            let name = json::text(user.user_name)
                .or(principal_id)
                .unwrap_or_default();
            Named::new(
                format!("aws:saml:{provider}/{}", lower_email(&name)),
                IdentityKind::Human,
            )
        }
        "WebIdentityUser" => {
            let provider = json::text(user.identity_provider).unwrap_or_default();
            let name = json::text(user.user_name)
                .or(principal_id)
                .unwrap_or_default();
            Named::new(
                format!("aws:webid:{provider}/{}", lower_email(&name)),
                IdentityKind::Workload,
            )
        }
        "AWSService" => {
            let service = json::text(user.invoked_by).unwrap_or_default();
            Named::new(format!("aws:service:{service}"), IdentityKind::CloudService)
        }
        "AWSAccount" => {
            let is_anonymous = account.as_deref() == Some("anonymous")
                || (account.as_deref() == Some("ANONYMOUS_PRINCIPAL"))
                || principal_id.as_deref() == Some("ANONYMOUS_PRINCIPAL");
            if is_anonymous {
                Named::new("aws:anonymous", IdentityKind::Anonymous)
            } else {
                match arn {
                    Some(arn) => of_foreign_arn(&arn),
                    None => Named::new(
                        unnamed(account.as_deref(), principal_id.as_deref()),
                        IdentityKind::Unknown,
                    ),
                }
            }
        }
        "IdentityCenterUser" => {
            let person: OnBehalfOf = json::object(user.on_behalf_of).unwrap_or_default();
            let store = json::text(person.identity_store_arn).unwrap_or_default();
            let store = store.rsplit('/').next().unwrap_or_default();
            let id = json::text(person.user_id).unwrap_or_default();
            Named::new(format!("aws:idc:{store}/{id}"), IdentityKind::Human)
        }
        _ => {
            let id = arn
                .map(|a| a.into_owned())
                .unwrap_or_else(|| unnamed(account.as_deref(), principal_id.as_deref()));
            Named::new(id, IdentityKind::Unknown)
        }
    })
}

/// Names a caller of another account by its ARN: a role session counts as its role there, too.
fn of_foreign_arn(arn: &str) -> Named {
    match role_of_session_arn(arn) {
        Some((role, session)) => Named {
            role: Some(role.clone()),
            session: Some(session.to_owned()),
            ..Named::new(role, IdentityKind::RoleSession)
        },
        None => Named::new(arn, IdentityKind::Unknown),
    }
}

fn unnamed(account: Option<&str>, principal_id: Option<&str>) -> String {
    let id = principal_id
        .and_then(|id| id.split(':').next())
        .filter(|id| !id.is_empty());
    match (account, id) {
        (Some(account), Some(id)) => format!("aws:account:{account}/{id}"),
        (Some(account), None) => format!("aws:account:{account}"),
        (None, Some(id)) => format!("aws:account:unknown/{id}"),
        (None, None) => "aws:account:unknown".to_owned(),
    }
}

/// Names a role session: the role, or the person or instance behind it.
fn role_session(
    user: &UserIdentity,
    context: &SessionContext,
    issuer: &SessionIssuer,
    user_agent: Option<&str>,
) -> Option<Named> {
    let arn = json::text(user.arn);
    let from_session = arn.as_deref().and_then(role_of_session_arn);
    let principal_id = json::text(user.principal_id);
    let session = from_session
        .as_ref()
        .map(|(_, session)| (*session).to_owned())
        .or_else(|| {
            principal_id
                .as_deref()
                .and_then(|id| Some(id.split_once(':')?.1.to_owned()))
        })
        .filter(|s| !s.is_empty());
    let role = json::text(issuer.arn)
        .map(|a| a.into_owned())
        .or_else(|| from_session.as_ref().map(|(role, _)| role.clone()))
        .or_else(|| arn.as_deref().map(str::to_owned))
        .or_else(|| {
            Some(unnamed(
                json::text(user.account_id).as_deref(),
                principal_id.as_deref(),
            ))
            .filter(|_| principal_id.is_some())
        })?;
    let mut named = Named {
        role: Some(role.clone()),
        session: session.clone(),
        ..Named::new(role.clone(), IdentityKind::RoleSession)
    };
    let role_name = json::text(issuer.user_name)
        .map(|n| n.into_owned())
        .or_else(|| role.rsplit('/').next().map(str::to_owned))
        .unwrap_or_default();
    let source_identity = json::text(context.source_identity);
    let federation: Federation = json::object(context.web_id_federation_data).unwrap_or_default();
    let user_agent = user_agent.unwrap_or_default();
    let is_email = |text: &str| is_email(text);
    if role.contains("/aws-service-role/") {
        named.kind = IdentityKind::CloudService;
    } else if role_name.starts_with("AWSReservedSSO_")
        || session.as_deref().is_some_and(is_email)
        || source_identity.as_deref().is_some_and(is_email)
    {
        named.kind = IdentityKind::Human;
        if let Some(session) = &session {
            named.id = person_arn(&role, &role_name, session, source_identity.as_deref());
        }
    } else if session.as_deref().is_some_and(is_instance) {
        named.kind = IdentityKind::Workload;
        named.instance = session;
    } else if context.ec2_role_delivery.is_some()
        || json::text(federation.federated_provider).is_some()
        || user_agent.contains("exec-env/AWS_Lambda_")
        || user_agent.contains("exec-env/AWS_ECS_FARGATE")
        || user.in_scope_of.is_some()
    {
        named.kind = IdentityKind::Workload;
    } else if user_agent.contains("exec-env/CloudShell") {
        named.kind = IdentityKind::Human;
    }
    Some(named)
}

/// Returns the canonical id of a person in a role: the session's ARN, its e-mail in lower case.
///
/// Where only the source identity is an e-mail, the session's own name may rotate, so the person is named by that.
fn person_arn(role: &str, role_name: &str, session: &str, source_identity: Option<&str>) -> String {
    let mut parts = role.split(':');
    let (partition, account) = (
        parts.nth(1).unwrap_or("aws"),
        parts.nth(2).unwrap_or_default(),
    );
    let person = match source_identity {
        Some(person)
            if is_email(person)
                && !is_email(session)
                && !role_name.starts_with("AWSReservedSSO_") =>
        {
            person
        }
        _ => session,
    };
    format!(
        "arn:{partition}:sts::{account}:assumed-role/{role_name}/{}",
        lower_email(person)
    )
}

/// Returns the role's ARN and the session of `arn:aws:sts::A:assumed-role/NAME/SESSION`. The role's path is lost there.
fn role_of_session_arn(arn: &str) -> Option<(String, &str)> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let (name, session) = rest.split_once('/')?;
    let mut parts = head.split(':');
    let (partition, account) = (parts.nth(1)?, parts.nth(2)?);
    Some((
        format!("arn:{partition}:iam::{account}:role/{name}"),
        session,
    ))
}

fn is_instance(session: &str) -> bool {
    session.strip_prefix("i-").is_some_and(|hex| {
        (8..=17).contains(&hex.len())
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
    })
}

fn lower_email(text: &str) -> String {
    if is_email(text) {
        text.to_lowercase()
    } else {
        text.to_owned()
    }
}

/// Reads a session's beginning: extended ISO in real records, basic ISO in the documentation.
fn parse_creation(text: &str) -> Option<Time> {
    if let Some(time) = Time::parse(text) {
        return Some(time);
    }
    let digits = text.strip_suffix('Z')?;
    let (date, clock) = digits.split_once('T')?;
    let is_basic = date.len() == 8
        && clock.len() == 6
        && (date.to_owned() + clock)
            .bytes()
            .all(|b| b.is_ascii_digit());
    is_basic.then(|| {
        Time::parse(&format!(
            "{}-{}-{}T{}:{}:{}Z",
            &date[..4],
            &date[4..6],
            &date[6..],
            &clock[..2],
            &clock[2..4],
            &clock[4..]
        ))
    })?
}
