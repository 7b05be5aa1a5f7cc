//! Scripts as they are printed: canonical, on one line, formatted, and for people.

use airtight_engine::script::{Tree, print};
use airtight_snapshots::{review, scripts};

#[test]
fn every_style() {
    for folder in ["../examples", "scripts/instructions"] {
        for script in scripts(folder) {
            let text = std::fs::read_to_string(&script).expect("it can be read");
            let tree = Tree::parse(&text).expect("it parses");
            let name = script.file_stem().expect("it has a name").to_string_lossy().into_owned();
            let styles = [
                ("canonical", print::canonical(&tree)),
                ("compact", print::compact(&tree) + "\n"),
                ("formatted", print::format(&tree, &text)),
                ("for people", print::human(&tree, print::HumanOptions { hopon: true })),
            ];
            let shown: String = styles.iter().map(|(style, text)| format!("; {style}\n{text}\n")).collect();
            review("printing", &name, &shown);
        }
    }
}
