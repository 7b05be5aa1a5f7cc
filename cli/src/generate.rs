//! `airtight generate`: random scripts, or how they are distributed.

use crate::args::{GenerateArgs, Profile};
use crate::console::Console;
use airtight_engine::execute::Limits;
use airtight_engine::runner::{RunnerError, SameThread};
use airtight_engine::script::{Script, print};
use airtight_generators::{
    Distribution, EditWeights, Network, ScriptConfig, ScriptGenerator, Section, Seeded, Services, Weather, near_valid,
};
use maud::{Markup, PreEscaped, html};
use std::io::{self, Write};

/// The peer that begins.
const INIT: &str = "alice";
/// The shares of calls that fail, and of answers that cannot be decoded, in the histories that are counted.
const FAILURES: f64 = 0.05;
const GARBLED: f64 = 0.01;
/// A script of the big profile is not run: it would take longer than the others together.
const INSTRUCTIONS_MAX: usize = 2_000;

pub(crate) fn run(args: &GenerateArgs, console: &mut Console) -> io::Result<()> {
    let config = match args.profile {
        Profile::Valid | Profile::NearValid => ScriptConfig::valid(),
        Profile::Big => ScriptConfig::big(),
    };
    let generator = ScriptGenerator::new(config);
    let mut seeds = Seeded::new(args.seed);
    let is_counted = args.stats || args.plot.is_some();
    let mut distribution = Distribution::default();
    for number in 1..=args.count {
        let mut choices = Seeded::new(seeds.bits());
        let tree = generator.generate(&mut choices);
        let text = match args.profile {
            Profile::NearValid => near_valid(&tree, &EditWeights::default(), &mut choices),
            Profile::Valid | Profile::Big if is_counted => print::compact(&tree),
            Profile::Valid | Profile::Big => print::canonical(&tree),
        };
        if !is_counted {
            let blank = if number == 1 { "" } else { "\n" };
            writeln!(console.out, "{blank}; script {number} of seed {}\n{}", args.seed, text.trim_end())?;
            continue;
        }
        match Script::parse(&text) {
            Err(_) => distribution.add_refused(),
            Ok(script) => {
                distribution.add(&script);
                if script.tree().node_count() <= INSTRUCTIONS_MAX {
                    let network = played(&script, text, &mut choices).map_err(io::Error::other)?;
                    distribution.add_history(&script, &network);
                }
            }
        }
    }
    let sections = distribution.sections();
    if args.stats {
        write!(console.out, "{}", table(&sections))?;
    }
    if let Some(file) = &args.plot {
        let title = format!("{} scripts of the profile {}, seed {}", args.count, args.profile.name(), args.seed);
        let is_page = file.extension().is_some_and(|extension| extension == "html");
        let plot = if is_page { page(&title, &sections) } else { svg(&title, &sections).into_string() };
        if let Err(error) = std::fs::write(file, plot) {
            return console.unusable("write", file, error);
        }
    }
    Ok(())
}

/// The script after everything happened in a network with duplicates, crashes and failing services.
fn played(script: &Script, text: String, choices: &mut Seeded) -> Result<Network, RunnerError> {
    let services = Services::new(script, INIT, choices.bits()).failing(FAILURES).garbled(GARBLED);
    let limits = Limits { steps: 1_000_000, stream_elements: 4_096, ..Limits::default() };
    let mut network = Network::new(text, INIT, services).with_limits(limits);
    network.run(&mut SameThread::ready(), choices, Weather { actions_max: 20_000, ..Weather::default() })?;
    Ok(network)
}

fn percent(section: &Section, count: u64) -> f64 {
    if section.of == 0 { 0.0 } else { count as f64 * 100.0 / section.of as f64 }
}

/// All sections as text, each row with its count, its share and a bar.
fn table(sections: &[Section]) -> String {
    use std::fmt::Write;
    const BAR: usize = 40;
    let mut out = String::new();
    for section in sections {
        let _ = writeln!(out, "{}{} (of {})", if out.is_empty() { "" } else { "\n" }, section.title, section.of);
        for (name, count) in &section.rows {
            let share = percent(section, *count);
            let bar = "#".repeat((share / 100.0 * BAR as f64).round() as usize);
            let line = format!("  {count:>9} {share:>6.2} %  {name:<58} {bar}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}

const ROW: usize = 16;
const NAMES: usize = 380;
const BARS: usize = 420;
const WIDTH: usize = NAMES + BARS + 140;

/// All sections as bar charts, one below the other.
fn svg(title: &str, sections: &[Section]) -> Markup {
    let mut top = 4 * ROW;
    let mut charts = Vec::new();
    for section in sections {
        let most = section.rows.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
        charts.push(html! {
            text x="8" y=(top) class="title" { (section.title) " (of " (section.of) ")" }
            @for (index, (name, count)) in section.rows.iter().enumerate() {
                @let y = top + (index + 1) * ROW;
                @let width = BARS as u64 * count / most;
                text x=(NAMES - 8) y=(y) text-anchor="end" { (name) }
                rect x=(NAMES) y=(y - 10) width=(width) height="12" {}
                text x=(NAMES as u64 + width + 6) y=(y) {
                    (count) " · " (format!("{:.2}", percent(section, *count))) " %"
                }
            }
        });
        top += (section.rows.len() + 3) * ROW;
    }
    const STYLE: &str =
        "text{font:12px sans-serif;fill:#222}.title{font-weight:bold}rect{fill:#4878a8}.paper{fill:#fff}";
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(top) viewBox=(format!("0 0 {WIDTH} {top}")) {
            style { (PreEscaped(STYLE)) }
            rect class="paper" width=(WIDTH) height=(top) {}
            text x="8" y=(2 * ROW) class="title" { (title) }
            @for chart in charts { (chart) }
        }
    }
}

/// The charts as a page.
fn page(title: &str, sections: &[Section]) -> String {
    html! {
        (maud::DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
            }
            body { (svg(title, sections)) }
        }
    }
    .into_string()
}
