//! `airtight check`: a verdict about scripts.

pub(crate) mod findings;
pub(crate) mod saved;
pub(crate) mod story;
pub(crate) mod table;

use crate::args::{CheckArgs, Format};
use crate::console::{Console, Verdict, shown_name};
use crate::html::{self, Chapter};
use crate::json;
use crate::render::{counted, render};
use crate::source::{Source, printable};
use crate::subject;
use airtight_engine::script::Script;
use airtight_generators::ServicesFile;
use airtight_properties::{CheckError, Counterexample, Film, Options, Report, Subject, Totals, check};
use findings::{COLUMNS, Shown};
use indicatif::{ProgressBar, ProgressStyle};
use saved::Saver;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is known of one script.
struct Checked {
    file: PathBuf,
    bytes: Vec<u8>,
    /// None if the script is invalid.
    report: Option<Report>,
}

impl Checked {
    fn has_findings(&self) -> bool {
        self.report.as_ref().is_some_and(|report| !report.findings.is_empty())
    }
}

pub(crate) fn run(args: &CheckArgs, console: &mut Console) -> io::Result<()> {
    let Some(mut options) = options(args, console)? else { return Ok(()) };
    let progress = progress(args);
    let mut all = Vec::new();
    for file in &args.files {
        let Some(bytes) = console.read(file)? else { continue };
        progress.set_message(shown_name(file));
        let Some(report) = one(args, &options, file, &bytes, &progress, console)? else { continue };
        // One counterexample of each law is enough.
        let found = report.iter().flat_map(|report| &report.counterexamples);
        options.shown.extend(found.map(|counterexample| counterexample.law.clone()));
        let checked = Checked { file: file.clone(), bytes, report };
        if args.format == Format::Text {
            // What there is to tell stands apart from what was told before.
            if all.last().is_some_and(Checked::has_findings) {
                writeln!(console.out)?;
            }
            progress.suspend(|| tell(args, &checked, console))?;
        }
        all.push(checked);
    }
    progress.finish_and_clear();
    if let Some(file) = &args.html {
        let page = html::page(args, &chapters(args, &options, &all, console)?);
        if let Err(error) = std::fs::write(file, page) {
            console.unusable("write", file, error)?;
        }
    }
    match args.format {
        Format::Text => conclude(args, &all, console),
        Format::Json => {
            let mut saver = Saver::new(&args.out);
            for Checked { file, report, .. } in &all {
                for counterexample in report.iter().flat_map(|report| &report.counterexamples) {
                    if let Err(error) = save(&mut saver, file, counterexample) {
                        console.unusable("write to", &args.out, error)?;
                    }
                }
            }
            write_json(&all, console)
        }
    }
}

fn options(args: &CheckArgs, console: &mut Console) -> io::Result<Option<Options>> {
    let mut services = None;
    if let Some(file) = &args.services {
        let Some(bytes) = console.read(file)? else { return Ok(None) };
        let parsed = ServicesFile::parse(&bytes).map_err(|error| error.to_string());
        match parsed.and_then(|_| serde_json::from_slice(&bytes).map_err(|error| error.to_string())) {
            Ok(fixed) => services = Some(fixed),
            Err(error) => return console.unusable("use", file, error).map(|()| None),
        }
    }
    // What the first script would find out too, but before anything is printed.
    if let Err(error) = subject::make(&args.subject) {
        console.verdict(Verdict::Unusable);
        return console.report(&format!("error: the runner cannot be used: {error}\n")).map(|()| None);
    }
    Ok(Some(Options {
        runs: args.runs,
        time: args.time,
        seed: args.seed,
        failures: args.failures,
        services,
        init: args.peer_id.as_str().into(),
        shown: BTreeSet::new(),
        ..Options::default()
    }))
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(args: &CheckArgs) -> ProgressBar {
    let (bar, template) = match args.time {
        Some(_) => (ProgressBar::new_spinner(), "{spinner} {pos} histories, {elapsed}  {msg}"),
        None => {
            let histories = args.runs.saturating_mul(args.files.len() as u64);
            (ProgressBar::new(histories), "{bar:30} {pos}/{len} histories, {eta} left  {msg}")
        }
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The check of one script; says so if it is not to be had.
fn one(
    args: &CheckArgs,
    options: &Options,
    file: &Path,
    bytes: &[u8],
    progress: &ProgressBar,
    console: &mut Console,
) -> io::Result<Option<Option<Report>>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        console.verdict(Verdict::Invalid);
        return Ok(Some(None));
    };
    let report = check(text, options, &|| subject::make(&args.subject), &|_, _| progress.inc(1));
    match report {
        Ok(report) => {
            if !report.holds() {
                console.verdict(Verdict::Invalid);
            }
            Ok(Some(Some(report)))
        }
        Err(CheckError::Case(_)) => {
            console.verdict(Verdict::Invalid);
            Ok(Some(None))
        }
        Err(error) => console.unusable("check", file, error).map(|()| None),
    }
}

/// What there is to say about one script.
fn tell(args: &CheckArgs, checked: &Checked, console: &mut Console) -> io::Result<()> {
    let source = Source::new(shown_name(&checked.file), &checked.bytes);
    match (Script::parse(&checked.bytes), &checked.report) {
        (Ok(script), Some(report)) => {
            writeln!(console.out, "{}: {}", source.name, summary(&report.totals))?;
            console.out.write_all(calls(&report.totals).as_bytes())?;
            if !script.warnings().is_empty() {
                console.report(&render(&source, script.warnings()))?;
            }
            let shown = Shown { args, file: &checked.file, source: &source, styled: console.out_styled };
            let findings = shown.findings(&report.findings);
            console.out.write_all(findings.as_bytes())
        }
        (Err(findings), _) => console.report(&render(&source, &findings)),
        (Ok(_), None) => Ok(()),
    }
}

fn summary(totals: &Totals) -> String {
    let number = |n: u64, what: &str| counted(usize::try_from(n).unwrap_or(usize::MAX), what);
    let mut text = format!(
        "{} histories, {}, {}, {}",
        totals.runs,
        counted(totals.peers.len(), "peer"),
        number(totals.calls, "call"),
        number(totals.messages, "message")
    );
    if totals.endless > 0 {
        text += &format!("; {} without end, or too long, and cut", totals.endless);
    }
    if totals.given_up > 0 {
        text += &format!("; {} given up", number(totals.given_up, "run"));
    }
    text
}

/// How many lines tell who made which calls.
const CALL_LINES_MAX: usize = 3;

/// Who made which calls: a short paragraph.
fn calls(totals: &Totals) -> String {
    let peers: Vec<_> = totals
        .functions
        .iter()
        .map(|(peer, functions)| {
            let functions: Vec<_> = functions.keys().map(String::as_str).collect();
            format!("{peer} calls {}", functions.join(", "))
        })
        .collect();
    if peers.is_empty() {
        return String::new();
    }
    let text = printable(&peers.join("; "));
    let options = textwrap::Options::new(COLUMNS).initial_indent("  ").subsequent_indent("  ");
    let lines = textwrap::wrap(&text, options);
    let shown: Vec<&str> = lines.iter().take(CALL_LINES_MAX).map(|line| &**line).collect();
    let rest = if lines.len() > CALL_LINES_MAX { " …" } else { "" };
    format!("{}{rest}\n", shown.join("\n"))
}

/// The table of all laws, and what shows that some fail.
fn conclude(args: &CheckArgs, all: &[Checked], console: &mut Console) -> io::Result<()> {
    let reports: Vec<_> = all.iter().filter_map(|checked| Some((checked, checked.report.as_ref()?))).collect();
    if reports.is_empty() {
        return Ok(());
    }
    let rows = table::together(reports.iter().map(|(_, report)| report.laws.as_slice()));
    let styled = console.out_styled;
    writeln!(console.out, "\n{}", table::table(&rows, styled))?;
    let mut fails = 0;
    let mut saver = Saver::new(&args.out);
    for (checked, report) in &reports {
        for counterexample in &report.counterexamples {
            fails += 1;
            writeln!(console.out, "{}: {}", shown_name(&checked.file), story::tell(counterexample, styled))?;
            match save(&mut saver, &checked.file, counterexample) {
                Ok(file) => {
                    writeln!(console.out, "  saved; once more: {}\n", printable(&replay_line(args, &file)))?;
                }
                Err(error) => console.unusable("write to", &args.out, error)?,
            }
        }
    }
    for row in rows.iter().filter(|row| row.verdict == airtight_properties::Verdict::Fails) {
        let mut shown = reports.iter().flat_map(|(_, report)| &report.counterexamples);
        if !shown.any(|counterexample| counterexample.law == row.law.name) {
            writeln!(console.out, "`{}` fails too; made small, what shows it is one of these cases", row.law.name)?;
        }
        let fails = |report: &Report| {
            let mut laws = report.laws.iter();
            laws.any(|other| other.law == row.law && other.verdict == row.verdict)
        };
        let files: Vec<_> = reports.iter().filter(|(_, report)| fails(report)).collect();
        if let [_, others @ ..] = files.as_slice() {
            let names: Vec<_> = others.iter().map(|(checked, _)| shown_name(&checked.file)).collect();
            if !names.is_empty() {
                writeln!(console.out, "`{}` fails in {} too", row.law.name, names.join(", "))?;
            }
        }
    }
    let holds = rows.iter().filter(|row| row.verdict == airtight_properties::Verdict::Holds).count();
    let open = match rows.len() - holds {
        0 => String::new(),
        open => format!("; of {} nothing is known", counted(open, "law")),
    };
    match fails {
        0 => writeln!(console.out, "{} hold, none fails{open}", counted(holds, "law")),
        fails => writeln!(console.out, "{} found", counted(fails, "counterexample")),
    }
}

/// What the page says about each script; saves the counterexamples, which it tells how to replay.
fn chapters<'a>(
    args: &CheckArgs,
    options: &Options,
    all: &'a [Checked],
    console: &mut Console,
) -> io::Result<Vec<Chapter<'a>>> {
    // Without a runner, the page shows no histories.
    let mut subject = subject::make(&args.subject).ok();
    let mut films_left = html::FILMS_MAX;
    let mut saver = Saver::new(&args.out);
    let mut chapters = Vec::with_capacity(all.len());
    for (index, Checked { file, bytes, report }) in all.iter().enumerate() {
        let mut replay = Vec::new();
        for counterexample in report.iter().flat_map(|report| &report.counterexamples) {
            match save(&mut saver, file, counterexample) {
                Ok(file) => replay.push(Some(replay_line(args, &file))),
                Err(error) => {
                    replay.push(None);
                    console.unusable("write to", &args.out, error)?;
                }
            }
        }
        let films = match (&mut subject, report) {
            (Some(subject), Some(report)) if index < html::CHAPTERS_MAX => {
                films(bytes, options, report, films_left.min(html::SCRIPT_FILMS_MAX), subject)
            }
            _ => Vec::new(),
        };
        films_left -= films.len();
        let source = Source::new(shown_name(file), bytes);
        chapters.push(Chapter { file, source, script: Script::parse(bytes), report: report.as_ref(), films, replay });
    }
    Ok(chapters)
}

/// A history worth showing; if a law fails, those of the counterexamples.
fn films(bytes: &[u8], options: &Options, report: &Report, most: usize, subject: &mut Subject) -> Vec<Film> {
    let mut films = Vec::new();
    for counterexample in report.counterexamples.iter().take(most) {
        let Ok(film) = Film::of(&counterexample.case, subject) else { break };
        // One that cannot be started again shows nothing more.
        let goes_on = film.failure.is_none() || subject.revive().is_ok();
        films.push(film);
        if !goes_on {
            break;
        }
    }
    if report.holds() && most > 0 {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        films.extend(Film::telling(text, options, subject));
    }
    films
}

/// The command that replays a saved counterexample.
fn replay_line(args: &CheckArgs, file: &Path) -> String {
    saved::replay_line(&args.subject, file)
}

/// Saves a counterexample as `script-law.json`.
fn save(saver: &mut Saver<'_>, script: &Path, counterexample: &Counterexample) -> io::Result<PathBuf> {
    let stem = script.file_stem().filter(|stem| *stem != "-").map_or("stdin".into(), |stem| stem.to_string_lossy());
    saver.save(&stem, counterexample)
}

fn write_json(all: &[Checked], console: &mut Console) -> io::Result<()> {
    let scripts: Vec<_> = all
        .iter()
        .map(|checked| {
            let source = Source::new(shown_name(&checked.file), &checked.bytes);
            let script = Script::parse(&checked.bytes);
            let name = checked.file.to_string_lossy();
            let findings = json::Report::new(&name, &source, script.as_ref(), false);
            json::checked(&findings, &source, checked.report.as_ref())
        })
        .collect();
    let holds = all.iter().all(|checked| checked.report.as_ref().is_some_and(Report::holds));
    let whole = serde_json::json!({"format": 1, "holds": holds, "scripts": scripts});
    writeln!(console.out, "{whole}")
}
