//! Tools of others that stories need. The test command installs them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Leaves out the stories that need Python.
pub const WITHOUT_PYTHON: &str = "PLIMSOLL_WITHOUT_PYTHON";

/// Installs what the stories of a folder below `tests/` need, and returns the folder that has it. `needed` says to people what that is, and
/// `without` is the variable that leaves these stories out.
pub fn installed(name: &str, needed: &str, without: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new("sh")
        .arg(scripts.join(name).join("install"))
        .arg(&folder)
        .output()
        .expect("a shell");
    assert!(
        output.status.success(),
        "{needed}: install that; or set {without}=1, which leaves these stories out\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder
}

/// Returns whether a variable leaves stories out, and says so.
pub fn are_left_out(what: &str, without: &str) -> bool {
    let is_set = std::env::var_os(without).is_some();
    if is_set {
        let told = writeln!(std::io::stderr(), "skipped: {what}: {without} is set");
        told.expect("standard error");
    }
    is_set
}
