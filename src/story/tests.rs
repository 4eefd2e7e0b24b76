#![allow(clippy::unwrap_used)]

use super::*;

/// Returns the faults of a story of AN1594, without the file.
fn faults_of(lines: &str) -> Vec<String> {
    let analytics = analytic::load(&Table::empty("p.toml"), &[]).unwrap();
    let analytic = analytics.iter().find(|a| &*a.id == "AN1594").unwrap();
    let story = Story {
        title: "a story".to_owned(),
        provider: Provider::Aws,
        text: lines.to_owned(),
        place: Place {
            file: "s.toml".into(),
            line: 1,
        },
    };
    let error = match play(&analytic::builtin(), analytic, &story) {
        Ok(_) => return Vec::new(),
        Err(error) => error.to_string(),
    };
    error
        .lines()
        .filter_map(|line| line.split("s.toml:").nth(1))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_estate_is_read() {
    let (_, acts) = line::read_acts(ESTATE).unwrap();
    let names: std::collections::BTreeSet<_> = acts.iter().map(|act| &act.who).collect();
    assert_eq!(names.len(), line::ESTATE);
}
