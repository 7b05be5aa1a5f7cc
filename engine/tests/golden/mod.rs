//! Files of what is said, to be read; `AIRTIGHT_REWRITE=1` writes them anew.

use std::path::Path;

/// The file, in `tests/`, holds this text.
#[track_caller]
pub(crate) fn holds(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    if std::env::var_os("AIRTIGHT_REWRITE").is_some() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let known = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = known.lines().zip(text.lines()).enumerate();
    if let Some((line, (known, found))) = lines.find(|(_, (known, found))| known != found) {
        panic!("{file}:{}: expected `{known}`, found `{found}`", line + 1);
    }
    assert_eq!(known.lines().count(), text.lines().count(), "{file} has other lines at its end");
}
