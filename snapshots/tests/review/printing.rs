//! Scripts as they are printed: canonical, on one line, formatted, and for people.

use airtight_engine::script::{Tree, print};
use airtight_snapshots::stem;
use insta::glob;
use std::path::Path;

#[test]
fn examples() {
    glob!("../../../examples", "*.air", |script| print_it("printing/examples", script));
}

#[test]
fn instructions() {
    glob!("../../scripts/instructions", "*.air", |script| print_it("printing/instructions", script));
}

fn print_it(folder: &str, script: &Path) {
    let text = std::fs::read_to_string(script).expect("it can be read");
    let tree = Tree::parse(&text).expect("it parses");
    let canonical = print::canonical(&tree);
    let formatted = print::format(&tree, &text);
    // A file that is formatted already differs from the canonical text by its comments at most.
    let formatted = if formatted == text { "as the file has it\n".into() } else { formatted };
    let styles = [
        ("canonical", canonical),
        ("compact", print::compact(&tree) + "\n"),
        ("formatted", formatted),
        ("for people", print::human(&tree, print::HumanOptions { hopon: true })),
    ];
    let shown: String = styles.iter().map(|(style, text)| format!("; {style}\n{text}\n")).collect();
    review!(folder, stem(script), text shown);
}
