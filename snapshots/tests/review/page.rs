//! The skeleton of the HTML report: which elements it has, in the order of their first appearance.

use airtight_snapshots::{airtight, review};
use html5gum::{Token, Tokenizer};

#[test]
fn skeleton() {
    let page = std::env::temp_dir().join("airtight-snapshots-page.html");
    let said = airtight(&format!("check --runs 16 --html {} ../examples/first_come.air", page.display()));
    assert_eq!(said.code, 0, "{}", said.err);
    let html = std::fs::read_to_string(&page).expect("the page was written");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut open, mut seen): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for Ok(token) in Tokenizer::new(&html) {
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                let class =
                    tag.attributes.iter().find(|(name, _)| ***name == *b"class").map(|(_, class)| text(&class.value));
                let shown = class.map_or(name.clone(), |class| format!("{name}.{}", class.replace(' ', ".")));
                let path = format!("{}{shown}", "  ".repeat(open.len()));
                let full = format!("{} > {shown}", open.join(" > "));
                if !seen.iter().any(|line| line.starts_with(&format!("{full}\t"))) {
                    seen.push(format!("{full}\t{path}"));
                }
                let is_void = matches!(&*name, "meta" | "br" | "hr" | "img" | "input" | "link");
                if !is_void && !tag.self_closing {
                    open.push(shown);
                }
            }
            Token::EndTag(tag) => {
                let name = text(&tag.name);
                if let Some(at) = open.iter().rposition(|shown| shown.split('.').next() == Some(&*name)) {
                    open.truncate(at);
                }
            }
            _ => {}
        }
    }
    let shown: String =
        seen.iter().filter_map(|line| line.split_once('\t')).map(|(_, path)| format!("{path}\n")).collect();
    review("page", "skeleton", &shown);
}
