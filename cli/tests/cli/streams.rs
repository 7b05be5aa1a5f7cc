//! Colours, pipes and other company.

use crate::{INVALID, UNFORMATTED, airtight, directory, run_in, run_with};
use std::io::Read;
use std::process::Stdio;

#[test]
fn pipes_get_no_colours() {
    assert!(!run_with(INVALID, &["parse", "-"]).err.contains('\u{1b}'));
    assert!(!run_with(UNFORMATTED, &["fmt", "--check", "-"]).out.contains('\u{1b}'));
}

#[test]
fn colours_come_when_asked_for() {
    for args in [["--color", "always", "parse", "-"], ["parse", "-", "--color", "always"]] {
        assert!(run_with(INVALID, &args).err.contains("\u{1b}["));
    }
    assert!(run_with(UNFORMATTED, &["fmt", "--check", "--color=always", "-"]).out.contains("\u{1b}["));
    assert_eq!(run_with(INVALID, &["--color", "sometimes", "parse", "-"]).code, Some(2));
}

#[test]
fn colours_change_nothing_else() {
    let plain = run_with(INVALID, &["parse", "-"]).err;
    let coloured = run_with(INVALID, &["--color", "always", "parse", "-"]).err;
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_reader_may_go_away() {
    let script = "(seq (null) ".repeat(100_000) + "(null)" + &")".repeat(100_000);
    let files = directory([("a.air", &script), ("bad.air", &script.replace("null", "nill"))]);
    for args in [&["parse", "--ast", "a.air"][..], &["fmt", "--human", "a.air"], &["parse", "bad.air"]] {
        let mut command = airtight(args);
        command.current_dir(files.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        drop(child.stdout.take());
        let mut err = child.stderr.take().expect("standard error is a pipe");
        if args.contains(&"bad.air") {
            drop(err);
        } else {
            let mut said = String::new();
            err.read_to_string(&mut said).expect("it is text");
            assert_eq!(said, "");
        }
        let code = child.wait().expect("the binary ends").code();
        assert_eq!(code, Some(i32::from(args.contains(&"bad.air"))));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("it is always there");
    let files = directory([("a.air", "(null)")]);
    let mut command = airtight(&["parse", "a.air"]);
    let output = command.current_dir(files.path()).stdout(full).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.starts_with(b"error: cannot write: "));
}

#[test]
fn results_do_not_change_from_run_to_run() {
    let files = directory([("bad.air", "(seq (ap a b) (par (call c (d e) [f, g] h) (next i)))")]);
    for args in [&["parse", "bad.air"][..], &["parse", "--format", "json", "bad.air"]] {
        let first = run_in(files.path(), args);
        let second = run_in(files.path(), args);
        assert_eq!((first.out, first.err), (second.out, second.err));
    }
}
