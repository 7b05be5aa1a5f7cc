//! What is found in scripts besides laws.

use airtight_engine::script::Script;
use airtight_generators::Weather;
use airtight_properties::check::GROUP;
use airtight_properties::findings::{self, Place};
use airtight_properties::{Case, Ending, Findings, Schedule, ServiceSpec, Subject};
use std::path::Path;

/// The ends of some runs of a script, with the services of each group and the schedules as a check has them.
fn endings(script: &str, runs: std::ops::Range<u64>, fixed: Option<serde_json::Value>) -> Vec<Ending> {
    let mut subject = Subject::own();
    let end = |run: u64| {
        let group = run / GROUP;
        let failures = if group % 2 == 1 { 0.3 } else { 0.0 };
        let weather =
            if run % 4 == 0 { Weather::CALM } else { Weather { duplicates: 15, restarts: 5, ..Weather::CALM } };
        let case = Case {
            script: script.into(),
            init: "init".into(),
            services: ServiceSpec { seed: group, failures, fixed: fixed.clone() },
            schedule: Schedule::Seeded { seed: run, weather },
        };
        let played = case.play(&mut subject).expect("the script is valid");
        Ending::new(run, &case, &played, &mut subject).expect("our engine does not fail")
    };
    runs.map(end).collect()
}

fn found(script: &str, runs: u64) -> Findings {
    let tree = Script::parse(script).expect("the script is valid");
    findings::find(&tree, script, &endings(script, 0..runs, None), Some(&mut Subject::own()))
}

fn line(script: &str, place: Place) -> String {
    let before = &script[..place.start as usize];
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    let text: Vec<_> = script[place.start as usize..place.end as usize].split_whitespace().collect();
    let text: String = text.join(" ").chars().take(60).collect();
    format!("{}:{column} {text}", before.matches('\n').count() + 1)
}

/// Everything that was found, in lines.
fn told(script: &str, findings: &Findings) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for it in &findings.order {
        let _ = writeln!(out, "ORDER {} | {} {:?}", line(script, it.place), it.instruction, it.name);
        let _ = writeln!(out, "   {}", it.cause.text(script));
        for outcome in &it.outcomes {
            let _ = writeln!(out, "   in {} of {}: {}", outcome.runs, it.runs, outcome.value);
        }
        for example in &it.examples {
            let _ = writeln!(out, "   run {}: {}", example.replay.run, example.value);
            for step in &example.steps {
                let learned: Vec<_> =
                    step.learned.iter().map(|it| format!("{} = {}", line(script, it.place), it.value)).collect();
                let _ = writeln!(out, "      {} {learned:?}", step.text);
            }
        }
        let affects: Vec<_> = it.affects.iter().map(|place| line(script, *place)).collect();
        let _ = writeln!(out, "   affects {}: {affects:?}", it.affected);
    }
    for it in &findings.waits {
        let _ = writeln!(
            out,
            "WAIT {} in {} of {}, stuck {}, design {}",
            line(script, it.place),
            it.runs,
            it.of,
            it.stuck,
            it.by_design
        );
        let following: Vec<_> = it.following.iter().map(|place| line(script, *place)).collect();
        let _ = writeln!(
            out,
            "   {} (run {}); {} follow: {following:?}",
            it.reason.text(script),
            it.example.run,
            it.followers
        );
    }
    for it in &findings.unreached {
        let _ = writeln!(out, "UNREACHED {} {} +{}", line(script, it.place), it.why.text(script), it.after);
    }
    for it in &findings.unused {
        let _ = writeln!(out, "UNUSED {} {} {}", line(script, it.place), it.name, it.writes);
    }
    out
}

fn scripts(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "air")).collect();
    files.sort();
    let read = |file: std::path::PathBuf| {
        let text = std::fs::read_to_string(&file).expect("a script is text");
        (file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text)
    };
    files.into_iter().map(read).collect()
}

fn examples() -> Vec<(String, String)> {
    scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"))
}

#[test]
fn show() {
    for (name, script) in examples() {
        let begin = std::time::Instant::now();
        let findings = found(&script, 64);
        println!("=== {name} {:?}\n{}", begin.elapsed(), told(&script, &findings));
    }
}
