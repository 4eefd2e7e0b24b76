//! The caller of a CloudTrail call: turns the `userIdentity` element into a principal.
//!
//! One person or workload is one identity, however its sessions rotate. A role's sessions are the role, unless the session
//! names a person. Names that callers choose are kept separate from the identity.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::event::{IdentityKind, Principal, Untrusted};
use crate::sources::interner::Interner;
use crate::sources::json::{Fields, Value};
use crate::sources::parts::arn::{
    SSO_ROLE, assumed_role, is_email, is_instance, names_of_person, partition_of_arn,
    person_in_role, plain_name,
};
use crate::sources::parts::federation;
use crate::sources::parts::instant::instant;
use crate::sources::parts::placeholder::is_placeholder;
use crate::sources::recent::{self, Recent};
use crate::time::Time;
use crate::vocab::Str;

/// Identity providers at which consumers, not machines, sign in.
const CONSUMER_PROVIDERS: [&str; 4] = [
    "accounts.google.com",
    "www.amazon.com",
    "graph.facebook.com",
    "appleid.apple.com",
];
/// Accounts and principals of callers without credentials.
const ANONYMOUS: [&str; 2] = ["anonymous", "ANONYMOUS_PRINCIPAL"];
/// Marker before the host in the ARN of an OpenID Connect provider.
const OIDC_PROVIDER: &str = ":oidc-provider/";
/// Values of `invokedBy` for calls that a person's console made.
const CONSOLE_INVOKERS: [&str; 2] = ["signin.amazonaws.com", "console.amazonaws.com"];

/// The content of `userIdentity`.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The principal. Its id is empty for a service that the element does not name.
    pub principal: Option<Principal>,
    /// The name of the session.
    pub session: Option<Untrusted>,
    /// The access key.
    pub credential: Option<Str>,
    /// The caller's own account.
    pub account: Option<Str>,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// When the session began.
    pub session_start: Option<Time>,
    /// The name that an identity provider attached to the session.
    pub source_identity: Option<Untrusted>,
    /// The service that made the call on the caller's behalf.
    pub via: Option<Str>,
    /// The user of the Identity Center for whom the caller acts.
    pub on_behalf_of: Option<Str>,
    /// Whether a console made the call.
    pub is_console: bool,
    /// Whether the user agent may refine the kind.
    pub is_refinable: bool,
}

/// A caller with the text of its element.
#[derive(Debug)]
struct Known {
    text: Box<[u8]>,
    caller: Caller,
}

/// The same, found by the text.
#[derive(Debug, Clone)]
struct ByText(Arc<Known>);

impl Borrow<[u8]> for ByText {
    fn borrow(&self) -> &[u8] {
        &self.0.text
    }
}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl PartialEq for ByText {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for ByText {}

/// Callers by the text of their element, which repeats from call to call. Bounded: it is emptied when it is full.
#[derive(Debug, Default)]
pub struct CallerCache {
    known: FxHashSet<ByText>,
    recent: Recent<ByText>,
    /// The caller of the last element that is not kept.
    other: Caller,
}

impl CallerCache {
    /// The most elements that are kept.
    const CALLERS_MAX: usize = 4_096;
    /// The longest element, in bytes, that is kept.
    const BYTES_MAX: usize = 4_096;

    /// Returns the caller that a `userIdentity` element describes.
    pub fn of(
        &mut self,
        identity: Value<'_>,
        region: Option<&str>,
        interner: &mut Interner,
    ) -> &Caller {
        let Value::Object(text) = identity else {
            self.other = Caller::default();
            return &self.other;
        };
        // The partition may follow from the region. Outside the default partition nothing is kept.
        let partition = partition_of_region(region);
        if partition != "aws" || text.len() > Self::BYTES_MAX {
            self.other = caller(identity, partition, interner);
            return &self.other;
        }
        let Self { known, recent, .. } = self;
        let is_right = |it: &ByText| *it.0.text == *text;
        let found = recent.get_or(recent::hash(text), is_right, || {
            if let Some(found) = known.get(text) {
                return found.clone();
            }
            if known.len() >= Self::CALLERS_MAX {
                known.clear();
            }
            let made = ByText(Arc::new(Known {
                text: text.into(),
                caller: caller(identity, partition, interner),
            }));
            known.insert(made.clone());
            made
        });
        &found.0.caller
    }
}

/// Returns the partition that a region belongs to.
pub fn partition_of_region(region: Option<&str>) -> &'static str {
    match region {
        Some(region) if region.starts_with("cn-") => "aws-cn",
        Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The members of `userIdentity`, as text.
struct IdentityElement<'a> {
    u: Fields<'a>,
    issuer: Fields<'a>,
    context: Fields<'a>,
    arn: Option<String>,
    account: Option<String>,
    principal_id: Option<String>,
    user_name: Option<String>,
    invoked_by: Option<String>,
    source_identity: Option<String>,
    partition: String,
}

impl<'a> IdentityElement<'a> {
    fn of(u: Value<'a>, partition: &str) -> Self {
        let text = |fields: &Fields<'_>, name: &str| {
            fields
                .get(name)
                .and_then(Value::text)
                .map(|t| t.into_owned())
        };
        let u = u.fields();
        let context = u.get("sessionContext").unwrap_or(Value::Null).fields();
        let issuer = context.get("sessionIssuer").unwrap_or(Value::Null).fields();
        let arn = text(&u, "arn");
        let stated = arn.clone().or_else(|| text(&issuer, "arn"));
        Self {
            partition: stated
                .as_deref()
                .and_then(partition_of_arn)
                .unwrap_or(partition)
                .to_owned(),
            account: text(&u, "accountId"),
            principal_id: text(&u, "principalId"),
            user_name: text(&u, "userName").filter(|name| !is_placeholder(name)),
            invoked_by: text(&u, "invokedBy"),
            source_identity: text(&context, "sourceIdentity"),
            u,
            issuer,
            context,
            arn,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.u
            .get(name)
            .and_then(Value::text)
            .map(|t| t.into_owned())
    }

    fn issuer_text(&self, name: &str) -> Option<String> {
        self.issuer
            .get(name)
            .and_then(Value::text)
            .map(|t| t.into_owned())
    }

    /// Returns the stable part of the principal id, without a session's name.
    fn unique_id(&self) -> Option<&str> {
        self.principal_id
            .as_deref()
            .map(|id| id.split(':').next().unwrap_or(id))
            .filter(|id| !is_placeholder(id))
    }

    /// Returns the provider of a web identity by its principal id, `PROVIDER:AUDIENCE:USER`, for what passes records on
    /// without the provider.
    fn provider_of_id(&self) -> Option<&str> {
        let id = self.principal_id.as_deref()?;
        let is_web = self.text("type").as_deref() == Some("WebIdentityUser");
        // Of an ARN the colons before the provider's kind are its own.
        let start = id.find(OIDC_PROVIDER).map_or(0, |at| at + 1);
        let end = start + id[start..].find(':')?;
        Some(&id[..end]).filter(|_| is_web)
    }

    /// Returns the fallback identity: the account and the principal id.
    fn by_account(&self) -> Option<String> {
        match (&self.account, self.unique_id()) {
            (Some(account), Some(id)) if id != account => {
                Some(format!("aws:account:{account}/{id}"))
            }
            (Some(account), _) => Some(format!("aws:account:{account}")),
            (None, Some(id)) => Some(format!("aws:account:/{id}")),
            (None, None) => None,
        }
    }

    /// Returns whether the caller had no credentials.
    fn is_anonymous(&self) -> bool {
        let is = |text: &Option<String>| text.as_deref().is_some_and(|t| ANONYMOUS.contains(&t));
        is(&self.account) || is(&self.principal_id)
    }

    /// Returns the user of the Identity Center that `onBehalfOf` names.
    fn on_behalf_of(&self) -> Option<String> {
        let behalf = self.u.get("onBehalfOf")?;
        let store = behalf.get("identityStoreArn").and_then(Value::text)?;
        let user = behalf.get("userId").and_then(Value::text)?;
        let store = store.rsplit('/').next().unwrap_or(&store);
        Some(format!("aws:idc:{store}/{user}"))
    }

    fn arn_or_account(&self) -> Option<String> {
        self.arn.clone().or_else(|| self.by_account())
    }

    /// Returns whether the element names a user, and otherwise only the account.
    fn is_signing_in(&self) -> bool {
        let has_own_id = self
            .unique_id()
            .is_some_and(|id| self.account.as_deref() != Some(id));
        let is_named = self.user_name.is_some() || self.on_behalf_of().is_some();
        self.arn.is_none() && !has_own_id && is_named
    }

    /// Returns the type, also if only the ARN shows it.
    fn kind(&self) -> Option<String> {
        self.text("type").or_else(|| {
            let arn = self.arn.as_deref()?;
            let kind = match arn {
                _ if arn.contains(":assumed-role/") => "AssumedRole",
                _ if arn.contains(":user/") => "IAMUser",
                _ if arn.ends_with(":root") => "Root",
                _ => "Unknown",
            };
            Some(kind.to_owned())
        })
    }
}

/// The identity that a `userIdentity` element resolves to.
struct ResolvedIdentity {
    id: String,
    kind: IdentityKind,
    role: Option<String>,
    session: Option<String>,
    instance: Option<String>,
    is_delivered: bool,
    /// Whether the identity provider named the session after the user. Otherwise the caller chose the name.
    is_session_asserted: bool,
    is_refinable: bool,
}

impl ResolvedIdentity {
    fn new(id: String, kind: IdentityKind) -> Self {
        Self {
            id,
            kind,
            role: None,
            session: None,
            instance: None,
            is_delivered: false,
            is_session_asserted: false,
            is_refinable: false,
        }
    }
}

fn caller(u: Value<'_>, partition: &str, interner: &mut Interner) -> Caller {
    let parts = IdentityElement::of(u, partition);
    let kind = parts.kind();
    let who = resolve(&parts, kind.as_deref());
    let attributes = parts.context.get("attributes").unwrap_or(Value::Null);
    let is_service = matches!(kind.as_deref(), None | Some("AWSService"));
    let invoked_by = parts.invoked_by.as_deref();
    let is_console = !is_service && invoked_by.is_some_and(|by| CONSOLE_INVOKERS.contains(&by));
    let account = parts.account.as_deref().filter(|a| !ANONYMOUS.contains(a));
    let on_behalf_of = parts
        .on_behalf_of()
        .filter(|user| who.as_ref().is_none_or(|who| who.id != *user));
    let credential = parts
        .text("accessKeyId")
        .or_else(|| parts.text("credentialId"));
    Caller {
        session: who
            .as_ref()
            .and_then(|w| w.session.as_deref())
            .map(|s| interner.untrusted(s)),
        is_refinable: who.as_ref().is_some_and(|w| w.is_refinable),
        principal: who.map(|who| principal(who, &parts, interner)),
        credential: credential.map(|key| interner.share(&key)),
        account: account.map(|a| interner.share(a)),
        mfa: attributes.get("mfaAuthenticated").and_then(Value::truth),
        session_start: attributes
            .get("creationDate")
            .and_then(Value::text)
            .and_then(|t| instant(&t)),
        source_identity: parts
            .source_identity
            .as_deref()
            .map(|s| interner.untrusted(s)),
        via: invoked_by
            .filter(|_| !is_console)
            .map(|by| interner.share(by)),
        on_behalf_of: on_behalf_of.map(|user| interner.share(&user)),
        is_console,
    }
}

fn principal(
    who: ResolvedIdentity,
    parts: &IdentityElement<'_>,
    interner: &mut Interner,
) -> Principal {
    let is_person_of_role =
        who.kind == IdentityKind::Human && who.role.as_ref().is_some_and(|role| *role != who.id);
    let mut aliases: Vec<String> = Vec::new();
    if is_person_of_role {
        // All users of a role share its unique id; with the session name it belongs to one person.
        aliases.extend(parts.principal_id.clone());
        // A principal that may assume a role may choose the session name, and mostly the source identity too. So neither is
        // an alias: an approval of the person would otherwise cover that principal.
        let vouched = who.session.as_deref().filter(|_| who.is_session_asserted);
        aliases.extend(names_of_person(&who.id, parts.arn.as_deref(), vouched));
        let source = parts.source_identity.as_deref();
        let source = source.filter(|name| who.is_session_asserted && is_email(name));
        aliases.extend(source.map(plain_name));
        aliases.extend(parts.on_behalf_of());
    } else {
        // The id of a federated user begins with the provider or the account, so it is not an id of the user alone.
        let is_own = match parts.text("type").as_deref() {
            Some("SAMLUser" | "WebIdentityUser" | "FederatedUser") => false,
            Some("Unknown") => !parts.is_signing_in(),
            _ => true,
        };
        aliases.extend(parts.unique_id().filter(|_| is_own).map(str::to_owned));
        aliases.extend(parts.user_name.as_deref().map(plain_name));
        aliases.extend(who.instance.clone().filter(|_| who.is_delivered));
    }
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| *alias != who.id);
    let unique_id = parts
        .unique_id()
        .filter(|id| id.starts_with("AIDA") || id.starts_with("AROA"));
    Principal {
        unique_id: unique_id.map(|id| interner.share(id)),
        id: interner.share(&who.id),
        kind: who.kind,
        role: who.role.map(|role| interner.share(&role)),
        instance: who.instance.map(|instance| interner.share(&instance)),
        is_delivered: who.is_delivered,
        aliases: aliases.iter().map(|alias| interner.share(alias)).collect(),
    }
}

fn resolve(parts: &IdentityElement<'_>, kind: Option<&str>) -> Option<ResolvedIdentity> {
    use IdentityKind::{Anonymous, CloudService, Human, RoleSession, Unknown, Workload};
    let p = &parts.partition;
    Some(match kind {
        Some("AssumedRole") => return assumed(parts),
        Some("Role") => {
            let id = parts.arn_or_account()?;
            ResolvedIdentity {
                role: parts.arn.clone(),
                is_refinable: true,
                ..ResolvedIdentity::new(id, RoleSession)
            }
        }
        Some("IAMUser") => {
            let built = || {
                Some(format!(
                    "arn:{p}:iam::{}:user/{}",
                    parts.account.as_ref()?,
                    parts.user_name.as_ref()?
                ))
            };
            match parts.arn.clone().or_else(built) {
                Some(arn) => ResolvedIdentity::new(arn, Human),
                None => ResolvedIdentity::new(
                    parts.by_account()?,
                    if parts.unique_id().is_some() {
                        Human
                    } else {
                        Unknown
                    },
                ),
            }
        }
        Some("Root") => {
            let id = match &parts.account {
                Some(account) => format!("arn:{p}:iam::{account}:root"),
                None => parts.arn.clone()?,
            };
            ResolvedIdentity::new(id, Human)
        }
        Some("FederatedUser") => {
            let id = parts.issuer_text("arn").or_else(|| {
                parts
                    .account
                    .as_ref()
                    .map(|account| format!("aws:account:{account}"))
            })?;
            let name = parts
                .arn
                .as_deref()
                .and_then(|arn| arn.split_once("federated-user/"))
                .map(|(_, name)| name);
            let name = name.or_else(|| Some(parts.principal_id.as_deref()?.split_once(':')?.1));
            ResolvedIdentity {
                session: name.map(str::to_owned),
                ..ResolvedIdentity::new(id, RoleSession)
            }
        }
        Some(federated @ ("SAMLUser" | "WebIdentityUser")) => {
            let provider = parts
                .text("identityProvider")
                .or_else(|| parts.provider_of_id().map(str::to_owned))
                .filter(|provider| !provider.is_empty());
            let user = parts
                .user_name
                .as_deref()
                .or(parts.principal_id.as_deref())?;
            let is_person = federated == "SAMLUser"
                || provider
                    .as_ref()
                    .is_some_and(|p| CONSUMER_PROVIDERS.iter().any(|known| p.contains(known)));
            let scheme = if federated == "SAMLUser" {
                "saml"
            } else {
                "webid"
            };
            let subject = match is_person {
                true => user,
                false => federation::stable_part(user),
            };
            let id = format!(
                "aws:{scheme}:{}/{}",
                provider.as_deref().unwrap_or_default(),
                plain_name(subject)
            );
            ResolvedIdentity::new(id, if is_person { Human } else { Workload })
        }
        Some("AWSService") => {
            let id = parts
                .invoked_by
                .as_ref()
                .map(|by| format!("aws:service:{by}"));
            ResolvedIdentity::new(id.unwrap_or_default(), CloudService)
        }
        Some("AWSAccount" | "Unknown") if parts.is_anonymous() => {
            ResolvedIdentity::new("aws:anonymous".to_owned(), Anonymous)
        }
        Some("AWSAccount") => {
            let session = parts
                .principal_id
                .as_deref()
                .and_then(|id| id.split_once(':'))
                .map(|(_, name)| name.to_owned());
            ResolvedIdentity {
                session: session.filter(|s| !s.is_empty()),
                ..ResolvedIdentity::new(parts.arn_or_account()?, Unknown)
            }
        }
        Some("IdentityCenterUser") => {
            let id = parts.on_behalf_of().or_else(|| parts.by_account())?;
            ResolvedIdentity::new(id, Human)
        }
        // A sign-in at the Identity Center, whose records name the account instead of a principal.
        Some("Unknown") if parts.is_signing_in() => {
            let by_name = || {
                let account = parts.account.as_deref().unwrap_or_default();
                let name = parts.user_name.as_deref()?;
                Some(format!("aws:account:{account}/{}", plain_name(name)))
            };
            ResolvedIdentity::new(parts.on_behalf_of().or_else(by_name)?, Human)
        }
        Some(_) => ResolvedIdentity::new(parts.arn_or_account()?, Unknown),
        None => match &parts.invoked_by {
            Some(by) => ResolvedIdentity::new(format!("aws:service:{by}"), CloudService),
            None => ResolvedIdentity::new(parts.by_account()?, Unknown),
        },
    })
}

/// Returns the identity behind a role session.
fn assumed(parts: &IdentityElement<'_>) -> Option<ResolvedIdentity> {
    use IdentityKind::{CloudService, Human, RoleSession, Workload};
    let sts = parts.arn.as_deref().and_then(assumed_role);
    let session = match sts {
        Some((_, _, session)) => Some(session),
        None => parts
            .principal_id
            .as_deref()
            .and_then(|id| id.split_once(':'))
            .map(|(_, name)| name),
    };
    let session = session.filter(|s| !s.is_empty()).map(str::to_owned);
    // The ARN of the session never carries the role's path; the issuer's does.
    let role = parts.issuer_text("arn").or_else(|| {
        sts.map(|(account, name, _)| format!("arn:{}:iam::{account}:role/{name}", parts.partition))
    });
    let Some(role) = role else {
        let id = parts.arn_or_account()?;
        return Some(ResolvedIdentity {
            session,
            is_refinable: true,
            ..ResolvedIdentity::new(id, RoleSession)
        });
    };
    let name = role.rsplit('/').next().unwrap_or(&role).to_owned();
    let is_sso = name.starts_with(SSO_ROLE)
        || parts
            .issuer_text("userName")
            .is_some_and(|name| name.starts_with(SSO_ROLE));
    let names = [session.as_deref(), parts.source_identity.as_deref()];
    let is_named = names.into_iter().flatten().any(is_email);
    let is_present = |value: Option<Value<'_>>| value.is_some_and(Value::is_present);
    let federated = parts
        .context
        .get("webIdFederationData")
        .and_then(|data| data.get("federatedProvider"));
    let instance = session.clone().filter(|s| is_instance(s));
    let is_delivered = is_present(parts.context.get("ec2RoleDelivery"));

    let mut who = ResolvedIdentity {
        role: Some(role.clone()),
        session,
        instance,
        is_delivered,
        is_session_asserted: is_sso,
        ..ResolvedIdentity::new(role.clone(), RoleSession)
    };
    if role.contains("/aws-service-role/") {
        who.kind = CloudService;
    } else if is_sso || is_named {
        who.kind = Human;
        // A person may name a session after an instance and is not one.
        (who.instance, who.is_delivered) = (None, false);
        let account = sts
            .map(|(account, _, _)| account)
            .or(parts.account.as_deref());
        if let (Some(account), Some(session)) = (account, &who.session) {
            let name = sts.map_or(&*name, |(_, name, _)| name);
            who.id = person_in_role(&parts.partition, account, name, session);
        }
    } else if who.instance.is_some()
        || is_delivered
        || is_present(federated)
        || is_present(parts.u.get("inScopeOf"))
    {
        who.kind = Workload;
    } else {
        who.is_refinable = parts.invoked_by.is_none();
    }
    Some(who)
}
