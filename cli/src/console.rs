//! The standard streams, and what is to be said in the end.

use anstream::{AutoStream, ColorChoice};
use std::fmt::Display;
use std::io::{self, BufWriter, Read, StderrLock, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

/// What is known about all scripts so far; also the exit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Verdict {
    Valid = 0,
    Invalid = 1,
    Unusable = 2,
}

/// The name of standard input, as a file.
const STDIN: &str = "-";

pub(crate) struct Console {
    /// Never filtered: scripts pass through as they are.
    pub(crate) out: BufWriter<StdoutLock<'static>>,
    /// Whether standard output may be coloured.
    pub(crate) out_styled: bool,
    err: AutoStream<StderrLock<'static>>,
    verdict: Verdict,
}

impl Console {
    pub(crate) fn new() -> Self {
        let out = io::stdout().lock();
        Self {
            out_styled: AutoStream::choice(&out) != ColorChoice::Never,
            out: BufWriter::new(out),
            err: AutoStream::auto(io::stderr().lock()),
            verdict: Verdict::Valid,
        }
    }

    /// Makes the verdict worse, never better.
    pub(crate) fn verdict(&mut self, verdict: Verdict) {
        self.verdict = self.verdict.max(verdict);
    }

    /// Writes to standard error, after what standard output has got so far.
    pub(crate) fn report(&mut self, text: &str) -> io::Result<()> {
        self.out.flush()?;
        self.err.write_all(text.as_bytes())
    }

    /// Says that something could not be done with a file, and goes on.
    pub(crate) fn unusable(&mut self, action: &str, file: &Path, reason: impl Display) -> io::Result<()> {
        self.verdict(Verdict::Unusable);
        let file = shown_name(file);
        self.report(&format!("error: cannot {action} `{file}`: {reason}\n"))
    }

    /// The bytes of a file, or of standard input; says so if there are none to be had.
    pub(crate) fn read(&mut self, file: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let read = if is_stdin(file) {
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(file)
        };
        match read {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => self.unusable("read", file, error).map(|()| None),
        }
    }

    /// Ends the program. A reader that went away is no failure of ours.
    pub(crate) fn finish(mut self, result: io::Result<()>) -> ExitCode {
        match result.and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.verdict(Verdict::Unusable);
                // If even this cannot be said, the exit code says it.
                let _ = writeln!(self.err, "error: cannot write: {error}");
            }
            _ => {}
        }
        // Dropping the buffer must not try again.
        drop(self.out.into_parts());
        ExitCode::from(self.verdict as u8)
    }
}

pub(crate) fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == STDIN
}

/// A file's name for people.
pub(crate) fn shown_name(file: &Path) -> String {
    if is_stdin(file) { "<stdin>".into() } else { crate::source::printable(&file.to_string_lossy()) }
}
