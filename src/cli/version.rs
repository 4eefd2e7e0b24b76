//! What `--version` tells: which program this is, to the letter.

use std::sync::LazyLock;

use crate::store;

/// The commit that was built, where whoever built it named it: releases do. The build needs no Git, and one of the same sources without it
/// gives the same bytes.
const COMMIT: Option<&str> = option_env!("PLIMSOLL_COMMIT");

/// Returns the version with all that tells one build from another: `-V` prints the version alone.
pub(super) fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        let commit = COMMIT.map_or_else(String::new, |commit| format!("commit    {commit}\n"));
        let checks = match cfg!(debug_assertions) {
            true => " (with debug assertions)",
            false => "",
        };
        format!(
            "{}{checks}\n{commit}platform  {}-{}{}\nfeatures  {}\nstore     schema {}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::ARCH,
            std::env::consts::OS,
            libc(),
            features(),
            store::SCHEMA,
        )
    });
    &LONG
}

/// Returns the C library that it is linked with, where that may be one of several.
const fn libc() -> &'static str {
    match (
        cfg!(target_env = "gnu"),
        cfg!(target_env = "musl"),
        cfg!(target_env = "msvc"),
    ) {
        (true, ..) => "-gnu",
        (_, true, _) => "-musl",
        (.., true) => "-msvc",
        _ => "",
    }
}

fn features() -> String {
    let all = [
        ("object-store", cfg!(feature = "object-store")),
        ("service", cfg!(feature = "service")),
        ("simulate", cfg!(feature = "simulate")),
    ];
    let on = all.iter().filter(|(_, is_on)| *is_on);
    let names: Vec<&str> = on.map(|&(name, _)| name).collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}
