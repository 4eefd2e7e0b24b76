//! The caller of an operation: the claims of the token, and what the log calls the caller.

use crate::event::{IdentityKind, Principal};
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::microsoft::Actor;

/// Names of claims in a token.
pub mod claim {
    /// The id of the object that the token is for.
    pub const OBJECT: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    /// Its tenant.
    pub const TENANT: &str = "http://schemas.microsoft.com/identity/claims/tenantid";
    /// The scope of the token.
    pub const SCOPE: &str = "http://schemas.microsoft.com/identity/claims/scope";
    /// How its holder authenticated.
    pub const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";
    /// A person's user principal name.
    pub const UPN: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
    /// A person's name, which is most often the same.
    pub const NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
}

/// The caller, as claims and log state it.
pub struct Caller<'a> {
    /// The tenant, in lower case.
    pub tenant: Option<&'a str>,
    /// The object's id in the tenant.
    pub object: Value<'a>,
    /// The names of a person, and the caller, which is a name, an object's id, or one of the provider's own services.
    pub names: [Value<'a>; 3],
    /// `app` for a program.
    pub kind: Value<'a>,
    /// By what role the call was allowed, and what kind of thing the caller is.
    pub evidence: Value<'a>,
}

impl Caller<'_> {
    /// Returns the principal; `None` if nothing names it.
    pub fn principal(&self, interner: &mut Interner) -> Option<Principal> {
        let is_name = |value: &Value<'_>| value.text().is_some_and(|text| text.contains('@'));
        let name = self.names.into_iter().find(is_name);
        let [.., caller] = self.names;
        let kind = self.kind(name.is_some());
        let actor = Actor {
            tenant: self.tenant,
            object: self.object,
            name: name.unwrap_or(caller),
            application: Value::Null,
        };
        let Some(mut principal) = actor.principal(kind, interner) else {
            let service = caller.text()?.trim().to_lowercase();
            return Some(Principal::new(
                interner.share(&format!("azure:service:{service}")),
                IdentityKind::CloudService,
            ));
        };
        let role = self.evidence.get_any_case("role").and_then(Value::text);
        principal.role = role.map(|role| interner.share(&role));
        Some(principal)
    }

    fn kind(&self, has_name: bool) -> IdentityKind {
        let stated = self
            .evidence
            .get_any_case("principalType")
            .and_then(Value::text);
        match stated.as_deref() {
            Some("User") => return IdentityKind::Human,
            Some("ServicePrincipal") => return IdentityKind::ServicePrincipal,
            _ => {}
        }
        if self.kind.text().as_deref() == Some("app") {
            IdentityKind::ServicePrincipal
        } else if has_name {
            IdentityKind::Human
        } else {
            IdentityKind::Unknown
        }
    }
}
