//! The caller of a storage account: a person or program of a tenant, or the holder of a key or a signature.

use crate::event::{IdentityKind, Principal};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value};
use crate::sources::microsoft::{self, Actor, pick};
use crate::vocab::Str;

/// The caller, nested in diagnostic records and flat in tables.
pub struct Caller<'a> {
    method: Value<'a>,
    hashes: Value<'a>,
    object: Value<'a>,
    tenant: Value<'a>,
    issuer: Value<'a>,
    /// The id of the application that acted.
    pub application: Value<'a>,
    name: Value<'a>,
    /// What the caller was allowed by, with what kind of thing it is.
    pub rights: Value<'a>,
}

impl<'a> Caller<'a> {
    /// Reads it from a record.
    pub fn of(record: Object<'a>) -> Self {
        let [
            nested,
            method,
            hashes,
            object,
            tenant,
            issuer,
            application,
            name,
            rights,
        ] = pick(
            record.members(),
            [
                "identity",
                "authenticationtype",
                "authenticationhash",
                "requesterobjectid",
                "requestertenantid",
                "requestertokenissuer",
                "requesterappid",
                "requesterupn",
                "authorizationdetails",
            ],
        );
        if !matches!(nested, Value::Object(_)) {
            return Self {
                method,
                hashes,
                object,
                tenant,
                issuer,
                application,
                name,
                rights,
            };
        }
        let [method, hashes, requester, rights] = pick(
            nested.members(),
            ["type", "tokenhash", "requester", "authorization"],
        );
        let [object, tenant, issuer, application, name] = pick(
            requester.members(),
            ["objectid", "tenantid", "tokenissuer", "appid", "upn"],
        );
        Self {
            method,
            hashes,
            object,
            tenant,
            issuer,
            application,
            name,
            rights,
        }
    }

    /// Returns how the call was authenticated, in one spelling.
    pub fn method(&self, is_signed: bool) -> Option<&'static str> {
        let Some(text) = self.method.text() else {
            return is_signed.then_some("SAS");
        };
        let text = text.replace(' ', "").to_ascii_lowercase();
        Some(match &*text {
            "oauth" => "OAuth",
            "sas" | "saskey" => "SAS",
            "accountkey" => "AccountKey",
            "anonymous" => "Anonymous",
            "kerberos" => "Kerberos",
            "trustedaccess" => "TrustedAccess",
            "delegationsas" | "userdelegationsas" => "DelegationSas",
            _ => "Other",
        })
    }

    /// Returns who called, and the hash of the key or signature that was used.
    pub fn principal(
        &self,
        account: Option<&str>,
        is_signed: bool,
        interner: &mut Interner,
    ) -> (Option<Principal>, Option<Str>) {
        let hashes = self.hashes.text().unwrap_or_default();
        let named = |wanted: fn(&str) -> bool| hash_of(&hashes, wanted);
        let is_key = |name: &str| name.starts_with("key");
        let signature = named(|name| name == "sassignature").map(|(_, hash)| hash);
        let account = account.unwrap_or("unknown");
        let of_nobody =
            |id: String, kind, interner: &mut Interner| Principal::new(interner.share(&id), kind);
        let (principal, credential) = match self.method(is_signed) {
            Some("Anonymous") => {
                let id = "azure:anonymous".to_owned();
                (Some(of_nobody(id, IdentityKind::Anonymous, interner)), None)
            }
            Some("AccountKey") => {
                let key = named(is_key);
                let name = key.as_ref().map_or("unknown", |(name, _)| &**name);
                let id = format!("azure:key:{account}/{name}");
                let principal = of_nobody(id, IdentityKind::Unknown, interner);
                (Some(principal), key.map(|(_, hash)| hash))
            }
            // A signature made with a person's delegation key names the person.
            Some("SAS") if microsoft::guid(self.object).is_none() => {
                let hash = signature.unwrap_or("unknown");
                let id = format!("azure:sas:{account}/{hash}");
                let principal = of_nobody(id, IdentityKind::Unknown, interner);
                (Some(principal), signature)
            }
            _ => (self.requester(interner), signature),
        };
        (principal, credential.map(|hash| interner.share(hash)))
    }

    fn requester(&self, interner: &mut Interner) -> Option<Principal> {
        let object = microsoft::guid(self.object);
        let issuer = self.issuer.text().unwrap_or_default();
        // https://sts.windows.net/TENANT/
        let issuer = issuer.split('/').nth(3).filter(|part| !part.is_empty());
        let tenant = microsoft::guid(self.tenant).or_else(|| issuer.map(str::to_ascii_lowercase));
        let is_person = self.name.text().is_some_and(|name| name.contains('@'));
        let mut kind = if is_person {
            IdentityKind::Human
        } else {
            IdentityKind::Unknown
        };
        let mut role = None;
        for right in self.rights.elements() {
            if role.is_none() {
                role = right
                    .get_any_case("roleDefinitionId")
                    .and_then(microsoft::guid);
            }
            let principals = right.get_any_case("principals").unwrap_or_default();
            for principal in principals.elements() {
                let id = principal.get_any_case("id").and_then(microsoft::guid);
                let word = principal.get_any_case("type").and_then(Value::text);
                match word.as_deref().filter(|_| id == object) {
                    Some("User") => kind = IdentityKind::Human,
                    Some("ServicePrincipal") => kind = IdentityKind::ServicePrincipal,
                    _ => {}
                }
            }
        }
        let actor = Actor {
            tenant: tenant.as_deref(),
            object: self.object,
            name: self.name,
            application: Value::Null,
        };
        let mut principal = actor.principal(kind, interner)?;
        principal.role = role
            .as_deref()
            .and_then(|role| role.rsplit('/').next())
            .map(|role| interner.share(role));
        Some(principal)
    }
}

/// Finds a hash by its name, in lower case, as in `key1(H1),SasSignature(H2)`; returns the name and the hash.
fn hash_of(hashes: &str, wanted: fn(&str) -> bool) -> Option<(String, &str)> {
    hashes.split(',').find_map(|part| {
        let (name, hash) = part.trim().strip_suffix(')')?.split_once('(')?;
        let name = name.to_ascii_lowercase();
        (wanted(&name) && !hash.is_empty()).then_some((name, hash))
    })
}
