//! The skeleton of the HTML report: which elements it has inside which, each once, in the order of their first appearance.

use airtight_snapshots::airtight;
use html5gum::{Token, Tokenizer};

/// An element, and those inside it.
#[derive(Default)]
struct Element {
    shown: String,
    inside: Vec<Element>,
}

impl Element {
    fn at(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        let known = self.inside.iter().position(|element| element.shown == *first);
        let at = known.unwrap_or_else(|| {
            self.inside.push(Self { shown: first.clone(), inside: Vec::new() });
            self.inside.len() - 1
        });
        self.inside[at].at(rest);
    }

    /// Of those that are closed nothing inside is shown.
    fn show(&self, depth: usize, closed: &[&str], out: &mut String) {
        for element in &self.inside {
            *out += &format!("{}{}\n", "  ".repeat(depth), element.shown);
            if !closed.contains(&element.shown.as_str()) {
                element.show(depth + 1, closed, out);
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a class says how deep a row is indented.
fn is_depth(class: &str) -> bool {
    class.strip_prefix('d').is_some_and(|depth| depth.parse::<u32>().is_ok())
}

#[test]
fn skeleton() {
    review!("page", "skeleton", text skeleton_of("good", "../examples/first_come.air", 0, &[]));
}

/// What a report has about a broken interpreter, and a script that is none.
#[test]
fn skeleton_of_findings() {
    let runner = env!("CARGO_BIN_EXE_broken-runner");
    let out = std::env::temp_dir().join("airtight-snapshots-page-counterexamples");
    let scripts = "scripts/instructions/par.air scripts/diagnostics/unclosed-string.air";
    let rest = format!("--out {} --runner {runner} {scripts}", out.display());
    // What is in these depends on how small the counterexamples become; the other skeleton has the rows of a film.
    let shown = skeleton_of("bad", &rest, 1, &["table.sides", "div.parts", "ul.legend", "div.film"]);
    assert!(shown.contains("counterexample"), "{shown}");
    review!("page", "skeleton-of-findings", text shown);
}

fn skeleton_of(name: &str, rest: &str, code: i32, closed: &[&str]) -> String {
    let page = std::env::temp_dir().join(format!("airtight-snapshots-page-{name}.html"));
    let said = airtight(&format!("check --runs 16 --html {} {rest}", page.display()));
    assert_eq!(said.code, code, "{}", said.err);
    let html = std::fs::read_to_string(&page).expect("the page was written");
    let (mut open, mut root): (Vec<String>, Element) = (Vec::new(), Element::default());
    for Ok(token) in Tokenizer::new(&html) {
        match token {
            Token::StartTag(tag) => {
                let classes =
                    tag.attributes.iter().find(|(name, _)| ***name == *b"class").map(|(_, value)| text(value));
                let classes = classes.unwrap_or_default();
                let mut shown = text(&tag.name);
                for class in classes.split_whitespace().filter(|class| !is_depth(class)) {
                    shown += &format!(".{class}");
                }
                open.push(shown);
                root.at(&open);
                let is_void = matches!(&**tag.name, b"meta" | b"br" | b"hr" | b"img" | b"input" | b"link");
                if is_void || tag.self_closing {
                    open.pop();
                }
            }
            Token::EndTag(tag) => {
                let name = text(&tag.name);
                let at = open.iter().rposition(|shown| shown.split('.').next() == Some(&*name));
                open.truncate(at.unwrap_or(open.len()));
            }
            _ => {}
        }
    }
    let mut shown = String::new();
    root.show(0, closed, &mut shown);
    shown
}
