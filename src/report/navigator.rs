//! What analytics see, as a layer of the ATT&CK Navigator (layer format 4.5): a colour for each technique, and why.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analytic::Analytic;
use crate::engine::{AnalyticCoverage, CoverageVerdict};
use crate::event::Provider;
use crate::report::coverage::why;

/// The version of the layer format, and the first of the Navigator that reads it.
const VERSIONS: Versions = Versions {
    navigator: "4.9.0",
    layer: "4.5",
};

/// What is seen of a technique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Covered,
    Partial,
    Blind,
    NoRecords,
}

impl Seen {
    const ALL: [Self; 4] = [Self::Covered, Self::Partial, Self::Blind, Self::NoRecords];

    /// Returns its colour.
    const fn color(self) -> &'static str {
        match self {
            Self::Covered => "#8ec843",
            Self::Partial => "#ffe766",
            Self::Blind => "#ff6666",
            Self::NoRecords => "#cccccc",
        }
    }

    /// Returns what its colour means.
    const fn label(self) -> &'static str {
        match self {
            Self::Covered => "covered on each provider that has records",
            Self::Partial => "partial: some of it is not seen, or not on each provider",
            Self::Blind => "blind",
            Self::NoRecords => "no records of a provider that it is judged on",
        }
    }
}

/// A layer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    name: &'static str,
    versions: Versions,
    domain: &'static str,
    description: String,
    hide_disabled: bool,
    layout: Layout,
    techniques: Vec<Technique>,
    legend_items: Vec<LegendItem>,
}

#[derive(Debug, Serialize)]
struct Versions {
    navigator: &'static str,
    layer: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    layout: &'static str,
    #[serde(rename = "showID")]
    show_id: bool,
    expanded_subtechniques: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Technique {
    #[serde(rename = "techniqueID")]
    technique_id: String,
    color: &'static str,
    comment: String,
    enabled: bool,
}

#[derive(Debug, Serialize)]
struct LegendItem {
    label: &'static str,
    color: &'static str,
}

/// Returns the layer of what was judged. `period` are the first and the last day with records.
pub fn layer(
    judged: &[AnalyticCoverage],
    analytics: &[Analytic],
    period: Option<(String, String)>,
) -> Layer {
    let mut of_technique: BTreeMap<&str, Vec<&AnalyticCoverage>> = BTreeMap::new();
    for analytic in analytics.iter().filter(|analytic| analytic.enabled) {
        let is_it = |one: &&AnalyticCoverage| {
            one.analytic == analytic.id && one.verdict != CoverageVerdict::Unjudged
        };
        for technique in &analytic.techniques {
            let found = of_technique.entry(technique).or_default();
            found.extend(judged.iter().filter(is_it));
        }
    }
    let technique = |(id, found): (&str, Vec<&AnalyticCoverage>)| Technique {
        technique_id: id.to_owned(),
        color: seen(&found).color(),
        comment: comment(&found),
        enabled: true,
    };
    let description = match period {
        Some((first, last)) => format!("What the analytics see in the logs of {first} to {last}"),
        None => "What the analytics see; there are no logs".to_owned(),
    };
    Layer {
        name: "plimsoll coverage",
        versions: VERSIONS,
        domain: "enterprise-attack",
        description,
        hide_disabled: false,
        layout: Layout {
            layout: "side",
            show_id: true,
            expanded_subtechniques: "annotated",
        },
        techniques: of_technique.into_iter().map(technique).collect(),
        legend_items: Seen::ALL
            .map(|seen| LegendItem {
                label: seen.label(),
                color: seen.color(),
            })
            .into(),
    }
}

/// Returns what is seen of a technique: on each provider that has records, the analytic that sees most counts.
fn seen(found: &[&AnalyticCoverage]) -> Seen {
    let mut best: BTreeMap<Provider, CoverageVerdict> = BTreeMap::new();
    for one in found.iter().filter(|one| one.has_records) {
        let known = best.entry(one.provider).or_insert(one.verdict);
        // Verdicts are declared from the one that sees most on.
        *known = one.verdict.min(*known);
    }
    let all_are = |verdict| best.values().all(|of_provider| *of_provider == verdict);
    match best.is_empty() {
        true => Seen::NoRecords,
        false if all_are(CoverageVerdict::Covered) => Seen::Covered,
        false if all_are(CoverageVerdict::Blind) => Seen::Blind,
        false => Seen::Partial,
    }
}

/// Says what each analytic sees, and why not more.
fn comment(found: &[&AnalyticCoverage]) -> String {
    let with_records = found.iter().filter(|one| one.has_records);
    let lines = with_records.map(|one| {
        let why = why(one).map_or_else(String::new, |why| format!(": {why}"));
        format!("{} on {}: {}{why}", one.analytic, one.provider, one.verdict)
    });
    let mut lines: Vec<String> = lines.collect();
    let without = found.iter().filter(|one| !one.has_records);
    let mut providers: Vec<&str> = without.map(|one| one.provider.as_str()).collect();
    providers.sort_unstable();
    providers.dedup();
    if !providers.is_empty() {
        lines.push(format!("no records of {}", providers.join(", ")));
    }
    lines.join("\n")
}
