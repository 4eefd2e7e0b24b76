//! `plimsoll check`

use std::fmt::Write;

use clap::Args;

use crate::cli::analytics::origin;
use crate::cli::options::{load, warn_of_other_measures};
use crate::cli::{Common, Console, Ending};
use crate::engine::{ApprovalState, Reach, Setup, approval_states, in_force};
use crate::error::Result;
use crate::report::{Paint, Plain, approvals, count, tuning};
use crate::store::Store;
use crate::vocab::EntityKind;

/// The analytic that sees nothing without a list of sensitive buckets.
const NEEDS_SENSITIVE: &str = "AN0370";

/// Validate configuration, analytics and store
///
/// Ends with status 2 if the configuration or an analytic has faults, all of which are named, and with 1 if the store is
/// damaged. What is merely unwise is told as a warning.
#[derive(Debug, Args)]
pub struct Arguments {}

/// Runs the command.
///
/// # Errors
///
/// A usage error with all faults of the configuration and the analytics; a failure if the store is damaged.
pub fn run(_: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = load(common.config.as_deref())?;
    setup.databases.verify()?;
    let store = common.store();
    let mut out = String::new();
    // Writing to a string cannot fail.
    let approval_states = approval_states(&setup, &store, Reach::Recent)?;
    let _ = configuration(&mut out, &setup, &approval_states, console.out());
    let _ = analytics(&mut out, &setup, console.out());
    console.print(&out)?;
    console.print(&stored(&setup, &store, console.out())?)?;
    warn_of_other_measures(&setup, &store, console)?;
    Ok(Ending::Complete)
}

fn configuration(
    out: &mut String,
    setup: &Setup,
    approval_states: &[ApprovalState],
    paint: Paint,
) -> std::fmt::Result {
    let config = &setup.config;
    writeln!(
        out,
        "{} {} approvals, {} sensitive, {} bindings, {} peer groups, {} sinks, {} geographic databases",
        paint.bold("configuration"),
        config.approvals.len(),
        config.sensitive.len(),
        config.bindings.len(),
        config.peer_groups.len(),
        config.sinks.len(),
        config.geoip.len(),
    )?;
    let mut warn = |text: String| writeln!(out, "  warning: {}", Plain(&text));
    for warning in &config.warnings {
        warn(warning.clone())?;
    }
    for state in approval_states {
        for warning in &state.warnings {
            warn(approvals::warning(state, warning))?;
        }
    }
    Ok(())
}

fn analytics(out: &mut String, setup: &Setup, paint: Paint) -> std::fmt::Result {
    writeln!(out, "{} {}", paint.bold("analytics"), setup.analytics.len())?;
    for analytic in &setup.analytics {
        let threshold = match analytic.threshold {
            Some(score) => format!("threshold {score}"),
            None => "threshold as tuned, or from the budget".to_owned(),
        };
        let state = if analytic.enabled {
            threshold
        } else {
            "disabled".to_owned()
        };
        let from = match analytic.is_builtin {
            true => String::new(),
            false => format!(", from {}", origin(analytic)),
        };
        let line = format!("  {} {} ({state}{from})", analytic.id, analytic.title);
        writeln!(out, "{}", Plain(&line))?;
        let is_blind = *analytic.id == *NEEDS_SENSITIVE
            && setup.config.sensitive.is_empty()
            && analytic.sensitive_buckets.is_empty();
        if analytic.enabled && is_blind {
            writeln!(
                out,
                "    warning: blind: no bucket is listed under [[sensitive]]"
            )?;
        }
    }
    Ok(())
}

fn stored(setup: &Setup, store: &Store, paint: Paint) -> Result<String> {
    let title = paint.bold("store");
    let Some(manifest) = store.manifest()? else {
        return Ok(format!(
            "{title} {}: nothing was trained yet\n",
            store.root().display()
        ));
    };
    let generation = store.load_generation()?;
    let mut out = format!(
        "{title} {}: generation {}, {} days up to {}, {} days calibrated\n",
        store.root().display(),
        generation.number,
        manifest.days.len(),
        generation.as_of.plus(-1),
        generation.calibration.days,
    );
    let in_force = in_force(&setup.analytics, &generation, None);
    let _ = writeln!(out, "  thresholds {}", tuning::in_force(&in_force));
    for kind in [EntityKind::Identity, EntityKind::Role, EntityKind::Region] {
        let n = generation
            .baselines
            .keys()
            .filter(|entity| entity.kind == kind)
            .count();
        let _ = writeln!(out, "  {} {kind} baselines", count(n as u64));
    }
    if generation.calibration.is_provisional() {
        out.push_str("  warning: scores are provisional until 7 whole days are calibrated\n");
    }
    for entry in &manifest.days {
        store.load_day(entry)?;
    }
    Ok(out)
}
