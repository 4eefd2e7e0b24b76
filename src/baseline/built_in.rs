//! What is expected of an amount before anybody in an estate has shown it.

use crate::event::IdentityKind;
use crate::stats::Prior;
use crate::time::Window;
use crate::vocab::Metric;

/// How much more ln(1+x) is over an hour and over a day than over ten minutes: work comes in bursts, so that an active day is some three
/// bursts and not 144. Distinct things come again, so that they grow by half of it.
const HOUR_MORE: f64 = 0.5;
const DAY_MORE: f64 = 1.2;
/// What programs do is more, and differs more between them, than what people do.
const PROGRAM_MORE: f64 = 0.5;
const PROGRAM_BETWEEN_VAR: f64 = 3.0;
/// Active windows a day of what people do now and then: asking for accounts, rights and settings, copying, being denied.
const SELDOM: f64 = 0.25;
/// The same of programs, which have no reason to ask what there is.
const SELDOM_OF_PROGRAM: f64 = 0.1;

/// Returns what an amount is judged by of which nothing is known here. It has the weight of half a day and of a window or two, so that
/// an entity's first days replace it.
///
/// The levels and spreads are those of public logs, as far as these show them (see [`Prior::BUILT_IN`]); how often and what differs
/// between kinds is a judgement.
pub fn built_in(kind: IdentityKind, metric: Metric, window: Window) -> Prior {
    if metric.is_rare() {
        return Prior::BUILT_IN_RARE;
    }
    let is_program = matches!(
        kind,
        IdentityKind::Workload | IdentityKind::ServicePrincipal | IdentityKind::CloudService
    );
    let more = match window.secs() {
        0..3_600 => 0.0,
        3_600..86_400 => HOUR_MORE,
        _ => DAY_MORE,
    };
    // Nearly every call reads another object.
    let is_distinct = metric.is_distinct() && metric != Metric::ObjectsRead;
    let mut prior = match metric {
        Metric::ListBytes => Prior::BUILT_IN_LISTING,
        _ if metric.is_bytes() => Prior::BUILT_IN_BYTES,
        _ if is_distinct => Prior::BUILT_IN_DISTINCT,
        _ => Prior::BUILT_IN,
    };
    if !metric.is_bytes() {
        prior.mean += if is_distinct { 0.5 * more } else { more };
    }
    if is_seldom(metric) {
        let a_day = if is_program {
            SELDOM_OF_PROGRAM
        } else {
            SELDOM
        };
        prior.alpha = a_day * prior.beta;
    } else if is_program && !metric.is_bytes() && !is_distinct {
        prior.mean += PROGRAM_MORE;
        prior.between_var = PROGRAM_BETWEEN_VAR;
    }
    prior
}

/// Returns the same once scores are calibrated: the stored distributions were recorded by it, and it is so wide that what no
/// peer has shown is left to them.
pub fn built_in_for_long(metric: Metric) -> Prior {
    match metric {
        _ if metric.is_bytes() => Prior::BUILT_IN_BYTES,
        _ if metric.is_rare() => Prior::BUILT_IN_RARE,
        _ => Prior::BUILT_IN_WIDE,
    }
}

const fn is_seldom(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::DirectoryCalls
            | Metric::DirectoryFamilies
            | Metric::PostureBuckets
            | Metric::DeniedCalls
            | Metric::CopyCalls
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Evidence, Predictive};

    /// One call, whatever it returns, is nothing; what tools do in minutes is more than chance, whoever runs them.
    #[test]
    fn one_call_is_nothing_and_a_sweep_is_more_than_chance() {
        let of = |kind, metric, x: f64| {
            let prior = built_in(kind, metric, Window::TEN_MINUTES);
            Predictive::new(&prior, &Evidence::default()).surprise(x)
        };
        for &kind in IdentityKind::ALL {
            for metric in [
                Metric::ListCalls,
                Metric::ReadCalls,
                Metric::BucketsListed,
                Metric::BytesRead,
                Metric::EgressBytes,
            ] {
                assert!(of(kind, metric, 1.0) < 1.5, "{kind:?} {metric:?}");
            }
            // A page of a thousand names.
            assert!(of(kind, Metric::ListBytes, 150_000.0) < 3.0, "{kind:?}");
            assert!(of(kind, Metric::DirectoryCalls, 1.0) < 3.0, "{kind:?}");
            let sweep = of(kind, Metric::ListCalls, 300.0) + of(kind, Metric::BucketsListed, 60.0);
            assert!(sweep > 8.0, "{kind:?} {sweep}");
            let directory =
                of(kind, Metric::DirectoryCalls, 150.0) + of(kind, Metric::DirectoryFamilies, 12.0);
            assert!(directory > 8.0, "{kind:?} {directory}");
        }
    }
}
