//! `docs/laws.md` has all laws, in the words of the code. `AIRTIGHT_REWRITE=1` writes its table anew.

use airtight_properties::laws;
use std::path::Path;

const BEGIN: &str = "<!-- begin -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn every_law_is_in_the_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/laws.md");
    let text = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = text.split_once(BEGIN).expect("the table begins");
    let (table, after) = rest.split_once(END).expect("the table ends");
    let rows = laws().map(|law| {
        let cells = [law.statement, law.domain, law.why].map(|cell| cell.replace('|', "\\|"));
        format!("| `{}` | {} | {} | {} |\n", law.name, cells[0], cells[1], cells[2])
    });
    let wanted =
        format!("\n| law | statement | for | why it matters |\n|---|---|---|---|\n{}\n", rows.collect::<String>());
    if std::env::var_os("AIRTIGHT_REWRITE").is_some() {
        std::fs::write(&path, [before, BEGIN, &wanted, END, after].concat()).expect("it can be written");
    } else {
        assert_eq!(table, wanted, "the table is out of date: AIRTIGHT_REWRITE=1 writes it anew");
    }
}
