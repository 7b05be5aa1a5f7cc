//! `airtight fmt`.

use crate::{FORMATTED, INVALID, UNFORMATTED, contents, directory, run_in, run_with};
use std::fs;
use std::path::Path;

#[test]
fn files_are_formatted_in_place_and_only_if_they_are_not_yet() {
    let files = directory([("a.air", UNFORMATTED), ("b.air", FORMATTED)]);
    let modified = || fs::metadata(files.path().join("b.air")).and_then(|m| m.modified()).expect("it is there");
    let before = modified();
    let run = run_in(files.path(), &["fmt", "a.air", "b.air"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
    assert_eq!((contents(&files, "a.air").as_str(), contents(&files, "b.air").as_str()), (FORMATTED, FORMATTED));
    assert_eq!(modified(), before);
    let names = fs::read_dir(files.path()).expect("it is a directory").count();
    assert_eq!(names, 2, "no other file stays behind");
}

#[test]
fn an_invalid_script_is_reported_and_stays() {
    let files = directory([("bad.air", INVALID), ("a.air", UNFORMATTED)]);
    let run = run_in(files.path(), &["fmt", "bad.air", "a.air"]);
    assert_eq!((run.code, contents(&files, "bad.air").as_str()), (Some(1), INVALID));
    assert_eq!(run.err, run_in(files.path(), &["parse", "bad.air"]).err);
    assert_eq!(contents(&files, "a.air"), FORMATTED, "the others are formatted all the same");
    let run = run_with(INVALID, &["fmt", "-"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let run = run_with(UNFORMATTED, &["fmt", "-"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), FORMATTED, ""));
}

#[test]
fn what_is_in_a_string_passes_through() {
    let script = "(ap \"\u{1b}[31mred\u{1b}[0m\r\n\t\0\" x)\n";
    assert_eq!(run_with(script, &["fmt", "-"]).out, script);
}

#[test]
fn check_shows_what_would_change_and_changes_nothing() {
    let files = directory([("a.air", UNFORMATTED), ("b.air", FORMATTED)]);
    let run = run_in(files.path(), &["fmt", "--check", "a.air", "b.air"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    assert_eq!(
        run.out,
        "\
a.air: not formatted
--- a.air
+++ a.air, formatted
@@ line 1 @@
-(seq (call \"hub\" (\"auth\" \"login\") [] token)
-     (ap token $log))
+(seq
+  (call \"hub\" (\"auth\" \"login\") [] token)
+  (ap token $log))
"
    );
    assert_eq!(contents(&files, "a.air"), UNFORMATTED);
    assert_eq!(run_in(files.path(), &["fmt", "--check", "b.air"]).code, Some(0));
    assert_eq!(run_with(FORMATTED, &["fmt", "--check", "-"]).code, Some(0));
    assert_eq!(run_with(UNFORMATTED, &["fmt", "--check", "-"]).code, Some(1));
    assert_eq!(run_with(INVALID, &["fmt", "--check", "-"]).code, Some(1));
}

#[test]
fn check_makes_line_ends_visible() {
    let run = run_with("(seq\r\n  (null) \r\n  (null))", &["fmt", "--check", "-"]);
    let rows: Vec<_> = run.out.lines().skip(4).collect();
    assert_eq!(
        rows,
        ["-(seq␍", "-  (null)·␍", "-  (null))", "\\ no line feed at the end", "+(seq", "+  (null)", "+  (null))",]
    );
}

#[test]
fn comments_survive() {
    let script = "; first\n(seq ; why\n  (null)\n     ; alone\n (null)) ; last";
    let formatted = "; first\n(seq ; why\n  (null)\n  ; alone\n  (null)) ; last\n";
    assert_eq!(run_with(script, &["fmt", "-"]).out, formatted);
    assert_eq!(run_with(formatted, &["fmt", "-"]).out, formatted);
}

#[test]
fn formatting_twice_is_formatting_once() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut scripts = vec![FORMATTED.to_string(), UNFORMATTED.to_string()];
    for entry in examples.read_dir().into_iter().flatten() {
        let path = entry.expect("the examples can be listed").path();
        if path.extension().is_some_and(|extension| extension == "air") {
            scripts.push(fs::read_to_string(path).expect("an example can be read"));
        }
    }
    for script in scripts {
        let once = run_with(&script, &["fmt", "-"]);
        assert_eq!(once.code, Some(0), "{}", once.err);
        assert_eq!(run_with(&once.out, &["fmt", "-"]).out, once.out);
        assert_eq!(run_with(&once.out, &["fmt", "--check", "-"]).code, Some(0));
    }
}

#[test]
fn the_view_for_people_writes_nothing() {
    let files = directory([("a.air", UNFORMATTED)]);
    let view = "token <- call \"hub\" (\"auth\", \"login\") []\nap token $log\n";
    let run = run_in(files.path(), &["fmt", "--human", "a.air"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), view));
    assert_eq!(contents(&files, "a.air"), UNFORMATTED);
    let run = run_in(files.path(), &["fmt", "--human", "a.air", "a.air"]);
    assert_eq!(run.out, format!("==> a.air <==\n{view}==> a.air <==\n{view}"));
}

#[test]
fn hopon_needs_human() {
    let script = "(new $s (new #s (canon \"hub\" $s #s)))";
    assert_eq!(run_with(script, &["fmt", "--human", "--hopon", "-"]).out, "hopon \"hub\"\n");
    assert_eq!(run_with(script, &["fmt", "--human", "-"]).out.lines().count(), 3);
    let files = directory([("a.air", UNFORMATTED)]);
    assert_eq!(run_in(files.path(), &["fmt", "--hopon", "a.air"]).code, Some(2));
    assert_eq!(run_in(files.path(), &["fmt", "--human", "--check", "a.air"]).code, Some(2));
    assert_eq!(contents(&files, "a.air"), UNFORMATTED);
}

#[test]
fn files_that_cannot_be_used() {
    let files = directory([("a.air", UNFORMATTED)]);
    assert_eq!(run_in(files.path(), &["fmt", "missing.air"]).code, Some(2));
    assert_eq!(run_in(files.path(), &["fmt", "."]).code, Some(2));
    assert_eq!(run_in(files.path(), &["fmt"]).code, Some(2));
    let path = files.path().join("a.air");
    let mut permissions = fs::metadata(&path).expect("it is there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("it is ours");
    let run = run_in(files.path(), &["fmt", "a.air"]);
    assert_eq!((run.code, run.err.as_str()), (Some(2), "error: cannot write `a.air`: it is read-only\n"));
    assert_eq!(contents(&files, "a.air"), UNFORMATTED);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let files = directory([("a.air", UNFORMATTED)]);
    let (path, link) = (files.path().join("a.air"), files.path().join("link.air"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o754)).expect("it is ours");
    symlink("a.air", &link).expect("a link can be made");
    assert_eq!(run_in(files.path(), &["fmt", "link.air"]).code, Some(0));
    assert_eq!(contents(&files, "a.air"), FORMATTED);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o754);
}
