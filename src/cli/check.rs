//! `plimsoll check`

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use crate::analytic::Analytic;
use crate::cli::analytics::origin;
use crate::cli::format::View;
#[cfg(feature = "service")]
use crate::cli::sending::{Purpose, surroundings};
use crate::cli::setup::{setup_of, warn_of_other_measures};
use crate::cli::{Common, Console, Ending};
use crate::config::Config;
use crate::engine::{ApprovalState, Reach, Setup, approval_states, in_force};
use crate::error::{Error, Result};
use crate::report::{Paint, Plain, approvals, count, json, tuning};
use crate::store::Store;
use crate::vocab::EntityKind;
#[cfg(feature = "service")]
use crate::{service, sinks};

/// The analytic that sees nothing without a list of sensitive buckets.
const NEEDS_SENSITIVE: &str = "AN0370";

/// Validate the configuration, the analytics and the store
///
/// Ends with status 2 if the configuration, its service, its sinks or an analytic has errors, all of which are reported, and with 1 if the
/// store is damaged. What is valid but risky is a warning.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// What was checked.
#[derive(Serialize)]
struct CheckDocument {
    /// Version of this document.
    schema: u32,
    configuration: ConfigurationDocument,
    analytics: Vec<AnalyticDocument>,
    /// What `plimsoll serve` would do; null if this program has no service.
    service: Option<ServiceDocument>,
    /// Null if nothing was trained.
    store: Option<StoreDocument>,
}

#[derive(Serialize)]
struct ConfigurationDocument {
    approvals: usize,
    sensitive_buckets: usize,
    bindings: usize,
    peer_groups: usize,
    sinks: usize,
    geographic_databases: usize,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct AnalyticDocument {
    id: String,
    title: String,
    enabled: bool,
    /// The score that is configured, if one is.
    threshold: Option<f64>,
    /// The file that defines it; null for a built-in one.
    from: Option<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ServiceDocument {
    /// Where it listens; `https` if it speaks TLS.
    address: String,
    /// Names under which it is reached.
    hosts: Vec<String>,
    /// Who may ask it; empty if everybody on this machine may do everything.
    tokens: Vec<TokenDocument>,
    /// When it learns, in UTC; null if it does not by itself.
    nightly: Option<String>,
    /// Where incidents also go.
    sinks: Vec<SinkDocument>,
}

#[derive(Serialize)]
struct TokenDocument {
    name: String,
    rights: Vec<&'static str>,
}

#[derive(Serialize)]
struct SinkDocument {
    name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct StoreDocument {
    path: String,
    generation: u64,
    days: usize,
    last_day: String,
    calibration_days: u32,
    provisional: bool,
    thresholds: String,
    baselines: BTreeMap<&'static str, usize>,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error with all faults of the configuration and the analytics; a failure if the store is damaged.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = sound(common)?;
    setup.databases.verify()?;
    let of_sinks = of_sinks(&setup);
    let store = common.store();
    let approval_states = approval_states(&setup, &store, Reach::Whole)?;
    let document = CheckDocument {
        schema: 1,
        configuration: configuration(&setup, &approval_states, of_sinks),
        analytics: analytics(&setup),
        service: service(&setup.config),
        store: stored(&setup, &store)?,
    };
    match arguments.format {
        View::Text => console.show(&text(&document, &store, console.out())),
        View::Json => console.print(&(json::pretty(&document) + "\n")),
    }?;
    warn_of_other_measures(&setup, &store, console)?;
    Ok(Ending::Complete)
}

/// Returns the configuration with its analytics.
///
/// # Errors
///
/// A usage error with all that is wrong: with the file, or with its analytics, and with the service and the sinks of it.
fn sound(common: &Common) -> Result<Setup> {
    let (config, mut wrong) = Config::examine(common.config.as_deref())?;
    let of_service = of_service(&config);
    // Of a file with faults it is not known which analytics are meant.
    let setup = match wrong.is_empty() {
        true => setup_of(config).map(Some),
        false => Ok(None),
    };
    wrong.extend(of_service);
    let setup = match (setup, wrong.as_slice()) {
        (Ok(Some(setup)), []) => return Ok(setup),
        (setup, _) => setup,
    };
    wrong.extend(setup.err());
    Err(Error::joined("the configuration cannot be used", &wrong))
}

/// Returns what keeps the service and the sinks from beginning: a secret or a certificate that is not there, one that would be sent
/// unencrypted, or that others could reach the service who may not.
#[cfg(feature = "service")]
fn of_service(config: &Config) -> Vec<Error> {
    let surroundings = surroundings(Purpose::Batch);
    let mut wrong = service::faults(&config.serve, surroundings.variable);
    wrong.extend(sinks::faults(&config.sinks, &surroundings));
    wrong
}

#[cfg(not(feature = "service"))]
fn of_service(_: &Config) -> Vec<Error> {
    Vec::new()
}

/// Returns what is risky of sinks.
#[cfg(feature = "service")]
fn of_sinks(setup: &Setup) -> Vec<String> {
    sinks::warnings(&setup.config.sinks, &surroundings(Purpose::Batch))
}

#[cfg(not(feature = "service"))]
fn of_sinks(_: &Setup) -> Vec<String> {
    Vec::new()
}

/// Returns what holds of the service, if this program has it.
fn service(config: &Config) -> Option<ServiceDocument> {
    if cfg!(not(feature = "service")) {
        return None;
    }
    let serve = &config.serve;
    let scheme = if serve.tls.is_some() { "https" } else { "http" };
    let tokens = serve.tokens.iter().map(|token| TokenDocument {
        name: token.name.clone(),
        rights: token.rights.iter().map(|right| right.as_str()).collect(),
    });
    let sinks = config.sinks.iter().map(|sink| SinkDocument {
        name: sink.name.to_string(),
        kind: sink.target.kind().as_str(),
    });
    let time = |secs: u32| format!("{:02}:{:02}", secs / 3_600, secs / 60 % 60);
    Some(ServiceDocument {
        address: format!("{scheme}://{}", serve.listen),
        hosts: serve.hosts.clone(),
        tokens: tokens.collect(),
        nightly: serve.nightly.map(time),
        sinks: sinks.collect(),
    })
}

fn configuration(
    setup: &Setup,
    approval_states: &[ApprovalState],
    of_sinks: Vec<String>,
) -> ConfigurationDocument {
    let config = &setup.config;
    let of_approvals = approval_states.iter().flat_map(|state| {
        let warnings = state.warnings.iter();
        warnings.map(|warning| approvals::warning(state, warning))
    });
    ConfigurationDocument {
        approvals: config.approvals.len(),
        sensitive_buckets: config.sensitive.len(),
        bindings: config.bindings.len(),
        peer_groups: config.peer_groups.len(),
        sinks: config.sinks.len(),
        geographic_databases: config.geoip.len(),
        warnings: config
            .warnings
            .iter()
            .cloned()
            .chain(of_approvals)
            .chain(of_sinks)
            .collect(),
    }
}

fn analytics(setup: &Setup) -> Vec<AnalyticDocument> {
    let document = |analytic: &Analytic| {
        let is_blind = *analytic.id == *NEEDS_SENSITIVE
            && setup.config.sensitive.is_empty()
            && analytic.sensitive_buckets.is_empty();
        let warning = "sees nothing: no bucket is listed under [[sensitive]]";
        AnalyticDocument {
            id: analytic.id.to_string(),
            title: analytic.title.clone(),
            enabled: analytic.enabled,
            threshold: analytic.threshold,
            from: (!analytic.is_builtin).then(|| origin(analytic)),
            warnings: match analytic.enabled && is_blind {
                true => vec![warning.to_owned()],
                false => Vec::new(),
            },
        }
    };
    setup.analytics.iter().map(document).collect()
}

fn stored(setup: &Setup, store: &Store) -> Result<Option<StoreDocument>> {
    let Some(manifest) = store.manifest()? else {
        return Ok(None);
    };
    let generation = store.load_generation()?;
    for entry in &manifest.days {
        store.load_day(entry)?;
    }
    store.verify_generation(&manifest)?;
    generation.baselines.each(|_, _| {})?;
    generation.groups.each(|_, _| {})?;
    Ok(Some(StoreDocument {
        path: store.root().display().to_string(),
        generation: generation.number,
        days: manifest.days.len(),
        last_day: generation.as_of.plus(-1).to_string(),
        calibration_days: generation.calibration.days,
        provisional: generation.calibration.is_provisional(),
        thresholds: tuning::in_force(&in_force(&setup.analytics, &generation, None)),
        baselines: [EntityKind::Identity, EntityKind::Role, EntityKind::Region]
            .into_iter()
            .map(|kind| (kind.as_str(), generation.baselines.n_of(kind)))
            .collect(),
    }))
}

/// Says what holds of the service.
fn holds(service: &ServiceDocument) -> String {
    let ServiceDocument {
        address,
        hosts,
        tokens,
        nightly,
        sinks,
    } = service;
    let or = |texts: Vec<String>, name: &str, none: &str| match texts.is_empty() {
        true => none.to_owned(),
        false => format!("{name} {}", texts.join(", ")),
    };
    let of_token = |token: &TokenDocument| format!("{} ({})", token.name, token.rights.join(" "));
    let of_sink = |sink: &SinkDocument| format!("{} ({})", sink.name, sink.kind);
    let tls = match address.starts_with("https") {
        true => "TLS",
        false => "no TLS",
    };
    [
        format!("{address}, {tls}"),
        or(hosts.clone(), "hosts", "no other names"),
        or(
            tokens.iter().map(of_token).collect(),
            "tokens",
            "no tokens, so that everybody on this machine may do everything",
        ),
        match nightly {
            Some(time) => format!("learns at {time} UTC"),
            None => "learns when it is asked".to_owned(),
        },
        or(sinks.iter().map(of_sink).collect(), "sinks", "no sinks"),
    ]
    .join("; ")
}

fn text(document: &CheckDocument, store: &Store, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, document, store, paint);
    out
}

fn write_text(
    out: &mut String,
    document: &CheckDocument,
    store: &Store,
    paint: Paint,
) -> std::fmt::Result {
    let config = &document.configuration;
    writeln!(
        out,
        "{}  {} approvals, {} sensitive buckets, {} bindings, {} peer groups, {} sinks, {} geographic databases",
        paint.bold("configuration"),
        config.approvals,
        config.sensitive_buckets,
        config.bindings,
        config.peer_groups,
        config.sinks,
        config.geographic_databases,
    )?;
    for warning in &config.warnings {
        writeln!(out, "  warning: {}", Plain(warning))?;
    }
    writeln!(
        out,
        "{}  {}",
        paint.bold("analytics"),
        document.analytics.len()
    )?;
    for analytic in &document.analytics {
        let state = match (analytic.enabled, analytic.threshold) {
            (false, _) => Some("disabled".to_owned()),
            (true, score) => score.map(|score| format!("threshold {score}")),
        };
        let from = analytic.from.as_ref().map(|from| format!("from {from}"));
        let facts: Vec<String> = state.into_iter().chain(from).collect();
        let facts = match facts.is_empty() {
            true => String::new(),
            false => format!(" ({})", facts.join(", ")),
        };
        let line = format!("  {} {}{facts}", analytic.id, analytic.title);
        writeln!(out, "{}", Plain(&line))?;
        for warning in &analytic.warnings {
            writeln!(out, "    warning: {warning}")?;
        }
    }
    if let Some(service) = &document.service {
        writeln!(out, "{}  {}", paint.bold("service"), Plain(&holds(service)))?;
    }
    let title = paint.bold("store");
    let Some(stored) = &document.store else {
        let path = store.root().display().to_string();
        return writeln!(out, "{title}  {}: nothing was trained yet", Plain(&path));
    };
    writeln!(
        out,
        "{title}  {}: generation {}, {} days up to {}, {} days calibrated",
        Plain(&stored.path),
        stored.generation,
        stored.days,
        stored.last_day,
        stored.calibration_days,
    )?;
    writeln!(out, "  thresholds {}", stored.thresholds)?;
    for (kind, n) in &stored.baselines {
        writeln!(out, "  {} {kind} baselines", count(*n as u64))?;
    }
    if stored.provisional {
        writeln!(
            out,
            "  warning: scores are provisional until 7 whole days are calibrated"
        )?;
    }
    Ok(())
}
