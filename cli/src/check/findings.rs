//! What a check tells about a script besides laws, for people.

use crate::args::CheckArgs;
use crate::source::{Source, brief, printable};
use airtight_properties::findings::order::{Example, OrderFinding};
use airtight_properties::findings::{Findings, Place};
use airtight_properties::{Case, Schedule};
use annotate_snippets::renderer::{AnsiColor, Style};
use std::fmt::Write as _;
use std::path::Path;

/// How much of an instruction or value, and of a list of findings, is shown.
const CHARS_MAX: usize = 110;
const FINDINGS_MAX: usize = 12;

/// How wide sentences are, and where they begin.
pub(crate) const COLUMNS: usize = 110;
const INDENT: &str = "          ";

const TITLE: Style = AnsiColor::Yellow.on_default().bold();

/// Where and how the findings are shown.
pub(crate) struct Shown<'a> {
    pub(crate) args: &'a CheckArgs,
    pub(crate) file: &'a Path,
    pub(crate) source: &'a Source<'a>,
    pub(crate) styled: bool,
}

impl Shown<'_> {
    /// All findings, each kind under a heading; nothing if there is nothing to tell.
    pub(crate) fn findings(&self, findings: &Findings) -> String {
        let mut out = String::new();
        let text = self.source.text();
        self.list(&mut out, "the order of delivery decides", &findings.order, |out, finding| self.order(out, finding));
        self.list(&mut out, "waits for ever", &findings.waits, |out, wait| {
            self.line(out, &wait.place, &format!("in {} of {} histories", wait.runs, wait.of));
            let by_design = if wait.by_design { "; the script itself says to wait for more" } else { "" };
            paragraph(out, &format!("{}{by_design}", wait.reason.text(text)));
            self.others(out, "so does", &wait.following, wait.followers);
            if self.is_own() {
                let _ = writeln!(out, "          {}", printable(&self.run_line(&wait.example.case)));
            }
        });
        self.list(&mut out, "no history reaches", &findings.unreached, |out, unreached| {
            let after = match unreached.after {
                0 => String::new(),
                n => format!(", and {n} more after it"),
            };
            self.line(out, &unreached.place, &format!("{}{after}", unreached.why.text(text)));
        });
        self.list(&mut out, "nobody uses", &findings.unused, |out, unused| {
            self.line(out, &unused.place, &format!("`{}` is never read", unused.name));
        });
        out
    }

    fn list<T>(&self, out: &mut String, title: &str, findings: &[T], tell: impl Fn(&mut String, &T)) {
        if findings.is_empty() {
            return;
        }
        let style = if self.styled { TITLE } else { Style::new() };
        let _ = writeln!(out, "\n  {style}{title}{style:#}");
        for finding in findings.iter().take(FINDINGS_MAX) {
            tell(out, finding);
        }
        if findings.len() > FINDINGS_MAX {
            let _ = writeln!(out, "    … and {} more; --format json has all", findings.len() - FINDINGS_MAX);
        }
    }

    fn order(&self, out: &mut String, finding: &OrderFinding) {
        self.line(out, &finding.place, &finding.cause.text(self.source.text()));
        if finding.is_read_alike {
            out.push_str("          what the script reads of it was the same in all of them\n");
        }
        for outcome in &finding.outcomes {
            let _ = writeln!(
                out,
                "          in {:2} of {} histories  {}",
                outcome.runs,
                finding.runs,
                brief(&outcome.value, CHARS_MAX)
            );
        }
        self.others(out, "it decides", &finding.affects, finding.affected);
        for example in &finding.examples {
            self.example(out, example);
        }
    }

    fn example(&self, out: &mut String, example: &Example) {
        let line = if self.is_own() { self.run_line(&example.replay.case) } else { "in one history".into() };
        let _ = writeln!(out, "\n          {}", printable(&line));
        for step in &example.steps {
            let learned: Vec<_> = step.learned.iter().map(|learned| brief(&learned.value, CHARS_MAX)).collect();
            let learned = if learned.is_empty() { String::new() } else { format!(": {}", learned.join(", ")) };
            let _ = writeln!(out, "            {}{learned}", brief(&step.text, CHARS_MAX));
        }
    }

    /// `airtight run` runs our engine.
    fn is_own(&self) -> bool {
        self.args.subject.runner.is_none()
    }

    /// The instruction at a place, and what is to be said of it.
    fn line(&self, out: &mut String, place: &Place, what: &str) {
        let _ = writeln!(out, "    {}  {}", self.at(place), self.instruction(place));
        paragraph(out, what);
    }

    fn others(&self, out: &mut String, what: &str, places: &[Place], count: usize) {
        if places.is_empty() {
            return;
        }
        let shown: Vec<_> = places.iter().map(|place| self.at(place)).collect();
        let more = if count > places.len() { format!(" and {} more", count - places.len()) } else { String::new() };
        let _ = writeln!(out, "          {what} what stands at {}{more}", shown.join(", "));
    }

    fn at(&self, place: &Place) -> String {
        let position = self.source.position(place.start as usize);
        format!("{}:{}", position.line, position.column)
    }

    /// An instruction on one line.
    fn instruction(&self, place: &Place) -> String {
        let text = self.source.text().get(place.start as usize..place.end as usize).unwrap_or_default();
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            if line.len() > 4 * CHARS_MAX {
                break;
            }
        }
        brief(&line, CHARS_MAX)
    }

    /// The command that tells a history again.
    pub(crate) fn run_line(&self, case: &Case) -> String {
        let mut words = vec!["airtight".to_owned(), "run".to_owned()];
        let mut flag = |name: &str, value: String| words.extend([format!("--{name}"), value]);
        flag("seed", case.services.seed.to_string());
        if let Schedule::Seeded { seed, weather } = &case.schedule {
            flag("schedule", seed.to_string());
            for (name, hundredths) in [("duplicates", weather.duplicates), ("restarts", weather.restarts)] {
                if hundredths > 0 {
                    flag(name, format!("0.{hundredths:02}"));
                }
            }
        }
        if case.services.failures > 0.0 {
            flag("failures", case.services.failures.to_string());
        }
        if let Some(services) = &self.args.services {
            flag("services", services.to_string_lossy().into_owned());
        }
        if *case.init != *"init" {
            flag("peer-id", case.init.to_string());
        }
        words.push(self.file.to_string_lossy().into_owned());
        shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
    }
}

/// A sentence under a finding.
fn paragraph(out: &mut String, text: &str) {
    let options = textwrap::Options::new(COLUMNS).initial_indent(INDENT).subsequent_indent(INDENT);
    let _ = writeln!(out, "{}", textwrap::fill(&printable(text), options));
}
