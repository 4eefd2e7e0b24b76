//! What the README shows is what the program prints.

use std::process::Command;

use crate::world::plimsoll;

/// Returns the fenced blocks of the README, without their fences.
fn blocks(readme: &str) -> Vec<&str> {
    readme
        .split("\n```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| Some(block.split_once('\n')?.1))
        .collect()
}

#[test]
fn the_readme_shows_what_its_first_command_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).expect("a readme");
    let blocks = blocks(&readme);
    let arguments = blocks[0]
        .split_once("-- ")
        .expect("the program's own arguments")
        .1;
    assert_eq!(blocks[1], "cargo test --locked");
    let output = Command::new(plimsoll())
        .current_dir(root)
        .args(arguments.split_whitespace())
        .env_remove("COLUMNS")
        .output()
        .expect("the program runs");
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).expect("text");
    let shown = blocks[2];
    assert!(
        said.contains(shown),
        "the README shows\n{shown}\nbut the program prints\n{said}"
    );
    // It is one screen.
    assert!(said.lines().count() <= 25, "{said}");
    assert!(
        said.lines().all(|line| line.chars().count() <= 80),
        "{said}"
    );
}
