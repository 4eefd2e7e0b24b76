//! A gate in the words of its definition.

use crate::analytic::{Burst, Gate};
use crate::glob::Glob;

/// The most patterns that are written out.
const SHOWN_MAX: usize = 3;

/// Returns a gate as its definition has it, shortened.
pub(super) fn gate_text(gate: &Gate) -> String {
    match gate {
        Gate::Active(metrics) => format!("active {}", listed(metrics.iter().map(|m| m.as_str()))),
        Gate::AtLeast(metric, least) => format!("at_least {least} of {metric}"),
        Gate::AnyOf(gates) => {
            let inner: Vec<String> = gates.iter().map(gate_text).collect();
            format!("any ({})", inner.join("; "))
        }
        Gate::Context => "context".to_owned(),
        Gate::External => "external".to_owned(),
        Gate::Act(act) => format!("act {act}"),
        Gate::Sequence(None) => "sequence".to_owned(),
        Gate::Sequence(Some(steps)) => format!("steps {steps}"),
        Gate::Burst(Burst {
            kind,
            over,
            at_least,
            ..
        }) => format!("burst {kind} over {over}, at_least {at_least}"),
        Gate::Surprising(metric, more) => format!("surprising {metric} more_than {more}"),
        Gate::Unusual(which, more) => format!("surprising {which} more_than {more}"),
        Gate::Shows {
            which,
            like,
            new,
            known_to,
        } => {
            let verb = if *new { "new" } else { "shows" };
            let known_to = known_to
                .map(|n| format!(" known_to {n}"))
                .unwrap_or_default();
            format!("{verb} {which}{}{known_to}", patterns(" like ", like))
        }
        Gate::Beyond(which, known) => format!("beyond {which}{}", patterns(" of ", known)),
        Gate::Caller(kinds) => format!("caller {}", listed(kinds.iter().map(|k| k.as_str()))),
        Gate::Unlogged(action) => format!("unlogged {action}"),
    }
}

fn patterns(before: &str, globs: &[Glob]) -> String {
    if globs.is_empty() {
        return String::new();
    }
    format!("{before}{}", listed(globs.iter().map(Glob::as_str)))
}

fn listed<'t>(words: impl ExactSizeIterator<Item = &'t str>) -> String {
    let n = words.len();
    let shown: Vec<&str> = words.take(SHOWN_MAX).collect();
    match n.saturating_sub(SHOWN_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
