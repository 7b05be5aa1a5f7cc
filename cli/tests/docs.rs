//! What the pages for users show is what the commands print.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The blocks of a page that begin with a command, each with the lines it is said to print.
fn shown(page: &str) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join(page)).expect("the page is there");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != "```text" {
            continue;
        }
        let block: Vec<String> = lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect();
        if let Some(command) = block.first().and_then(|line| line.strip_prefix("$ ")) {
            blocks.push((command.to_owned(), block[1..].to_vec()));
        }
    }
    blocks
}

/// What a command prints, run where the project is.
#[cfg(unix)]
fn printed(command: &str) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_airtight"));
    let path = format!(
        "{}:{}",
        binary.parent().expect("it is in a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("sh").args(["-c", command]).env("PATH", path).current_dir(root()).output();
    let output = output.expect("a shell runs");
    String::from_utf8(output.stdout).expect("the output is text").lines().map(str::to_owned).collect()
}

/// The lines stand in the output in this order, next to each other but where the page has `…`.
fn stands_in(lines: &[String], output: &[String]) -> Result<(), String> {
    let mut at = 0;
    let mut may_skip = false;
    for line in lines {
        if line == "…" {
            may_skip = true;
            continue;
        }
        let found = output[at..].iter().position(|printed| printed == line);
        match found {
            Some(skipped) if skipped == 0 || may_skip => at += skipped + 1,
            _ => return Err(format!("`{line}` is shown; printed is `{}`", output.get(at).map_or("", String::as_str))),
        }
        may_skip = false;
    }
    Ok(())
}

#[test]
#[cfg(unix)]
fn pages_show_what_is_printed() {
    let mut count = 0;
    for page in ["README.md", "docs/checking-a-script.md"] {
        for (command, lines) in shown(page) {
            let output = printed(&command);
            if let Err(difference) = stands_in(&lines, &output) {
                panic!("{page}: $ {command}\n{difference}\nall of it:\n{}", output.join("\n"));
            }
            count += 1;
        }
    }
    assert_eq!(count, 3, "all blocks with commands were looked at");
}
