//! A history, step by step: what happened, and what the peer's data come to after it, by where each part came from.

use super::lanes;
use super::listing::place;
use super::text::{NAME_CHARS_MAX, SENTENCE_CHARS_MAX, VALUE_CHARS_MAX, more, number};
use crate::render::counted;
use crate::source::{Source, brief};
use airtight_engine::script::{NodeId, Script, print};
use airtight_generators::Event;
use airtight_properties::Film;
use airtight_properties::film::{Frame, Origin, Seen, Shot, ShotState};
use airtight_properties::story;
use airtight_properties::view::{Executed, SeenState};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// How much of an instruction is shown.
const INSTRUCTION_CHARS_MAX: usize = 110;
/// How many elements of a canon, and iterations of a fold, are listed.
const LISTED_MAX: usize = 8;
/// Indentation stops growing at this depth; the style has a class for each.
const DEPTH_MAX: usize = 8;

/// A film under a heading of its own, with the command that tells it again.
pub(super) fn section(id: &str, listing: Option<&str>, film: &Film, again: &str) -> Markup {
    html! {
        section.history aria-labelledby={ (id) "-title" } {
            h3 #{ (id) "-title" } { "One history, step by step" }
            p.again { code { (brief(again, SENTENCE_CHARS_MAX)) } }
            (show(id, listing, film))
        }
    }
}

/// A film; `listing` is the id of the listing of its script, if the page has one.
pub(super) fn show(id: &str, listing: Option<&str>, film: &Film) -> Markup {
    let source = Source::new(String::new(), film.case.script.as_bytes());
    let script = Script::parse(&*film.case.script).ok();
    let reel = Reel { id, listing, instructions: Instructions::new(&source, script.as_ref()), source: &source };
    let start = telling_step(film);
    html! {
        @if film.frames.is_empty() {
            p.muted { "Nothing happened." }
        } @else {
            (legend())
            div.film #(id) data-start=(start) {
                (lanes::show(id, film))
                div.reel {
                    div.controls hidden {
                        button type="button" data-move="-1" aria-label="previous step" { "‹" }
                        input type="range" min="0" max=(film.frames.len() - 1) value=(start) step="1"
                            aria-label="step of the history";
                        button type="button" data-move="1" aria-label="next step" { "›" }
                        output.count { }
                        button.all type="button" aria-pressed="false" { "all steps" }
                    }
                    div.steps {
                        @for (index, frame) in film.frames.iter().enumerate() { (reel.step(index, frame)) }
                    }
                }
            }
        }
        (more(film.frames.len() + film.omitted, film.frames.len()))
        @if let Some(failure) = &film.failure {
            p.warn { "Then the runner failed: " (brief(failure, SENTENCE_CHARS_MAX)) }
        }
    }
}

/// The first step that shows most kinds of origins: the slider begins there.
fn telling_step(film: &Film) -> usize {
    let kinds = |frame: &Frame| {
        let origins = frame.shot.iter().flat_map(|shot| &shot.states).map(|state| state.origin);
        origins.collect::<BTreeSet<_>>().len()
    };
    let steps = film.frames.iter().map(kinds).enumerate();
    steps.max_by_key(|&(index, kinds)| (kinds, std::cmp::Reverse(index))).map_or(0, |(index, _)| index)
}

const fn word(origin: Origin) -> &'static str {
    match origin {
        Origin::New => "new",
        Origin::Current => "came",
        Origin::Both => "both",
        Origin::Previous => "had",
        Origin::Open => "open",
    }
}

fn legend() -> Markup {
    let meaning = |origin| match origin {
        Origin::New => "made by this run",
        Origin::Current => "came with the message (current data)",
        Origin::Both => "in both",
        Origin::Previous => "known before (previous data)",
        Origin::Open => "still to be made",
    };
    html! {
        ul.legend aria-label="Where states come from" {
            @for origin in Origin::ALL { li { span.tag.(word(origin)) { (word(origin)) } " " (meaning(origin)) } }
        }
    }
}

/// The texts of instructions by where they start.
struct Instructions<'a> {
    nodes: BTreeMap<u32, (NodeId, &'a Script)>,
    source: &'a Source<'a>,
}

impl<'a> Instructions<'a> {
    fn new(source: &'a Source<'a>, script: Option<&'a Script>) -> Self {
        let of = |script: &'a Script| {
            let tree = script.tree();
            tree.node_ids().map(move |id| (tree.node(id).span.start, (id, script)))
        };
        Self { nodes: script.into_iter().flat_map(of).collect(), source }
    }

    /// An instruction without those in it.
    fn text(&self, state: &SeenState) -> String {
        let text = match self.nodes.get(&state.start) {
            Some((node, script)) => print::descriptor(script.tree(), *node),
            None => self.source.text().get(state.start as usize..state.end as usize).unwrap_or_default().to_owned(),
        };
        brief(text.trim_end(), INSTRUCTION_CHARS_MAX)
    }
}

struct Reel<'a> {
    id: &'a str,
    listing: Option<&'a str>,
    source: &'a Source<'a>,
    instructions: Instructions<'a>,
}

impl Reel<'_> {
    fn step(&self, index: usize, frame: &Frame) -> Markup {
        let base = frame.shows.map(|shows| format!("{}-{shows}", self.id));
        html! {
            details.step #{ (self.id) "-" (index) } data-message=[message(&frame.event)] data-shows=[base.as_deref()] {
                summary { span.n { (index + 1) } (headline(&frame.event)) }
                (told(&frame.event))
                @match (&frame.shot, frame.shows, &base) {
                    (Some(shot), ..) => {
                        p.whose { "what " b { (brief(frame.event.peer(), NAME_CHARS_MAX)) } " knows then" (end(shot)) }
                        (self.trace(shot))
                    }
                    (None, Some(shows), Some(base)) => p.same {
                        b { (brief(frame.event.peer(), NAME_CHARS_MAX)) } " knows what it knew after "
                        a href={ "#" (base) } { "step " (shows + 1) }
                    },
                    _ => {}
                }
            }
        }
    }

    fn trace(&self, shot: &Shot) -> Markup {
        html! {
            @if shot.states.is_empty() {
                p.muted { "nothing yet" }
            } @else {
                div.scroll {
                    table.trace {
                        thead {
                            tr {
                                th.num scope="col" { "#" }
                                th scope="col" { "from" }
                                th scope="col" { "instruction" }
                                th scope="col" { "came to" }
                            }
                        }
                        tbody { @for state in &shot.states { (self.state(state)) } }
                    }
                }
            }
            (more(shot.states.len() + shot.omitted, shot.states.len()))
        }
    }

    fn state(&self, shown: &ShotState) -> Markup {
        let ShotState { position, depth, origin, state } = shown;
        html! {
            tr.(word(*origin)) {
                td.num { (position) }
                td { span.tag.(word(*origin)) { (word(*origin)) } }
                @match state {
                    Seen::State(state) => {
                        td.instruction.{ "d" (depth.min(&DEPTH_MAX)) } {
                            (place(self.listing, self.source.position(state.start as usize))) " " code { (self.instructions.text(state)) }
                        }
                        td { (outcome(state)) }
                    }
                    Seen::Event(event) => {
                        td { (brief(&event.kind, NAME_CHARS_MAX)) " of " (brief(&event.peer, NAME_CHARS_MAX)) }
                        td { code { (brief(&event.result, VALUE_CHARS_MAX)) } }
                    }
                }
            }
        }
    }
}

/// The message that a step is about.
fn message(event: &Event) -> Option<usize> {
    match event {
        Event::Sent { message, .. } | Event::Delivered { message, .. } => Some(*message),
        Event::Ran { message, .. } => *message,
        _ => None,
    }
}

/// What happened, in a line.
fn headline(event: &Event) -> Markup {
    let peer = brief(event.peer(), NAME_CHARS_MAX);
    html! {
        b { (peer) } " "
        @match event {
            Event::Ran { message, answers, .. } => {
                "runs"
                @if let Some(message) = message { " with message " (message) }
                @if !answers.is_empty() {
                    @if message.is_some() { " and" }
                    " with " (if answers.len() == 1 { "the answer" } else { "the answers" }) " of "
                    (answers.iter().take(LISTED_MAX).map(|id| format!("#{id}")).collect::<Vec<_>>().join(", "))
                    @if answers.len() > LISTED_MAX { " …" }
                }
            }
            other => @for line in story::lines(other).iter().take(1) { (brief(&line.text, SENTENCE_CHARS_MAX)) }
        }
    }
}

/// What a run led to.
fn told(event: &Event) -> Markup {
    let lines = if matches!(event, Event::Ran { .. }) { story::lines(event) } else { Vec::new() };
    html! {
        @if !lines.is_empty() {
            ul.told {
                @for line in lines.iter().take(LISTED_MAX) { li { (brief(&line.text, SENTENCE_CHARS_MAX)) } }
            }
            (more(lines.len(), LISTED_MAX))
        }
    }
}

fn end(shot: &Shot) -> Markup {
    html! {
        @match shot.end.as_deref() {
            None => {}
            Some("\"complete\"") => "; the script is complete",
            Some("\"waits\"") => "; the script waits",
            Some(other) => { "; the script ended: " code { (brief(other, VALUE_CHARS_MAX)) } }
        }
    }
}

/// What became of an instruction, in a few words; as the runner says it, if it has another notation.
fn outcome(state: &SeenState) -> Markup {
    let value = |text: &str| html! { code.value { (brief(text, VALUE_CHARS_MAX)) } };
    let waits = |peer: &str| html! { "waits for " (brief(peer, NAME_CHARS_MAX)) };
    match state.executed() {
        None => value(&state.state),
        Some(Executed::Par(left, right)) => {
            html! { span.muted { (number(left as u64)) " + " (number(right as u64)) " states" } }
        }
        Some(Executed::Ap { gens }) => {
            html! { span.muted { "generation " (gens.first().copied().unwrap_or_default()) } }
        }
        Some(Executed::Fold(lore)) => html! { span.muted { "over " (counted(lore.len(), "value")) } },
        Some(Executed::Canon(canon)) => match (canon.pending, canon.by) {
            (Some(peer), _) => waits(&peer),
            (None, by) => {
                let mut values: Vec<&str> = canon.values.iter().take(LISTED_MAX).map(|element| &*element.0).collect();
                if canon.values.len() > LISTED_MAX {
                    values.push("…");
                }
                let by = by.unwrap_or_default();
                html! {
                    (value(&format!("[{}]", values.join(", "))))
                    span.muted { " fixed by " (brief(&by, NAME_CHARS_MAX)) }
                }
            }
        },
        Some(Executed::Call(call)) => {
            if let Some(peer) = &call.sent_by {
                return html! { "asked by " (brief(peer, NAME_CHARS_MAX)) };
            }
            if let Some(peer) = &call.pending {
                return waits(peer);
            }
            match (&call.failed, call.result()) {
                (Some(failure), _) => html! { span.failed { "failed " } (value(failure)) },
                (None, Some(result)) => value(result),
                (None, None) => value(&state.state),
            }
        }
    }
}
