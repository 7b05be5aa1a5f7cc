//! `airtight run`: one history of a script, as a sequence that people can follow.

use crate::args::{Format, RunArgs};
use crate::console::{Console, Verdict, shown_name};
use crate::json;
use crate::render::{counted, render};
use crate::source::{Source, brief, printable};
use airtight_engine::data::{Data, decode};
use airtight_engine::execute::{self, End, Limits, Rendered};
use airtight_engine::host::Host;
use airtight_engine::runner::SameThread;
use airtight_engine::script::{NodeId, Script, print};
use airtight_generators::{Event, History, Network, Seeded, Services, ServicesFile, Weather};
use airtight_properties::story::{SHOWN_CHARS_MAX, lines};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

pub(crate) fn run(args: &RunArgs, console: &mut Console) -> io::Result<()> {
    let Some(bytes) = console.read(&args.file)? else { return Ok(()) };
    let source = Source::new(shown_name(&args.file), &bytes);
    let script = match Script::parse(&bytes) {
        Ok(script) => script,
        Err(findings) => {
            console.verdict(Verdict::Invalid);
            return console.report(&render(&source, &findings));
        }
    };
    let mut services = Services::new(&script, &args.peer_id, args.seed).failing(args.failures);
    if let Some(file) = &args.services {
        let Some(bytes) = console.read(file)? else { return Ok(()) };
        match ServicesFile::parse(&bytes) {
            Ok(fixed) => services = services.with_file(fixed),
            Err(error) => return console.unusable("use", file, error),
        }
    }
    let mut network = Network::new(source.text(), args.peer_id.as_str(), services);
    let mut runner = SameThread::ready();
    let weather = Weather { duplicates: args.duplicates, restarts: args.restarts, ..Weather::CALM };
    let schedule = args.schedule.unwrap_or(args.seed);
    if let Err(error) = network.run(&mut runner, &mut Seeded::new(schedule), weather) {
        return console.unusable("run", &args.file, error);
    }
    if !network.history().is_quiet || given_up(network.history()).next().is_some() {
        console.verdict(Verdict::Invalid);
    }
    let ended = Ended::new(&script, &args.peer_id, &network);
    let text = match args.format {
        Format::Text => story(&source, &network, &ended),
        Format::Json => json::history(&args.file, args.seed, network.history(), &ended.peers, &ended.waits(&source)),
    };
    console.out.write_all(text.as_bytes())
}

/// How a history ended: for each peer its data and what they come to, and what all data together come to.
struct Ended {
    script: Script,
    peers: Vec<(Arc<str>, Option<Rendered>)>,
    together: Option<Rendered>,
}

impl Ended {
    fn new(script: &Script, init: &str, network: &Network) -> Self {
        let (mut peers, mut all) = (Vec::new(), Data::nothing());
        for host in network.hosts() {
            let Ok(data) = decode(host.data()) else { continue };
            peers.push((host.peer().clone(), rendered(script, &data, host)));
            if let Ok(merged) = all.merge(&data) {
                all = merged;
            }
        }
        let first = network.hosts().find(|host| &**host.peer() == init);
        let together = first.and_then(|host| rendered(script, &all, host));
        Self { script: script.clone(), peers, together }
    }

    /// What is left undone when all that the peers know is put together, each with its line.
    fn waits(&self, source: &Source<'_>) -> Vec<String> {
        let Some(together) = &self.together else { return Vec::new() };
        let tree = self.script.tree();
        let line = |node: NodeId, what: String| {
            let place = source.position(tree.node(node).span.start as usize);
            let instruction = brief(&print::descriptor(tree, node), SHOWN_CHARS_MAX);
            format!("{}:{}  {}  {what}", place.line, place.column, instruction.trim_end())
        };
        let pending = together.pending.iter().filter(|pending| pending.arguments.iter().all(Option::is_some));
        let pending = pending.map(|pending| {
            let knows = self.peers.iter().any(|(peer, _)| *peer == pending.peer);
            let who = printable(&pending.peer);
            let why = if knows { "has what it needs in the data of several peers" } else { "was never told" };
            line(pending.node, format!("waits for `{who}`, who {why}"))
        });
        let missing = together
            .waiting
            .iter()
            .map(|(node, name)| line(*node, format!("waits for `{}`", brief(tree.text(*name), SHOWN_CHARS_MAX))));
        pending.chain(missing).collect()
    }
}

fn rendered(script: &Script, data: &Data, host: &Host) -> Option<Rendered> {
    let peer = host.particle().parameters.peer();
    execute::render(script, data, &peer, Limits::default()).ok()
}

/// The whole history: what happened, what each peer knows in the end, what waits.
fn story(source: &Source<'_>, network: &Network, ended: &Ended) -> String {
    let mut out = String::new();
    let history = network.history();
    let width = ended.peers.iter().map(|(peer, _)| printable(peer).chars().count()).max().unwrap_or_default();
    for event in &history.events {
        for line in lines(event) {
            let _ = writeln!(out, "{:width$}  {}", printable(&line.peer), printable(&line.text));
        }
    }
    let _ = writeln!(out, "\n{}", summary(history, ended));
    for (peer, rendered) in &ended.peers {
        let Some(rendered) = rendered else { continue };
        let _ = writeln!(out, "\n{} knows", printable(peer));
        for (position, state) in rendered.states.iter().enumerate() {
            let place = source.position(state.span.start as usize);
            let place = format!("{}:{}", place.line, place.column);
            let _ =
                writeln!(out, "{position:4}  {place:7} {}", brief(&state.executed.to_string(), 2 * SHOWN_CHARS_MAX));
        }
    }
    let waits = ended.waits(source);
    if !waits.is_empty() {
        let _ = writeln!(out, "\nstill waiting");
        for wait in waits {
            let _ = writeln!(out, "  {wait}");
        }
    }
    out
}

fn summary(history: &History, ended: &Ended) -> String {
    let count = |pick: fn(&Event) -> bool| history.events.iter().filter(|event| pick(event)).count();
    let runs = count(|event| matches!(event, Event::Ran { .. }));
    let messages = count(|event| matches!(event, Event::Sent { .. }));
    let calls = count(|event| matches!(event, Event::Answered { .. }));
    let end = if history.is_quiet { "nothing is left to do" } else { "stopped: this takes too many steps" };
    let peers = counted(ended.peers.len(), "peer");
    let (messages, calls, runs) = (counted(messages, "message"), counted(calls, "call"), counted(runs, "run"));
    let outcome = match ended.together.as_ref().map(|together| &together.end) {
        Some(End::Complete(_)) => "the script is complete".into(),
        Some(End::Failed(_, error)) => {
            format!("the script fails with {}: {}", error.kind.code(), brief(&error.to_string(), SHOWN_CHARS_MAX))
        }
        Some(End::Waits) | None => "the script waits".into(),
    };
    let given_up = match given_up(history).count() {
        0 => String::new(),
        n => format!("\n{} given up, and changed nothing", counted(n, "run")),
    };
    format!("{end} after {messages}, {calls} and {runs} at {peers}{given_up}\nput together, {outcome}")
}

/// The runs that the interpreter gave up: something exceeds a limit.
fn given_up(history: &History) -> impl Iterator<Item = &Event> {
    history.events.iter().filter(|event| matches!(event, Event::Ran { result, .. } if result.is_given_up()))
}
