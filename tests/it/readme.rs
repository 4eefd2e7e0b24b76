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
    let [screen, command, tests, ..] = blocks[..] else {
        panic!("a screen, the command that prints it, and the command that runs every test");
    };
    let arguments = command
        .split_once("-- ")
        .expect("the program's own arguments")
        .1;
    assert_eq!(tests, "cargo test --locked");
    let output = Command::new(plimsoll())
        .current_dir(root)
        .args(arguments.split_whitespace())
        .env_remove("COLUMNS")
        .output()
        .expect("the program runs");
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(
        printed.trim_end().ends_with(screen.trim_end()),
        "the README shows\n{screen}\nbut the program prints\n{printed}"
    );
    assert!(
        screen.lines().count() <= 25 && screen.lines().all(|line| line.chars().count() <= 80),
        "the first screen has 25 lines of 80 columns"
    );
}
