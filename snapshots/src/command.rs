//! The command `airtight`, run as a user does.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// What a command said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    fn new(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// All of it, for a snapshot.
    pub fn show(&self, line: &str) -> String {
        let mut shown = format!("$ {line}\n{}", self.out);
        if !self.err.is_empty() {
            shown += &format!("--- standard error\n{}", self.err);
        }
        shown + &format!("--- exit code {}\n", self.code)
    }

    /// The JSON that it is.
    ///
    /// # Panics
    /// If it is anything else than JSON on one line.
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{}{}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The binary `airtight` as `cargo test --workspace` built it, or `cargo build -p airtight`.
///
/// # Panics
/// If it is not there.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_else(|error| panic!("this test has no path: {error}"));
    let name = format!("airtight{}", std::env::consts::EXE_SUFFIX);
    let binary = test.ancestors().nth(2).map(|folder| folder.join(name)).filter(|binary| binary.exists());
    binary.unwrap_or_else(|| panic!("there is no binary beside this test: `cargo build -p airtight` makes it"))
}

/// Runs `airtight` with the arguments of a line, in the folder of this package.
///
/// # Panics
/// If it cannot be run.
pub fn airtight(line: &str) -> Said {
    let words = line.split_whitespace();
    let mut command = Command::new(binary());
    command.args(words).current_dir(super::root()).env("COLUMNS", "100").env_remove("NO_COLOR");
    Said::new(command.output().unwrap_or_else(|error| panic!("airtight {line}: {error}")))
}
