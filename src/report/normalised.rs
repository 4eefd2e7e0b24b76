//! What a record became: its event in the plain format of `docs/PLAIN.md`, with the file and the format that it came from.

use serde_json::{Map, Value, json};

use crate::event::{Attachment, Event, Untrusted};

/// Returns an event as a document of the plain format. Reading it again gives the same event, if it has an identity or is a flow.
pub fn document(event: &Event, file: &str) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        let is_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_nothing {
            fields.insert(name.to_owned(), value);
        }
    };
    let raw = |text: &Option<Untrusted>| json!(text.as_ref().map(Untrusted::raw));
    let only = |holds: bool, value: Value| if holds { value } else { Value::Null };
    put("plimsoll", json!(1));
    put("file", json!(file));
    put("format", json!(event.source.as_str()));
    put("event_time", json!(event.time.to_string()));
    put("event_id", json!(&*event.id));
    put("provider", json!(event.provider.as_str()));
    put("account", json!(event.account.as_deref()));
    put("region", json!(event.region.as_deref()));
    put("regional", only(!event.regional, json!(false)));
    if let Some(principal) = &event.principal {
        put("identity", json!(&*principal.id));
        put("identity_kind", json!(principal.kind.as_str()));
        put("aliases", json!(principal.aliases));
        put("role", json!(principal.role.as_deref()));
        // A name that anyone may choose is no statement of the provider.
        let instance = principal.instance.as_deref();
        put(
            "instance",
            json!(instance.filter(|_| principal.is_delivered)),
        );
        put("unique_id", json!(principal.unique_id.as_deref()));
    }
    put("session_name", raw(&event.session));
    put("credential", json!(event.credential.as_deref()));
    put("app_id", json!(event.application.as_deref()));
    put("scopes", json!(event.scopes));
    let context = &event.context;
    put("ctx.mfa", json!(context.mfa));
    put("ctx.console", json!(context.console_stated));
    put("ctx.auth_method", json!(context.auth_method.as_deref()));
    put(
        "ctx.session_start",
        json!(context.session_start.map(|time| time.to_string())),
    );
    put("ctx.source_identity", raw(&context.source_identity));
    put("ctx.via", json!(context.via.as_deref()));
    put("ctx.actor_account", json!(context.actor_account.as_deref()));
    put("ctx.vpc_endpoint", json!(context.vpc_endpoint.as_deref()));
    put("ctx.on_behalf_of", json!(context.on_behalf_of.as_deref()));
    put("ctx.delegation", json!(context.delegation));
    put("ctx.device_managed", json!(context.device_managed));
    let peer = &event.peer;
    put("src_ip", json!(peer.ip));
    put("src_host", raw(&peer.host));
    put("src_port", json!(peer.port));
    put("src_asn", json!(peer.asn));
    put("src_geo.country", json!(peer.country.as_deref()));
    put("src_geo.city", raw(&peer.city));
    put("user_agent", raw(&event.user_agent));
    put(
        "client",
        only(!event.client.is_empty(), json!(&*event.client)),
    );
    put("action", json!(event.action.as_str()));
    put("op", only(!event.op.is_empty(), json!(&*event.op)));
    put(
        "service",
        only(!event.service.is_empty(), json!(&*event.service)),
    );
    put("container", raw(&event.container));
    put("object", raw(&event.object));
    put("prefix", raw(&event.prefix));
    put("n_objects", json!(event.items));
    put("bytes_out", json!(event.bytes_out));
    put("bytes_in", json!(event.bytes_in));
    put("copied_from", raw(&event.copied_from));
    let destination = &event.destination;
    put("dst.ip", json!(destination.ip));
    put("dst.port", json!(destination.port));
    put("dst.account", json!(destination.account.as_deref()));
    put("dst.container", raw(&destination.container));
    put("dst.endpoint", raw(&destination.endpoint));
    put("dst.external", json!(destination.external));
    if let Some(Attachment {
        instance,
        interface,
        address,
    }) = &event.attachment
    {
        put("flow.instance", json!(instance.as_deref()));
        put("flow.interface", json!(interface.as_deref()));
        put("flow.address", json!(address));
    }
    put("outcome", json!(event.outcome.as_str()));
    put("error", raw(&event.error));
    put("created", json!(event.created.as_deref()));
    put("issued", json!(event.issued.as_deref()));
    if let Some(blinding) = &event.blinding {
        let logs = blinding.logs.iter().map(|log| log.as_str());
        put("blinding.logs", json!(logs.collect::<Vec<_>>()));
        put("blinding.target", raw(&blinding.target));
    }
    if let Some(assigned) = &event.assigned {
        put("assigned.instance", json!(&*assigned.instance));
        put("assigned.identity", json!(&*assigned.identity));
    }
    if let Some(detection) = &event.detection {
        put("finding.title", json!(detection.title.raw()));
        put(
            "finding.severity",
            json!(detection.severity.map(|level| level.as_str())),
        );
    }
    put("counted", only(!event.counted, json!(false)));
    Value::Object(fields)
}
