//! The files of the page for people, as they are served and as [`crate::report::backtest`] puts them into one.
//!
//! They say nothing of a store or of a log: what they show, they ask for, or find as an answer in the page.

/// A file of the page.
#[derive(Debug)]
pub struct Asset {
    /// Its name, as in `app.js`.
    pub name: &'static str,
    /// What is in it.
    pub text: &'static str,
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        &[$(Asset { name: $name, text: include_str!(concat!("page/", $name)) }),*]
    };
}

/// The page itself.
pub const INDEX: &str = include_str!("page/index.html");

/// The module with which the page begins.
pub(super) const ENTRY: &str = "app.js";
/// What the page looks like.
pub(super) const STYLE: &str = include_str!("page/style.css");

/// The files that it loads.
const ASSETS: &[Asset] = assets! {
    "api.js",
    "app.js",
    "approvals.js",
    "approve.js",
    "backtest.js",
    "charts.js",
    "coverage.js",
    "dom.js",
    "embedded.js",
    "entities.js",
    "icon.svg",
    "incidents.js",
    "live.js",
    "story.js",
    "style.css",
    "tuning.js",
    "verdict.js",
    "why.js",
    "words.js",
};

/// Returns a file that the page loads, if it has one of that name.
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
pub(super) fn modules() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter().filter(|asset| asset.name.ends_with(".js"))
}
