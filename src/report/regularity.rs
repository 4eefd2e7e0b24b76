//! What the members of a group mostly do, in a few words.

use crate::baseline::GroupState;
use crate::time::Window;
use crate::vocab::Metric;

/// Activity metrics and their names for people.
const ACTIVITIES: [(Metric, &str); 6] = [
    (Metric::ListCalls, "listings"),
    (Metric::ReadCalls, "reads"),
    (Metric::WriteCalls, "writes"),
    (Metric::CopyCalls, "copies"),
    (Metric::DeleteCalls, "deletions"),
    (Metric::DirectoryCalls, "directory calls"),
];
/// Share of the calls from which an activity is what they mostly do.
const MOSTLY: f64 = 0.6;

/// Returns what members mostly do, as in `mostly reads, about 40 an hour in 9 hours a day`; `None` if too few do much.
pub fn regularity(state: &GroupState) -> Option<String> {
    let mut activities: Vec<(f64, f64, f64, &str)> = ACTIVITIES
        .iter()
        .filter_map(|&(metric, name)| {
            let key = (metric, Window::HOUR);
            let at = state
                .priors
                .binary_search_by_key(&key, |&(key, _)| key)
                .ok()?;
            let (level, rate) = (state.priors[at].1.level?, state.priors[at].1.rate?);
            let (hourly, hours) = (level.mean.exp_m1(), rate.alpha / rate.beta);
            Some((hourly * hours, hourly, hours, name))
        })
        .collect();
    activities.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = activities.iter().map(|activity| activity.0).sum();
    let &(daily, hourly, hours, name) = activities.first()?;
    let what = match activities.get(1) {
        Some((_, _, _, second)) if daily < MOSTLY * all => format!("{name} and {second}"),
        Some(_) => format!("mostly {name}"),
        None => format!("only {name}"),
    };
    let how_often = match hours {
        hours if hours < 1.5 => {
            format!(
                "in one hour every {:.0} days",
                (1.0 / hours).clamp(1.0, 999.0)
            )
        }
        hours => format!("in {:.0} hours a day", hours.min(24.0)),
    };
    let how_often = how_often.replace("every 1 days", "a day");
    Some(format!(
        "{what}, about {:.0} an hour {how_often}",
        hourly.max(1.0)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::prior::{CellPrior, Level, Rate};

    #[test]
    fn a_group_is_described_by_what_it_mostly_does() {
        let cell = |metric, hourly: f64, hours: f64| {
            let prior = CellPrior {
                level: Some(Level {
                    mean: hourly.ln_1p(),
                    between_var: 0.1,
                    within_var: 0.1,
                    members: 9,
                }),
                rate: Some(Rate {
                    alpha: 2.0 * hours,
                    beta: 2.0,
                    members: 9,
                }),
            };
            ((metric, Window::HOUR), prior)
        };
        let described = |priors| {
            regularity(&GroupState {
                priors,
                ..GroupState::default()
            })
        };
        assert_eq!(described(Vec::new()), None);
        assert_eq!(
            described(vec![
                cell(Metric::ListCalls, 3.0, 2.0),
                cell(Metric::ReadCalls, 40.0, 9.0)
            ])
            .as_deref(),
            Some("mostly reads, about 40 an hour in 9 hours a day")
        );
        assert_eq!(
            described(vec![
                cell(Metric::ListCalls, 40.0, 0.2),
                cell(Metric::ReadCalls, 30.0, 0.2)
            ])
            .as_deref(),
            Some("listings and reads, about 40 an hour in one hour every 5 days")
        );
        assert_eq!(
            described(vec![cell(Metric::WriteCalls, 7.0, 1.0)]).as_deref(),
            Some("only writes, about 7 an hour in one hour a day")
        );
    }
}
