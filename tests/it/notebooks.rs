//! The notebooks, executed from top to bottom with the built program: they show what they showed when they were committed.

use std::path::Path;
use std::process::Command;

use crate::tools;
use crate::world::plimsoll;

#[test]
fn the_notebooks_run_from_top_to_bottom_and_show_what_is_committed() {
    if tools::are_left_out("notebooks", tools::WITHOUT_PYTHON) {
        return;
    }
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("notebooks");
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks/run"))
        .arg("--check")
        .env("PLIMSOLL", plimsoll())
        .env("NOTEBOOKS_ENVIRONMENT", environment)
        .output()
        .expect("a shell");
    assert!(
        output.status.success(),
        "notebooks need Python (3.11 or newer, with venv and pip): install that; or set {}=1, which leaves them out\n{}{}",
        tools::WITHOUT_PYTHON,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
