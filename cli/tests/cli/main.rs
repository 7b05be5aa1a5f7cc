//! The binary `airtight`, as its users meet it.

mod fmt;
mod hostile;
mod parse;
mod streams;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A valid script, as `fmt` writes it.
const FORMATTED: &str = "(seq\n  (call \"hub\" (\"auth\" \"login\") [] token)\n  (ap token $log))\n";
/// The same, as people write it.
const UNFORMATTED: &str = "(seq (call \"hub\" (\"auth\" \"login\") [] token)\n     (ap token $log))\n";
const INVALID: &str = "(seq\n  (ap 1 x)\n  (ap nope y))\n";

/// What a run of the binary left behind.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn airtight(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_airtight"));
    command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs the binary in a directory.
fn run_in(directory: &Path, args: &[&str]) -> Run {
    airtight(args).current_dir(directory).stdin(Stdio::null()).output().expect("the binary runs").into()
}

/// Runs the binary with these bytes as standard input.
fn run_with(input: impl AsRef<[u8]>, args: &[&str]) -> Run {
    let mut command = airtight(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    // It reads nothing if it refuses its arguments, and may have ended by now.
    match stdin.write_all(input.as_ref()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => panic!("it takes its input: {error}"),
        _ => {}
    }
    drop(stdin);
    child.wait_with_output().expect("the binary ends").into()
}

/// A directory with these files.
fn directory<const N: usize>(files: [(&str, &str); N]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, contents) in files {
        std::fs::write(directory.path().join(name), contents).expect("a file can be written there");
    }
    directory
}

fn contents(directory: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(directory.path().join(name)).expect("the file is there")
}
