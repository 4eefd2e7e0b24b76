//! What an inquiry kept never shows: it answers as one that reads everything anew, and its pages neither skip nor repeat.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use plimsoll::incident::Playbook;
use plimsoll::inquiry::{Inquiry, Page, Place, Selection};
use plimsoll::store::{Store, Verdict, open_lines};
use plimsoll::time::Day;
use plimsoll::vocab::{Entity, EntityKind};
use proptest::prelude::*;

const DAYS: [&str; 3] = ["2026-03-16", "2026-03-17", "2026-04-02"];
const IDS: [&str; 6] = ["aaaaaa1", "aaaaaa2", "bbbbbb", "cccccc", "dddddd", "eeeeee"];

/// A document of an alert. Some are of one rank and differ.
#[derive(Debug, Clone)]
struct Told {
    id: usize,
    revision: u32,
    hour: u32,
    entity: u32,
    is_suppressed: bool,
    also: Option<usize>,
    severity: &'static str,
}

impl Told {
    /// Returns its line. An alert is of one day, in whatever file it lies.
    fn line(&self) -> String {
        let day = DAYS[self.id % DAYS.len()];
        let (id, hour, entity) = (IDS[self.id], self.hour, self.entity);
        let mut document = serde_json::json!({
            "alert_id": id, "status": "closed", "analytic": format!("AN{}", self.id % 3), "name": "n",
            "severity": self.severity, "score": 97.1, "surprise": 4.6, "threshold": 92.3, "arm": "A",
            "revision": self.revision, "time": format!("{day}T{hour:02}:11:09Z"),
            "window": {"start": format!("{day}T{hour:02}:00:00Z"), "end": format!("{day}T{hour:02}:20:00Z")},
            "entity": {"kind": "identity", "id": format!("role/{entity}"), "aliases": [format!("AIDA{}", entity % 2)]},
        });
        if self.is_suppressed {
            document["suppressed_by"] = "approval".into();
        }
        if let Some(other) = self.also.filter(|other| *other != self.id) {
            let analytic = format!("AN{}", other % 3);
            document["also"] =
                serde_json::json!([{"analytic": analytic, "name": "n", "alert_id": IDS[other]}]);
        }
        document.to_string() + "\n"
    }
}

/// What becomes of the archive between two questions.
#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Told>),
    /// A line that has no end: of garbage, or of a document.
    Torn(&'static str),
    TornDocument(Told),
    Remove,
    /// Another file is put in the place of one.
    Replace(Vec<Told>),
    Judge(usize, bool),
    Nothing,
}

fn told() -> impl Strategy<Value = Told> {
    (
        0..IDS.len(),
        0..2_u32,
        0..3_u32,
        0..3_u32,
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, 0..IDS.len()),
        prop::sample::select(vec!["low", "medium", "critical"]),
    )
        .prop_map(
            |(id, revision, hour, entity, is_suppressed, also, severity)| Told {
                id,
                revision,
                hour,
                entity,
                is_suppressed,
                also,
                severity,
            },
        )
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let several = || prop::collection::vec(told(), 1..4);
    let step = prop_oneof![
        8 => several().prop_map(Step::Append),
        1 => prop::sample::select(vec!["{\"alert_id\":\"aaa", "x\nnone\n", "\n\n"]).prop_map(Step::Torn),
        1 => told().prop_map(Step::TornDocument),
        1 => Just(Step::Remove),
        1 => several().prop_map(Step::Replace),
        1 => (0..IDS.len(), any::<bool>()).prop_map(|(id, is_true)| Step::Judge(id, is_true)),
        1 => Just(Step::Nothing),
    ];
    prop::collection::vec((0..DAYS.len(), step), 1..12)
}

struct Archive {
    folder: tempfile::TempDir,
}

impl Archive {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("alerts")).unwrap();
        Self { folder }
    }

    fn store(&self) -> Store {
        Store::at(self.folder.path())
    }

    fn path(&self, day: usize) -> PathBuf {
        let name = format!("{}.jsonl", DAYS[day]);
        self.folder.path().join("alerts").join(name)
    }

    fn append(&self, day: usize, text: &str) {
        let mut file = open_lines(&self.path(day)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn take(&self, day: usize, step: &Step) {
        let lines = |told: &[Told]| told.iter().map(|told| told.line()).collect::<String>();
        match step {
            Step::Append(told) => self.append(day, &lines(told)),
            Step::Torn(text) => self.append(day, text),
            Step::TornDocument(told) => self.append(day, told.line().trim_end()),
            Step::Remove => drop(fs::remove_file(self.path(day))),
            Step::Replace(told) => {
                let other = self.folder.path().join("other");
                fs::write(&other, lines(told)).unwrap();
                fs::rename(other, self.path(day)).unwrap();
            }
            Step::Judge(id, is_true) => {
                let verdict = Verdict {
                    alert_id: IDS[*id].to_owned(),
                    is_true: *is_true,
                    time: "2026-04-03T00:00:00Z".to_owned(),
                    note: None,
                    analytic: "AN1".into(),
                    entity: Entity {
                        kind: EntityKind::Identity,
                        id: "role/1".into(),
                    },
                    day: Day::parse(DAYS[0]).unwrap(),
                    surprise: 4.6,
                    metrics: Vec::new(),
                };
                self.store().add_verdict(&verdict).unwrap();
            }
            Step::Nothing => {}
        }
    }
}

/// Returns all that an inquiry says to some questions.
fn answers(inquiry: &Inquiry) -> Vec<String> {
    let selections: [&[(&str, &str)]; 7] = [
        &[],
        &[("show_suppressed", "")],
        &[("limit", "1")],
        &[("limit", "0")],
        &[("severity", "critical"), ("open", "true")],
        &[
            ("since", "2026-03-17"),
            ("analytic", "AN?"),
            ("entity", "E/1"),
        ],
        &[("until", "2026-03-16T12:00:00Z"), ("analytic", "AN1")],
    ];
    let playbook = Playbook::default();
    let mut said = Vec::new();
    for selection in selections {
        let selection = Selection::read(selection.iter().copied()).unwrap();
        let incidents = inquiry.incidents(&selection, &playbook);
        said.push(written(incidents, |(incident, alerts)| {
            serde_json::to_string(&(incident, alerts)).unwrap()
        }));
        said.push(written(inquiry.alerts(&selection), |listed| {
            serde_json::to_string(&(&listed.alert, listed.verdict)).unwrap()
        }));
    }
    for id in ["aaaaaa", "aaaaaa1", "bbbbbb"] {
        let alert = inquiry.alert(id).map_err(|e| e.to_string());
        said.push(format!("{:?}", alert.map(|alert| alert.revision)));
    }
    said
}

fn written<T>(page: plimsoll::error::Result<Page<T>>, write: impl Fn(&T) -> String) -> String {
    match page {
        Ok(page) => format!(
            "{:?} {:?} {} {}",
            page.items.iter().map(write).collect::<Vec<_>>(),
            page.next.map(|cursor| cursor.to_string()),
            page.n_left,
            page.n_others
        ),
        Err(error) => error.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever becomes of the archive: what was read before changes no answer.
    #[test]
    fn law_an_inquiry_that_read_on_answers_as_one_that_reads_anew(steps in steps()) {
        let archive = Archive::new();
        let kept = Inquiry::of_store(archive.store());
        for (day, step) in &steps {
            archive.take(*day, step);
            let anew = Inquiry::of_store(archive.store());
            prop_assert_eq!(answers(&kept), answers(&anew), "after {:?}", step);
        }
        // The same lines in one file say the same, however many files they came from.
        let text: String = (0..DAYS.len())
            .filter_map(|day| fs::read_to_string(archive.path(day)).ok())
            .map(|text| text.trim_end_matches('\n').to_owned() + "\n")
            .collect();
        let file = archive.folder.path().join("all.jsonl");
        fs::write(&file, text).unwrap();
        let of_file = Inquiry::of(Place::File(file));
        let all = Selection::read([("show_suppressed", "")]).unwrap();
        if let (Ok(stored), Ok(written)) = (kept.alerts(&all), of_file.alerts(&all)) {
            let ids = |page: Page<plimsoll::inquiry::ListedAlert>| -> Vec<String> {
                page.items.into_iter().map(|listed| listed.alert.alert_id).collect()
            };
            prop_assert_eq!(ids(stored), ids(written));
        }
    }

    /// Pages of any size have together what one list has, and what comes while they are read is on none of them that it did not begin.
    #[test]
    fn law_pages_neither_skip_nor_repeat(
        old in prop::collection::vec(told(), 1..12),
        limit in 1..4_usize,
    ) {
        let archive = Archive::new();
        archive.take(0, &Step::Append(old.clone()));
        let inquiry = Inquiry::of_store(archive.store());
        let playbook = Playbook::default();
        let mut selection = Selection { with_suppressed: true, ..Selection::default() };
        let ids = |selection: &Selection| {
            let alerts = inquiry.alerts(selection).unwrap();
            let incidents = inquiry.incidents(selection, &playbook).unwrap();
            let alerts = alerts.map(|listed| listed.alert.alert_id);
            (alerts, incidents.map(|(incident, _)| incident.incident_id))
        };
        let (all_alerts, all_incidents) = ids(&selection);
        selection.limit = Some(limit);
        for (is_of_alerts, all) in [(true, all_alerts.items), (false, all_incidents.items)] {
            selection.cursor = None;
            let mut seen: Vec<String> = Vec::new();
            for n in 0.. {
                let (alerts, incidents) = ids(&selection);
                let page = if is_of_alerts { alerts } else { incidents };
                prop_assert!(page.items.len() <= limit);
                seen.extend(page.items);
                // Somebody else, later.
                let name = format!("new{is_of_alerts}{n:04}");
                let line = Told { id: 2, hour: 23, also: None, ..old[0].clone() }.line();
                let line = [IDS[2], "role/0", "role/1", "role/2", "AIDA0", "AIDA1"]
                    .iter()
                    .fold(line, |line, old| line.replace(old, &name));
                archive.append(2, &line);
                let Some(next) = page.next else { break };
                // As text, as clients have it.
                selection.cursor = Some(next.to_string().parse().unwrap());
            }
            // What was new when the walk began is before the others.
            let of_old: Vec<&String> = seen.iter().filter(|id| all.contains(id)).collect();
            prop_assert_eq!(of_old, all.iter().collect::<Vec<_>>());
            let n_seen = seen.len();
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len(), n_seen);
        }
    }
}
