//! Measures the mutation score of the engine with `cargo-mutants`, as `properties/mutants/README.md` says.

mod cargo;
mod score;

use cargo::Listed;
use clap::{Parser, ValueEnum};
use score::{Equivalents, Measured, Part};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Changes the engine in small ways, one at a time, and counts how many changes make some test fail.
#[derive(Parser)]
#[command(name = "mutants")]
enum Command {
    /// Runs tests over mutants; takes seconds to minutes for each.
    Run {
        /// Which tests.
        profile: Profile,
        /// Of which mutants. With `full`, of those among them that the laws missed.
        part: Which,
        /// Draw so many of them; all, if that is not said. Only for `laws`: `full` takes what was drawn for it.
        #[arg(long)]
        sample: Option<usize>,
        /// What decides which are drawn.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only those that were missed the last time, after laws, generators or tests got stronger; the others count as they
        /// were.
        #[arg(long, conflicts_with = "sample")]
        missed: bool,
        /// How many cases the law suite looks at.
        #[arg(long, default_value_t = 1000)]
        cases: u64,
    },
    /// Writes the section of the page anew.
    Write,
}

/// Which tests run over a mutant; each has a configuration of its own.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// The law suite alone.
    Laws,
    /// The tests of the engine's package.
    Full,
}

/// Which part of the engine is changed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// `engine/src/data/`.
    Data,
    /// All other files.
    Rest,
}

impl Which {
    const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Rest => "rest",
        }
    }

    fn holds(self, mutant: &Listed) -> bool {
        mutant.file.starts_with("engine/src/data/") == (self == Self::Data)
    }
}

/// What was measured, from the root of the workspace.
const MEASURED: &str = "properties/mutants/measured.json";

/// The mutants that nobody could notice, and why.
const EQUIVALENT: &str = "properties/mutants/equivalent.toml";

/// The section of the page.
const SECTION: &str = "docs/strength/mutants.json";

fn main() -> ExitCode {
    match run(&Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).ok_or("the zoo has no workspace around it")?;
    let file = root.join(MEASURED);
    let mut measured = Measured::read(&file)?;
    let equivalents = Equivalents::read(&root.join(EQUIVALENT), &root.join("engine/src"))?;
    if let Command::Run { profile, part, sample, seed, missed, cases } = command {
        let all: Vec<_> = cargo::list(root)?.into_iter().filter(|mutant| part.holds(mutant)).collect();
        match profile {
            Profile::Laws if *missed => {
                let (known, names) = missed_by_laws(&mut measured, *part, &equivalents)?;
                are_there(&names, &all)?;
                known.ask_again(cargo::test(root, "laws", part.name(), &names, *cases)?);
            }
            Profile::Laws => {
                let names = drawn(&all, *sample, *seed);
                let outcomes = cargo::test(root, "laws", part.name(), &names, *cases)?;
                let seed = (names.len() < all.len()).then_some(*seed);
                measured.parts.insert(part.name().into(), Part::new(all.len(), seed, outcomes));
            }
            Profile::Full => {
                let (known, mut names) = missed_by_laws(&mut measured, *part, &equivalents)?;
                names.retain(|name| !*missed || known.was_missed_by_all(name));
                are_there(&names, &all)?;
                if !names.is_empty() {
                    let outcomes = cargo::test(root, "full", part.name(), &names, *cases)?;
                    if *missed { known.ask_all_again(outcomes) } else { known.add_full(outcomes) }
                }
            }
        }
        measured.write(&file)?;
    }
    equivalents.check(&measured)?;
    let section = root.join(SECTION);
    if let Some(folder) = section.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    }
    score::save(&section, &measured.section(&equivalents))?;
    print!("{}", measured.summary(&equivalents));
    Ok(())
}

/// What is known of a part, and the mutants of it that the laws missed and could have noticed.
fn missed_by_laws<'m>(
    measured: &'m mut Measured,
    part: Which,
    equivalents: &Equivalents,
) -> Result<(&'m mut Part, Vec<String>), String> {
    let known = measured.parts.get_mut(part.name());
    let known = known.ok_or_else(|| format!("run `laws {}` first", part.name()))?;
    let names: Vec<_> = known.missed_by_laws(equivalents).cloned().collect();
    Ok((known, names))
}

/// Says which of these the engine does not have any more.
fn are_there(names: &[String], all: &[Listed]) -> Result<(), String> {
    let there: BTreeSet<_> = all.iter().map(|mutant| &mutant.name).collect();
    match names.iter().find(|name| !there.contains(name)) {
        Some(gone) => Err(format!("there is no `{gone}` any more: the engine changed, run `laws` again")),
        None => Ok(()),
    }
}

/// A sample without replacement, the same for the same seed, in the order of the list.
fn drawn(all: &[Listed], sample: Option<usize>, seed: u64) -> Vec<String> {
    let key = |mutant: &&Listed| *blake3::hash(format!("{seed} {}", mutant.name).as_bytes()).as_bytes();
    let mut by_chance: Vec<&Listed> = all.iter().collect();
    by_chance.sort_by_cached_key(key);
    by_chance.truncate(sample.unwrap_or(all.len()));
    let taken: BTreeSet<&str> = by_chance.iter().map(|mutant| mutant.name.as_str()).collect();
    all.iter().map(|mutant| mutant.name.clone()).filter(|name| taken.contains(name.as_str())).collect()
}
