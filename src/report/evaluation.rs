//! The result of an evaluation: tables that read well in a terminal and as Markdown, and two charts.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::evaluation::{
    BudgetTable, Detections, FALSE_PER_DAY_MAX, GateAtBudget, GateTable, LEVELS, MethodTable,
    Ratio, Report, STEPS_PER_ALERT, TrapTable,
};
use crate::report::number::{count, duration};
use crate::report::plot::{Axis, Line, chart};
use crate::report::summary::GRADES;

/// Returns everything as text.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, report);
    out
}

/// Returns the chart of detections against false alerts a day, for every method.
pub fn curves(report: &Report) -> String {
    let lines: Vec<Line> = report
        .methods
        .iter()
        .map(|method| Line {
            name: method.name.clone(),
            points: method
                .curve
                .iter()
                .enumerate()
                .map(|(step, &share)| (step as f64 / f64::from(STEPS_PER_ALERT), share))
                .collect(),
        })
        .collect();
    let across = Axis {
        name: "false alerts a day".to_owned(),
        from: 0.0,
        to: f64::from(FALSE_PER_DAY_MAX),
        marks: (0..=FALSE_PER_DAY_MAX)
            .step_by(5)
            .map(|n| (f64::from(n), n.to_string()))
            .collect(),
    };
    let up = Axis {
        name: "share of attacks found".to_owned(),
        from: 0.0,
        to: 1.0,
        marks: (0..=5)
            .map(|n| (f64::from(n) / 5.0, format!("{} %", n * 20)))
            .collect(),
    };
    chart("Detections against false alerts", &across, &up, &lines)
}

/// Returns the chart of raw surprise: expected against observed, by family of metrics.
pub fn reliability(report: &Report) -> String {
    let share = |n: f64, chances: u64| (n.max(0.1) / chances.max(1) as f64).log10();
    let mut lines = vec![Line {
        name: "expected".to_owned(),
        points: LEVELS
            .iter()
            .map(|level| (*level, (-(-(-level).exp()).exp_m1()).log10()))
            .collect(),
    }];
    lines.extend(report.reliability.iter().map(|family| {
        Line {
            name: family.family.to_owned(),
            points: family
                .levels
                .iter()
                .map(|level| (level.surprise, share(level.observed as f64, family.chances)))
                .collect(),
        }
    }));
    let across = Axis {
        name: "raw surprise S (once in e^S days)".to_owned(),
        from: LEVELS[0],
        to: LEVELS[LEVELS.len() - 1],
        marks: LEVELS.iter().map(|&s| (s, format!("{s:.0}"))).collect(),
    };
    let up = Axis {
        name: "share of quiet days that reach it".to_owned(),
        from: -5.0,
        to: 0.0,
        marks: (-5..=0)
            .map(|n| (f64::from(n), format!("1e{n}").replace("1e0", "1")))
            .collect(),
    };
    chart("Reliability of raw surprise", &across, &up, &lines)
}

fn write_all(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "{} estates of {} identities in {} formats, {} days learnt and {} judged: {} events, {} identity-days judged, {} attacks, {} decoys.\n",
        report.seeds,
        report.identities,
        report.formats.len(),
        report.days_learnt,
        report.days_judged,
        count(report.events),
        count(report.entity_days),
        count(report.attacks.values().flat_map(|g| g.values()).sum()),
        count(report.decoys.values().sum()),
    )?;
    writeln!(out, "## Budgets\n")?;
    write_budgets(out, report)?;
    for budget in &report.budgets {
        writeln!(out, "\n## At {} incidents a day\n", budget.budget_per_day)?;
        write_analytics(out, budget)?;
        writeln!(out, "\nBy analytic and provider:\n")?;
        write_providers(out, budget)?;
        writeln!(out, "\nBy class of attack:\n")?;
        write_classes(out, budget)?;
        writeln!(out, "\nFalse alerts by cause:\n")?;
        let rows = budget
            .causes
            .iter()
            .map(|(cause, per_day)| {
                vec![
                    cause.clone(),
                    format!("{per_day:.2}"),
                    format!("{:.0} %", 100.0 * per_day / budget.false_per_day),
                ]
            })
            .collect();
        write_table(out, &["cause", "a day", "share"], rows)?;
        writeln!(out, "\nDecoys, which must not raise an alert:\n")?;
        let rows = budget
            .decoys
            .iter()
            .map(|(name, ratio)| vec![name.clone(), count(ratio.of), count(ratio.found)])
            .collect();
        write_table(out, &["decoy", "planted", "alerted"], rows)?;
        if !budget.traps.is_empty() {
            writeln!(out, "\nFalse incidents by trap:\n")?;
            write_traps(out, &budget.traps)?;
        }
    }
    writeln!(out, "\n## Curves by analytic\n")?;
    write_methods(out, &report.analytics)?;
    writeln!(out, "\n## Against the reference methods\n")?;
    write_methods(out, &report.methods)?;
    writeln!(out, "\n## Reliability of raw surprise\n")?;
    write_reliability(out, report)?;
    match &report.gates {
        Some(gates) => {
            writeln!(out, "\n## What each gate saves and costs\n")?;
            write_gates(out, report, gates)
        }
        None => Ok(()),
    }
}

/// With the gate, then without it.
fn write_gates(out: &mut String, report: &Report, gates: &[GateTable]) -> std::fmt::Result {
    writeln!(
        out,
        "False identities a day and attacks found, with the gate → without it; `-` where an arm means nothing without its gate. An\n\
         identity's day is found or not, as for the curves.\n"
    )?;
    let mut header = vec!["analytic".to_owned(), "arm".to_owned(), "gate".to_owned()];
    for budget in &report.budgets {
        header.extend([
            format!("at {}: false", budget.budget_per_day),
            "saves".to_owned(),
            "found".to_owned(),
            "costs".to_owned(),
        ]);
    }
    let rows = gates
        .iter()
        .map(|gate| {
            let mut row = vec![gate.analytic.clone(), gate.arm.clone(), gate.gate.clone()];
            for at in &gate.budgets {
                row.extend(with_and_without(at));
            }
            row
        })
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    write_table(out, &header, rows)
}

fn with_and_without(at: &GateAtBudget) -> [String; 4] {
    let (with, found) = (at.false_identities_per_day, at.found);
    match (at.false_identities_per_day_without, at.found_without) {
        (Some(without), Some(found_without)) => [
            format!("{with:.2} → {without:.2}"),
            format!("{:+.2}", without - with).replace("-0.00", "+0.00"),
            format!("{} → {} of {}", found.found, found_without.found, found.of),
            format!("{:+}", found_without.found as i64 - found.found as i64),
        ],
        _ => [
            format!("{with:.2} → -"),
            "-".to_owned(),
            format!("{} → - of {}", found.found, found.of),
            "-".to_owned(),
        ],
    }
}

fn write_budgets(out: &mut String, report: &Report) -> std::fmt::Result {
    let header = [
        "budget a day",
        "false incidents a day",
        "ratio",
        "false alerts",
        "true alerts",
        "all alerts",
        "alerts an incident",
        "seeds inside the predicted 95 %",
        "precision",
        "blatant",
        "medium",
        "subtle",
        "hidden",
        "decoys alerted",
        "lost before told, median: blatant",
        "medium",
        "subtle",
    ];
    let rows = report
        .budgets
        .iter()
        .map(|b| {
            let mut row = vec![
                format!("{}", b.budget_per_day),
                format!("{:.2}", b.false_incidents_per_day),
                format!("{:.2}", b.realised_over_promised),
                format!("{:.2}", b.false_per_day),
                format!("{:.2}", b.alerts_per_day - b.false_per_day),
                format!("{:.2}", b.alerts_per_day),
                b.alerts_per_incident
                    .map_or("–".to_owned(), |n| format!("{n:.2}")),
                percent_of(b.inside_interval),
                percent(b.precision),
            ];
            row.extend(grades(&b.detections));
            let fired: u64 = b.decoys.values().map(|ratio| ratio.found).sum();
            row.push(count(fired));
            let lost = ["blatant", "medium", "subtle"];
            row.extend(lost.map(|grade| percent(b.lost_before_told.get(grade).copied())));
            row
        })
        .collect();
    write_table(out, &header, rows)?;
    writeln!(out, "\nBy seed:\n")?;
    let mut header = vec!["seed".to_owned()];
    for b in &report.budgets {
        header.extend([
            format!("at {}: false", b.budget_per_day),
            "predicted".to_owned(),
            "inside".to_owned(),
            "found".to_owned(),
        ]);
    }
    let seeds = report.budgets.first().map_or(0, |b| b.by_seed.len());
    let rows = (0..seeds)
        .map(|at| {
            let mut row = vec![report.budgets[0].by_seed[at].seed.to_string()];
            for b in &report.budgets {
                let seed = &b.by_seed[at];
                row.extend([
                    format!("{:.1}", seed.false_incidents_per_day),
                    match (seed.foreseen_least, seed.foreseen_most) {
                        (Some(least), Some(most)) => format!("{least:.1}–{most:.1}"),
                        _ => "–".to_owned(),
                    },
                    if seed.is_inside { "yes" } else { "no" }.to_owned(),
                    percent_of(seed.found),
                ]);
            }
            row
        })
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    write_table(out, &header, rows)
}

fn write_analytics(out: &mut String, budget: &BudgetTable) -> std::fmt::Result {
    let rows = budget
        .analytics
        .iter()
        .map(|(id, a)| {
            let mut row = vec![id.clone()];
            row.extend(grades(&a.detections));
            row.extend([
                percent(a.precision),
                format!("{:.2}", a.false_per_day),
                a.time_to_detect_p50_secs.map_or("–".to_owned(), duration),
                a.time_to_detect_p90_secs.map_or("–".to_owned(), duration),
            ]);
            row
        })
        .collect();
    let header = [
        "analytic",
        "blatant",
        "medium",
        "subtle",
        "hidden",
        "precision",
        "false a day",
        "time to detect, median",
        "90 %",
    ];
    write_table(out, &header, rows)
}

fn write_providers(out: &mut String, budget: &BudgetTable) -> std::fmt::Result {
    let rows = budget
        .analytics
        .iter()
        .flat_map(|(id, a)| {
            a.providers.iter().map(move |(provider, table)| {
                let mut row = vec![id.clone(), (*provider).to_owned()];
                row.extend(grades(&table.detections));
                row.extend([
                    percent(table.precision),
                    format!("{:.2}", table.false_per_day),
                    format!("{:.2}", table.false_on_attacked_per_day),
                    table.foremost_cause.clone().unwrap_or("–".to_owned()),
                ]);
                row
            })
        })
        .collect();
    let header = [
        "analytic",
        "provider",
        "blatant",
        "medium",
        "subtle",
        "hidden",
        "precision",
        "false a day",
        "of these on attacked",
        "most frequent cause of the others",
    ];
    write_table(out, &header, rows)
}

fn write_classes(out: &mut String, budget: &BudgetTable) -> std::fmt::Result {
    let rows = budget
        .analytics
        .iter()
        .flat_map(|(id, a)| {
            a.classes.iter().map(move |(class, detections)| {
                let mut row = vec![id.clone(), class.clone()];
                row.extend(grades(detections));
                row
            })
        })
        .collect();
    let header = ["analytic", "class", "blatant", "medium", "subtle", "hidden"];
    write_table(out, &header, rows)
}

fn write_traps(out: &mut String, traps: &BTreeMap<String, TrapTable>) -> std::fmt::Result {
    let rows = traps
        .iter()
        .map(|(kind, table)| {
            let loudest = table.loudest.first().map_or("–".to_owned(), |one| {
                format!("{} of {} (seed {})", one.incidents, one.instance, one.seed)
            });
            vec![
                kind.clone(),
                count(table.planted),
                count(table.incidents),
                count(table.with_one),
                count(table.with_more),
                loudest,
            ]
        })
        .collect();
    let header = [
        "trap",
        "planted",
        "incidents",
        "with one",
        "with more",
        "most",
    ];
    write_table(out, &header, rows)
}

fn write_methods(out: &mut String, methods: &[MethodTable]) -> std::fmt::Result {
    let points: Vec<f64> = methods.first().map_or(Vec::new(), |method| {
        method.at.iter().map(|point| point.false_per_day).collect()
    });
    let mut header = vec!["method".to_owned(), "area 0–20".to_owned()];
    for point in &points {
        header.push(format!("found at {point} false a day"));
        header.extend(GRADES.map(str::to_owned));
    }
    let rows = methods
        .iter()
        .map(|method| {
            let mut row = vec![method.name.clone(), format!("{:.3}", method.area)];
            for point in &method.at {
                row.push(percent(point.all.value()));
                row.extend(grades(&point.detections));
            }
            row
        })
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    write_table(out, &header, rows)
}

fn write_reliability(out: &mut String, report: &Report) -> std::fmt::Result {
    let mut header = vec!["family".to_owned(), "chances".to_owned()];
    header.extend(LEVELS.iter().map(|level| format!("S ≥ {level:.0}")));
    let rows = report
        .reliability
        .iter()
        .map(|family| {
            let mut row = vec![family.family.to_owned(), count(family.chances)];
            row.extend(family.levels.iter().map(|level| {
                format!(
                    "{:.2} ({})",
                    level.observed as f64 / level.expected.max(f64::MIN_POSITIVE),
                    count(level.observed)
                )
            }));
            row
        })
        .collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    writeln!(
        out,
        "Observed over expected on days without an attack (and how many were observed): 1 is as expected, less means\n\
         fewer alerts than expected, more means more.\n"
    )?;
    write_table(out, &header, rows)
}

fn grades(detections: &Detections) -> Vec<String> {
    GRADES
        .iter()
        .map(|grade| {
            detections
                .get(*grade)
                .map_or("–".to_owned(), |s| percent_of(*s))
        })
        .collect()
}

fn percent_of(ratio: Ratio) -> String {
    match ratio.value() {
        Some(value) => format!("{:.0} % ({}/{})", 100.0 * value, ratio.found, ratio.of),
        None => "–".to_owned(),
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{:.1} %", 100.0 * value))
}

/// Writes a Markdown table whose columns stand under each other in plain text, too.
fn write_table(out: &mut String, header: &[&str], rows: Vec<Vec<String>>) -> std::fmt::Result {
    let width_of = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| width_of(cell))
                .chain([width_of(header[column]), 3])
                .max()
                .unwrap_or(3)
        })
        .collect();
    let mut line = |cells: &[&str]| -> std::fmt::Result {
        for (cell, width) in cells.iter().zip(&widths) {
            write!(out, "| {cell}{} ", " ".repeat(width - width_of(cell)))?;
        }
        writeln!(out, "|")
    };
    line(header)?;
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&rules.iter().map(String::as_str).collect::<Vec<_>>())?;
    for row in &rows {
        line(&row.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}
