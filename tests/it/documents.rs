//! The documents: what they link to is there, and the settings that they show are valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::world::World;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every page of the project.
fn pages() -> Vec<PathBuf> {
    let folders = ["", "data", "docs", "docs/evaluation", "notebooks"];
    let files = folders.iter().flat_map(|folder| {
        let entries = fs::read_dir(root().join(folder)).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path())
    });
    let mut pages: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    pages.sort();
    pages
}

/// Returns the lines of a page, each with whether it is code.
fn lines(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut is_code = false;
    text.lines().map(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (line, is_code || is_fence)
    })
}

/// Returns the name by which a heading is linked to, as forges make it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let name: String = heading.trim().to_lowercase().chars().filter(kept).collect();
    name.replace(' ', "-")
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let prose = lines(text).filter(|(_, is_code)| !is_code);
    let headings = prose.filter_map(|(line, _)| line.strip_prefix('#'));
    headings
        .map(|heading| {
            let name = anchor(heading.trim_start_matches('#'));
            let before = seen.entry(name.clone()).or_default();
            *before += 1;
            match *before {
                1 => name,
                n => format!("{name}-{}", n - 1),
            }
        })
        .collect()
}

/// Returns what a page links to.
fn links(text: &str) -> Vec<&str> {
    let prose = lines(text).filter(|(_, is_code)| !is_code);
    let targets = prose.flat_map(|(line, _)| line.split("](").skip(1));
    targets.filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let folder = page.parent().expect("a folder");
        let mut count = 0;
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (path, part) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => folder.join(path),
            };
            let is_there = match (target.exists(), part) {
                (true, "") => true,
                (true, part) => {
                    fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(part))
                }
                (false, _) => false,
            };
            if !is_there {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
        let is_index = page.ends_with("README.md");
        assert!(!is_index || count > 0, "{}", page.display());
    }
    assert!(dead.is_empty(), "these lead nowhere:\n{}", dead.join("\n"));
}

/// Settings that somebody copies from a guide hold as they stand, and so do those of the package once they are no comments any more.
#[test]
fn settings_that_guides_show_are_valid() {
    let guide = fs::read_to_string(root().join("docs/GETTING-STARTED.md")).expect("a guide");
    let shown = guide.split("```toml\n").skip(1);
    let mut all: Vec<String> = shown
        .filter_map(|rest| rest.split("```").next().map(str::to_owned))
        .collect();
    assert!(!all.is_empty());
    let packaged = fs::read_to_string(root().join("docs/packaging/plimsoll.toml"));
    let packaged = packaged.expect("settings");
    let is_setting = |line: &&str| line.contains('=') || line.contains('[');
    let uncommented: Vec<&str> = packaged
        .lines()
        .map(|line| line.trim_start_matches("# "))
        .filter(is_setting)
        .collect();
    all.extend([packaged.clone(), uncommented.join("\n")]);
    for settings in all {
        let world = World::empty();
        world.write("plimsoll.toml", settings.as_str());
        world.run(&["check"]).succeeds();
    }
}
