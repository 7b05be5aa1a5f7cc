//! Many histories, each of them held against the ledger.

use crate::features::features;
use crate::ledger::Ledger;
use crate::lockstep::{Compared, Divergence, LIMIT_EXCEEDED, compare, follow};
use crate::rediscovery::streams;
use crate::{Kind, Reference};
use airtight_engine::runner::RunnerError;
use airtight_engine::script::{self, Position, Script, Tree, print};
use airtight_generators::{Choices as _, ScriptConfig, ScriptGenerator, Seeded, Weather, reduce};
use airtight_properties::{Case, CaseError, Schedule, ServiceSpec, Subject, forms};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The share of calls that fail, history by history.
const FAILURES: [f64; 4] = [0.0, 0.25, 0.0, 0.5];

/// What happens to messages and peers, in most histories. Few histories come to so many actions, and those only because
/// their scripts do not end: each run is then longer than the last, and says no more about the two.
const WEATHER: Weather = Weather { duplicates: 15, restarts: 5, losses: 0, lazy: 0, actions_max: 400 };

/// Peers lose data.
pub(crate) const LOST: &str = "lost data";
/// Hosts send late what they must send.
const LATE: &str = "late messages";
/// A service answers with what is not JSON.
const NOT_JSON: &str = "answers that are not JSON";

/// A service had failed before.
pub(crate) const FAILED: &str = "failed service";

/// The remainder by [`SORTS`] of the seeds of histories whose script is an example, or in a folder.
pub const WRITTEN: u64 = 3;

/// That of histories whose script has one of the forms in which several things meet.
pub const FORMS: u64 = 7;

/// How many sorts of scripts there are.
pub const SORTS: u64 = 8;

/// Where scripts come from.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    written: Vec<Tree>,
}

/// What a campaign came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Histories that were played on both.
    pub histories: u64,
    /// Histories that could not be played.
    pub unplayed: u64,
    /// Histories on which the two agreed to the end.
    pub ended: u64,
    /// Histories in which the two said the same in all respects.
    pub equal: u64,
    /// What happened in all of them.
    pub totals: Compared,
    /// How often each entry of the ledger was met.
    pub counts: Vec<u64>,
    /// The smallest script seen for each of them, and its history.
    pub scripts: Vec<Option<(u64, String)>>,
    /// Differences that are not in the ledger.
    pub unknown: Vec<Unknown>,
}

/// A difference that is not in the ledger.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// The history.
    pub seed: u64,
    /// The smallest script that shows it.
    pub script: String,
    /// What differs there.
    pub divergence: Divergence,
}

impl Campaign {
    /// Scripts that are made up, and the examples.
    pub fn new() -> Self {
        let mut campaign = Self::default();
        campaign.add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"));
        campaign
    }

    /// Adds the scripts of a folder; those that cannot be read are passed over.
    pub fn add(&mut self, folder: &Path) {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|e| e == "air")).collect();
        files.sort();
        let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
        self.written.extend(texts.filter_map(|text| Tree::parse(text).ok()));
    }

    /// The script of a history. By the remainder of the seed by 8, it is made up, or is an example ([`WRITTEN`]), or has one of
    /// the forms in which several things meet ([`FORMS`]). What happens to the history is decided by other digits of the seed.
    pub fn script(&self, seed: u64) -> Tree {
        let config = match seed % SORTS {
            0 | 4 => ScriptConfig::small(),
            1 | 5 => ScriptConfig::valid(),
            2 => ScriptConfig { size: 10..=40, unguarded_percent: 5, ..ScriptConfig::valid() },
            6 => streams(),
            WRITTEN if !self.written.is_empty() => {
                let which = Seeded::new(seed).below(self.written.len() as u32);
                return self.written[which as usize].clone();
            }
            // Not each of the forms passes the static rules.
            FORMS if let Some(form) = (0..FORMS_TRIED).find_map(|attempt| valid_form(seed ^ attempt << 48)) => {
                return form;
            }
            _ => ScriptConfig::valid(),
        };
        ScriptGenerator::new(config).generate(&mut Seeded::new(seed))
    }

    /// A history of a script.
    pub fn case(seed: u64, script: &Tree) -> Case {
        let failures = FAILURES[(seed / 64) as usize % FAILURES.len()];
        let circumstance = Self::circumstance(seed);
        let weather = match circumstance {
            Some(LOST) => Weather { losses: 10, ..WEATHER },
            Some(LATE) => Weather { lazy: 80, ..WEATHER },
            _ => WEATHER,
        };
        let functions = || names(script, Position::Function).into_iter().cycle().nth((seed / 256) as usize % 8);
        let not_json = (circumstance == Some(NOT_JSON)).then(functions).flatten();
        let mut answers: Vec<Value> =
            not_json.into_iter().map(|function| json!({ "function": function, "text": "not JSON" })).collect();
        if names(script, Position::Service).iter().any(|service| service == forms::RAISERS) {
            let of_forms = forms::ANSWERS.get("answers").and_then(Value::as_array).into_iter().flatten();
            // What is no JSON is a circumstance of its own.
            answers.extend(of_forms.filter(|answer| answer.get("function") != Some(&json!(forms::BABBLES))).cloned());
        }
        let fixed = (!answers.is_empty()).then(|| json!({ "answers": answers }));
        Case {
            script: print::compact(script).into(),
            init: "init".into(),
            services: ServiceSpec { seed, failures, fixed },
            schedule: Schedule::Seeded { seed, weather },
        }
    }

    /// What is unusual about a history, as the ledger has it among the features: peers that lose data, messages that are
    /// sent late, or a service whose answers are not JSON.
    pub const fn circumstance(seed: u64) -> Option<&'static str> {
        match seed / SORTS % 8 {
            1 => Some(LOST),
            3 => Some(LATE),
            5 => Some(NOT_JSON),
            _ => None,
        }
    }

    /// Whether this history of the script of an entry shows a difference of its sort.
    ///
    /// # Errors
    /// If the history cannot be played.
    pub fn shows(
        ledger: &Ledger,
        number: usize,
        seed: u64,
        ours: &mut Subject,
        theirs: &mut Reference,
    ) -> Result<bool, CaseError> {
        let Some(script) = ledger.entries.get(number).and_then(|entry| Tree::parse(&*entry.script).ok()) else {
            return Ok(false);
        };
        let compared = compare(&Self::case(seed, &script), ours, theirs)?;
        Ok(compared.divergences.iter().any(|divergence| {
            let smallest = || shrink(seed, &script, divergence, ours, theirs);
            ledger.classify(divergence, Self::circumstance(seed), &script, smallest) == Ok(number)
        }))
    }

    /// Plays histories; `told` is given what is not in the ledger as soon as it was seen.
    ///
    /// # Errors
    /// If there is no thread for the reference.
    pub fn run(
        &self,
        ledger: &Ledger,
        seeds: impl Iterator<Item = u64>,
        mut told: impl FnMut(&Unknown),
    ) -> Result<Outcome, RunnerError> {
        let (mut ours, mut theirs) = (Subject::own(), Reference::ready()?);
        let entries = ledger.entries.len();
        let mut outcome = Outcome { counts: vec![0; entries], scripts: vec![None; entries], ..Outcome::default() };
        for seed in seeds {
            let script = self.script(seed);
            let Ok(compared) = compare(&Self::case(seed, &script), &mut ours, &mut theirs) else {
                outcome.unplayed += 1;
                continue;
            };
            outcome.histories += 1;
            outcome.ended += u64::from(compared.ended);
            outcome.equal += u64::from(compared.ended && compared.divergences.is_empty());
            outcome.totals.runs += compared.runs;
            outcome.totals.requests += compared.requests;
            outcome.totals.answers += compared.answers;
            outcome.totals.told_more += compared.told_more;
            outcome.totals.strays += compared.strays;
            for divergence in compared.divergences {
                let smallest = || shrink(seed, &script, &divergence, &mut ours, &mut theirs);
                match ledger.classify(&divergence, Self::circumstance(seed), &script, smallest) {
                    Ok(known) => {
                        outcome.counts[known] += 1;
                        let text = print::compact(&script);
                        let seen = &mut outcome.scripts[known];
                        if seen.as_ref().is_none_or(|(_, seen)| seen.len() > text.len()) {
                            *seen = Some((seed, text));
                        }
                    }
                    Err(smallest) => {
                        let shown = compare(&Self::case(seed, &smallest), &mut ours, &mut theirs);
                        let shown = shown.into_iter().flat_map(|compared| compared.divergences);
                        let divergence = shown.into_iter().find(|one| one.is_like(&divergence)).unwrap_or(divergence);
                        let unknown = Unknown { seed, script: print::compact(&smallest), divergence };
                        told(&unknown);
                        outcome.unknown.push(unknown);
                    }
                }
            }
        }
        Ok(outcome)
    }
}

/// How often a script of one of the forms is drawn, until one passes the static rules.
const FORMS_TRIED: u64 = 8;

/// A script of one of the forms in which several things meet, if this one passes the static rules.
fn valid_form(seed: u64) -> Option<Tree> {
    let text = forms::draw(&mut Seeded::new(seed));
    Script::parse(text.as_str()).is_ok().then(|| Tree::parse(text).ok()).flatten()
}

/// The texts that a script has at a position.
fn names(script: &Tree, wanted: Position) -> Vec<String> {
    let mut names = Vec::new();
    for node in script.node_ids() {
        for (operand, position) in script.placed_operands(node) {
            if let (true, script::Value::String(text)) = (position == wanted, &script.operand(operand).value) {
                names.push(script.text(*text).to_owned());
            }
        }
    }
    names
}

/// How many scripts are tried at most to make one smaller.
const TRIES_MAX: usize = 5_000;

/// The smallest script on which the same sort of difference is seen with the same services and choices, as far as so many
/// tries lead.
pub fn shrink(seed: u64, script: &Tree, divergence: &Divergence, ours: &mut Subject, theirs: &mut Reference) -> Tree {
    // What the reference does not even read is told on the standard error each time.
    let silent = divergence.kind != Kind::Class || !divergence.detail.ends_with(" 1");
    let endless = divergence.detail.starts_with("10 ");
    // Another peer might have a name that means something else besides, as a key, which the reference is then given as an id.
    let peers = names(script, Position::Peer);
    // What it has only since it was made smaller would lead to another difference of the same sort.
    let whole = features(script);
    let mut tries = 0;
    reduce(script.clone(), |tree| {
        tries += 1;
        if tries > TRIES_MAX
            || names(tree, Position::Peer).iter().any(|peer| !peers.contains(peer))
            || !features(tree).is_subset(&whole)
        {
            return false;
        }
        let Some(played) = silent.then(|| Campaign::case(seed, tree).play(ours).ok()).flatten() else { return false };
        // The reference may take any time where ours met a limit, and its threads cannot be ended.
        let limited = played.runs.iter().any(|run| run.result.ret_code == LIMIT_EXCEEDED);
        (endless || !limited)
            && follow(&played, theirs)
                .is_ok_and(|compared| compared.divergences.iter().any(|one| one.is_like(divergence)))
    })
}
