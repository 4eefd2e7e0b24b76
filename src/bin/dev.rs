//! dev
#![allow(
    clippy::all,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used
)]
use plimsoll::*;
use std::path::PathBuf;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    if a[1] == "sim" {
        let o = simulate::Options {
            seed: a[3].parse().unwrap(),
            days: a[4].parse().unwrap(),
            identities: a[5].parse().unwrap(),
            ..Default::default()
        };
        let t = std::time::Instant::now();
        let s = simulate::simulate(&o, &PathBuf::from(&a[2]), &mut |_| {}).unwrap();
        println!("{s:?} {:?}", t.elapsed());
        return;
    }
    let dir = PathBuf::from(&a[1]);
    let config = config::Config::load(Some(&dir.join("plimsoll.toml"))).unwrap();
    let analytics = analytic::load(&config.analytics, &config.mentioned_analytics()).unwrap();
    let setup = engine::Setup::new(
        config,
        analytics,
        time::Time::parse("2027-01-01T00:00:00Z").unwrap(),
    );
    let labels = engine::read_labels(&dir.join("labels.jsonl")).unwrap();
    let decoys = engine::read_labels(&dir.join("decoys.jsonl")).unwrap();
    let train: u32 = a[2].parse().unwrap();
    let budget: f64 = a[3].parse().unwrap();
    let o = engine::BacktestOptions {
        split: engine::Split::TrainDays(train),
        frozen: a.get(4).is_some_and(|s| s == "frozen"),
        score: engine::ScoreOptions {
            budget_per_day: budget,
            show_low: false,
            show_suppressed: false,
        },
        labels: Some(labels.clone()),
    };
    let files = sources::discover(&[dir.join("AWSLogs")]).unwrap();
    let t = std::time::Instant::now();
    let b = engine::backtest(
        &setup,
        files,
        (&o, sources::ReadOptions::default(), true),
        &engine::Unwatched,
        |_| Ok(()),
    )
    .unwrap();
    println!(
        "took {:?}; events {} records {} rejected {:?} skipped {:?}",
        t.elapsed(),
        b.summary.intake.events,
        b.summary.intake.records(),
        b.summary.intake.rejected(),
        b.summary.intake.skipped()
    );
    println!(
        "learnt {} split {} ids {} cal days {} thr {:?} days {}",
        b.days_learnt, b.split, b.identities, b.calibration_days, b.thresholds, b.summary.days
    );
    for x in b.alerts.iter().filter(|x| x.status == score::Status::New) {
        let hit = labels.iter().find(|l| l.is_hit_by(x));
        let decoy = decoys.iter().find(|l| l.is_hit_by(x));
        println!(
            "{} {} {} sc{:.1} st{:.1} {} {} {}",
            match (hit, decoy) {
                (Some(l), _) => format!("TRUE[{}]", l.note),
                (None, Some(d)) => format!("DECOY[{}]", d.note),
                _ => "false".into(),
            },
            x.analytic,
            x.arm,
            x.score,
            x.statistic,
            x.time,
            x.entity.id,
            serde_json::to_string(&x.reasons)
                .unwrap()
                .chars()
                .take(if hit.is_some() { 200 } else { 700 })
                .collect::<String>()
        );
    }
    let e = b.evaluation.unwrap();
    println!("{}", serde_json::to_string_pretty(&e).unwrap());
    println!("suppressed {:?}", b.summary.suppressed);
}
