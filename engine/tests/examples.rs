//! Real scripts: those of `examples/`, and any others in a folder beside the project.

use airtight_engine::script::{Script, Tree, print};
use std::path::Path;

fn scripts(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let scripts = entries.filter(|path| path.extension().is_some_and(|extension| extension == "air"));
    scripts
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a script is text")))
        .collect()
}

/// Parses without warnings, and prints, in each form, to the same tree.
fn check(name: &str, text: &str) {
    let script = Script::parse(text).unwrap_or_else(|errors| panic!("{name}\n{errors}"));
    assert!(script.warnings().is_empty(), "{name}\n{}", script.warnings());
    for printed in [print::canonical(script.tree()), print::compact(script.tree()), print::format(script.tree(), text)]
    {
        let again = Tree::parse(&printed).unwrap_or_else(|errors| panic!("{name}\n{errors}"));
        assert_eq!(&again, script.tree(), "{name}");
    }
    let formatted = print::format(script.tree(), text);
    let again = Tree::parse(&formatted).unwrap_or_else(|errors| panic!("{name}\n{errors}"));
    assert_eq!(print::format(&again, &formatted), formatted, "{name}");
    assert_eq!(again.comments().len(), script.tree().comments().len(), "{name}");
}

#[test]
fn examples_are_clean_and_formatted() {
    let examples = scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"));
    assert!(examples.len() >= 14, "the examples are there: {}", examples.len());
    for (name, text) in examples {
        check(&name, &text);
        let tree = Tree::parse(&text).expect("it was parsed before");
        assert_eq!(print::format(&tree, &text), text, "{name} is formatted");
    }
}

/// Scripts that are not part of the project, in the folder that `AIRTIGHT_SCRIPTS` names, if it is set.
#[test]
fn scripts_of_others_are_clean() {
    let Some(folder) = std::env::var_os("AIRTIGHT_SCRIPTS") else { return };
    let scripts = scripts(Path::new(&folder));
    assert!(!scripts.is_empty(), "there are scripts in {folder:?}");
    for (name, text) in scripts {
        check(&name, &text);
    }
}
