#![allow(clippy::unwrap_used)]
use super::*;

/// Reads every file below a folder of real logs and holds the law of accounting over them. The logs are not part of the
/// project: `PLIMSOLL_SAMPLES=folder cargo test samples -- --nocapture` shows what each file came to.
#[test]
fn every_record_of_the_samples_is_accounted_for() {
    let Some(folder) = std::env::var_os("PLIMSOLL_SAMPLES") else {
        return;
    };
    for file in discover(&[folder.into()]).unwrap() {
        let mut n_events = 0;
        let mut rejects = Vec::new();
        let input = std::fs::File::open(file.path().unwrap()).unwrap();
        let report = read(
            input,
            file.name(),
            &ReadOptions::default(),
            &mut |_| n_events += 1,
            &mut |r| rejects.push(r),
        );
        let formats: Vec<&str> = report.formats.iter().map(|f| f.as_str()).collect();
        #[allow(clippy::print_stdout)]
        {
            println!(
                "{} | {} | {} records | {} events | {:?} | {:?} {}",
                report.file,
                formats.join("+"),
                report.records,
                report.events,
                report.skipped,
                report.rejected,
                report.error.as_deref().unwrap_or("")
            );
            for reject in rejects.iter().take(3) {
                println!(
                    "      {} line {}: {}",
                    reject.reason, reject.line, reject.excerpt
                );
            }
        }
        assert_eq!(n_events, report.events);
        assert_eq!(rejects.len() as u64, report.rejected.values().sum::<u64>());
        assert_eq!(
            report.records,
            report.events
                + report.skipped.values().sum::<u64>()
                + report.rejected.values().sum::<u64>()
        );
    }
}
