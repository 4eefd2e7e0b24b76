//! The arguments of tools. Their descriptions are the schemas that clients get.

use rmcp::schemars;
use rmcp::schemars::JsonSchema;
use serde::Deserialize;

/// No arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Which alerts or incidents are listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Only what was going on at this time or later: a day, as in 2026-03-16, or an instant, as in 2026-03-16T04:11:09Z.
    pub(super) since: Option<String>,
    /// Only what was going on at this time or earlier: a day, with all of it, or an instant.
    pub(super) until: Option<String>,
    /// Only this severity and above: informational, low, medium, high or critical.
    pub(super) severity: Option<String>,
    /// Only entities with this in an id, alias or name.
    pub(super) entity: Option<String>,
    /// Only this analytic, as in AN1594; `*` and `?` are wildcards.
    pub(super) analytic: Option<String>,
    /// Only those on which nobody has given a verdict.
    pub(super) open: Option<bool>,
    /// Also those that an approval covers.
    pub(super) show_suppressed: Option<bool>,
    /// At most so many, the newest: 1 to 50, 20 if it is not given.
    #[schemars(range(min = 1, max = 50))]
    pub(super) limit: Option<usize>,
    /// The `next_cursor` of the page before, to get the next one with the same other arguments.
    pub(super) cursor: Option<String>,
}

/// Which alert or incident.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Its id, or at least the first 6 characters of it.
    pub(super) id: String,
}

/// Why an entity raised no alert.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// An id, an alias, or a part that only one id has.
    pub(super) entity: String,
    /// A stored day, as in 2026-03-16.
    pub(super) day: String,
    /// Incidents a day or a week that thresholds aim at where none is tuned, as in 5/day or 5/week.
    pub(super) budget: Option<String>,
}

/// Which entities are listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListedEntities {
    /// Only those with this in their id, an alias or their role.
    pub(super) text: Option<String>,
    /// Only those of this kind, as in identity or role.
    pub(super) kind: Option<String>,
    /// At most so many, those with most events: 1 to 100, 20 if it is not given.
    #[schemars(range(min = 1, max = 100))]
    pub(super) limit: Option<usize>,
}

/// Which entity.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// An id, an alias, or a part that only one id has.
    pub(super) entity: String,
}

/// Which budgets are compared.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Budgets {
    /// Incidents a day or a week, as in 5/day or 5/week; 1, 2, 5, 10 and 20 a day if none is given.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub(super) budgets: Vec<String>,
    /// Analytics that each get the budget alone, instead of the whole estate.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub(super) analytics: Vec<String>,
}
