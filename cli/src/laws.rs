//! `airtight laws`: campaigns against an interpreter.

use crate::args::{Format, LawsArgs};
use crate::check::{saved, story, table};
use crate::console::{Console, Verdict};
use crate::json;
use crate::render::counted;
use crate::source::printable;
use crate::subject;
use airtight_properties::scope::{self, Bounds};
use airtight_properties::{CampaignReport, CheckError, Counterexample, Found, Plan, campaign};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// How many cases there are if nobody says.
const CASES: u64 = 10_000;

pub(crate) fn run(args: &LawsArgs, console: &mut Console) -> io::Result<()> {
    if let Some(instructions) = args.exhaustive {
        return exhaustive(args, instructions, console);
    }
    let plan = Plan {
        seed: args.seed,
        cases: args.cases.unwrap_or(if args.time.is_some() { u64::MAX } else { CASES }),
        time: args.time,
        shard: args.shard,
        laws: (!args.law.is_empty()).then(|| args.law.iter().cloned().collect()),
        threads: args.threads.map(usize::from),
        stop_at_first: args.first,
        ..Plan::default()
    };
    let bar = bar(&plan);
    let report = campaign(&plan, &|| subject::make(&args.subject), &|progress| {
        bar.set_position(progress.cases);
        bar.set_message(match progress.failing.len() {
            0 => String::new(),
            fails => counted(fails, "law") + " broken",
        });
    });
    bar.finish_and_clear();
    let report = match report {
        Ok(report) => report,
        Err(error) => return unusable(&error, console),
    };
    if !report.holds() {
        console.verdict(Verdict::Invalid);
    }
    let files = save(args, &report, console)?;
    match args.format {
        Format::Text => tell(args, &plan, &report, &files, console),
        Format::Json => write_json(&plan, &report, &files, console),
    }
}

fn unusable(error: &CheckError, console: &mut Console) -> io::Result<()> {
    console.verdict(Verdict::Unusable);
    let what = if matches!(error, CheckError::Runner(_)) { "the runner cannot be used: " } else { "" };
    console.report(&format!("error: {what}{error}\n"))
}

/// A bar on a terminal, and nothing elsewhere.
fn bar(plan: &Plan) -> ProgressBar {
    let (bar, template) = match plan.time {
        Some(_) => (ProgressBar::new_spinner(), "{spinner} {human_pos} cases, {elapsed}, {per_sec}  {msg}"),
        None => {
            let cases = plan.shard.count(plan.cases);
            (ProgressBar::new(cases), "{bar:30} {human_pos}/{human_len} cases, {per_sec}, {eta} left  {msg}")
        }
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Saves the counterexamples as `seed-S-case-N-law.json`; for each, where it is.
fn save(args: &LawsArgs, report: &CampaignReport, console: &mut Console) -> io::Result<Vec<Option<PathBuf>>> {
    let mut files = Vec::new();
    let mut saver = saved::Saver::new(&args.out);
    for Found { case, counterexample, .. } in &report.found {
        match saver.save(&format!("seed-{}-case-{case}", args.seed), counterexample) {
            Ok(file) => files.push(Some(file)),
            Err(error) => {
                files.push(None);
                console.unusable("write to", &args.out, error)?;
            }
        }
    }
    Ok(files)
}

fn tell(
    args: &LawsArgs,
    plan: &Plan,
    report: &CampaignReport,
    files: &[Option<PathBuf>],
    console: &mut Console,
) -> io::Result<()> {
    let styled = console.out_styled;
    writeln!(console.out, "{}", table::table(&report.laws, styled))?;
    for (found, file) in report.found.iter().zip(files) {
        let Found { case, instances, elapsed, counterexample, .. } = found;
        writeln!(console.out, "{}", story::tell(counterexample, styled))?;
        let when = format!("case {case}, after {instances} instances and {:.3} s", elapsed.as_secs_f64());
        writeln!(console.out, "  {when}")?;
        if let Some(file) = file {
            let line = saved::replay_line(&args.subject, file);
            writeln!(console.out, "  saved; once more: {}\n", printable(&line))?;
        }
    }
    for row in report.vacuous() {
        writeln!(console.out, "`{}` said nothing in {} cases: its premise never held", row.law.name, report.cases)?;
    }
    writeln!(
        console.out,
        "seed {}, shard {}: {} cases, {} instances in {:.1} s: {:.0} cases/s, {:.0} instances/s",
        plan.seed,
        plan.shard,
        report.cases,
        report.instances,
        report.elapsed.as_secs_f64(),
        report.cases_per_second(),
        report.instances_per_second(),
    )?;
    let holds = report.laws.iter().filter(|row| row.verdict == airtight_properties::Verdict::Holds).count();
    match report.found.len() {
        0 => {
            let open = match report.laws.len() - holds {
                0 => String::new(),
                open => format!("; of {} nothing is known", counted(open, "law")),
            };
            writeln!(console.out, "{} hold, none fails{open}", counted(holds, "law"))
        }
        fails => writeln!(console.out, "{} found", counted(fails, "counterexample")),
    }
}

fn write_json(
    plan: &Plan,
    report: &CampaignReport,
    files: &[Option<PathBuf>],
    console: &mut Console,
) -> io::Result<()> {
    let found = report.found.iter().zip(files).map(|(found, file)| {
        let Found { law, case, instances, elapsed, counterexample } = found;
        let file = file.as_ref().map(|file| file.to_string_lossy());
        json!({
            "law": law, "case": case, "instances": instances, "seconds": elapsed.as_secs_f64(), "file": file,
            "counterexample": counterexample,
        })
    });
    let whole = json!({
        "format": 1, "holds": report.holds(), "seed": plan.seed, "shard": plan.shard.to_string(),
        "cases": report.cases, "instances": report.instances, "seconds": report.elapsed.as_secs_f64(),
        "laws": report.laws.iter().map(json::law).collect::<Vec<_>>(),
        "found": found.collect::<Vec<_>>(),
    });
    writeln!(console.out, "{whole}")
}

/// Every small script, and a line that says what that was.
fn exhaustive(args: &LawsArgs, instructions: u32, console: &mut Console) -> io::Result<()> {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {human_pos} scripts, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let found = scope::search(Bounds::instructions(instructions), &|scripts| bar.set_position(scripts));
    bar.finish_and_clear();
    match found {
        Ok(scope::Verdict::Holds(certificate)) => {
            writeln!(console.out, "{certificate}")?;
            let laws: Vec<_> = certificate.laws.iter().map(|(law, held)| format!("{law} in {held}")).collect();
            writeln!(console.out, "premises of the laws about whole histories held: {}", laws.join(", "))
        }
        Ok(scope::Verdict::Fails(counterexample)) => {
            console.verdict(Verdict::Invalid);
            broken_history(args, &counterexample, console)
        }
        Ok(scope::Verdict::FailsToMerge(script, violation)) => {
            console.verdict(Verdict::Invalid);
            writeln!(console.out, "{script}\n\n{violation}")
        }
        Err(error) => unusable(&error, console),
    }
}

fn broken_history(args: &LawsArgs, counterexample: &Counterexample, console: &mut Console) -> io::Result<()> {
    let styled = console.out_styled;
    writeln!(console.out, "{}", story::tell(counterexample, styled))?;
    match saved::Saver::new(&args.out).save("exhaustive", counterexample) {
        Ok(file) => {
            let line = saved::replay_line(&args.subject, &file);
            writeln!(console.out, "  saved; once more: {}", printable(&line))
        }
        Err(error) => console.unusable("write to", &args.out, error),
    }
}
