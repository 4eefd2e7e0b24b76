//! Alerts for people in two lines each.

use std::fmt::Write;

use crate::alert::Alert;
use crate::report::escape::Plain;
use crate::report::incident::ID_SHOWN;
use crate::report::paint::Paint;
use crate::report::text::short;
use crate::wording::dated_period;

/// Returns alerts in two lines each, in the order in which they are given; `verdict_on` says what analysts said of one.
pub fn list(alerts: &[Alert], verdict_on: impl Fn(&str) -> Option<bool>, paint: Paint) -> String {
    let mut out = String::new();
    for alert in alerts {
        let severity = alert.severity.to_string().to_uppercase();
        let id: String = alert.alert_id.chars().take(ID_SHOWN).collect();
        let (start, end) = alert.span();
        let said = verdict_on(&alert.alert_id).map(|is_true| format!("  verdict {is_true}"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}  {:>5.1}  {}  {}  {}  {}{}{}\n  {}",
            paint.severity(alert.severity, &format!("{severity:<8}")),
            alert.score,
            dated_period(start, end),
            Plain(&id),
            Plain(&alert.analytic),
            paint.bold(&Plain(&short(&alert.entity.id)).to_string()),
            if alert.suppressed_by.is_some() {
                "  approved"
            } else {
                ""
            },
            said.unwrap_or_default(),
            Plain(alert.headline()),
        );
    }
    out
}
