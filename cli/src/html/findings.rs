//! What histories, and the script alone, tell besides laws.

use super::Chapter;
use super::listing::{Kind, Mark, place};
use super::text::{NAME_CHARS_MAX, SENTENCE_CHARS_MAX, VALUE_CHARS_MAX, more};
use crate::args::CheckArgs;
use crate::render::counted;
use crate::source::{Source, brief};
use airtight_engine::script::{Diagnostics, Severity};
use airtight_properties::Report;
use airtight_properties::findings::order::Example;
use airtight_properties::findings::{Findings, OrderFinding, Place, Unreached, Unused, Wait};
use maud::{Markup, html};

/// How many findings of a kind are shown.
const LISTED_MAX: usize = 40;

/// How many findings there are.
pub(super) fn count(chapter: &Chapter<'_>) -> usize {
    let warnings = chapter.script.as_ref().map_or(0, |script| script.warnings().count(Severity::Warning));
    let found = chapter.report.map_or(0, |report| {
        let Findings { order, waits, unreached, unused } = &report.findings;
        order.len() + waits.len() + unreached.len() + unused.len()
    });
    warnings + found
}

/// The parts of a script that findings are about.
pub(super) fn marks(findings: &Findings) -> impl Iterator<Item = Mark> {
    let mark = |place: &Place, kind| Mark { start: place.start as usize, end: place.end as usize, kind };
    let order = findings.order.iter().map(move |found| mark(&found.place, Kind::Order));
    let unreached = findings.unreached.iter().map(move |found| mark(&found.place, Kind::Unreached));
    let waits = findings.waits.iter().filter(|found| !found.by_design);
    order.chain(unreached).chain(waits.map(move |found| mark(&found.place, Kind::Waits)))
}

/// All there is to say about a script.
pub(super) fn all(args: &CheckArgs, id: &str, chapter: &Chapter<'_>, report: &Report) -> Markup {
    let Findings { order, waits, unreached, unused } = &report.findings;
    let shown = Shown { id, source: &chapter.source };
    html! {
        @if !order.is_empty() {
            h3 { "The order of delivery decides" }
            @for found in order.iter().take(LISTED_MAX) { (shown.order(found, |example| chapter.run_line(args, &example.replay.case))) }
            (more(order.len(), LISTED_MAX))
        }
        (list("Waits for ever", waits, |found| shown.wait(found)))
        (list("Never reached", unreached, |found| shown.unreached(found)))
        (list("Never used", unused, |found| shown.unused(found)))
        @if let Ok(script) = &chapter.script { (diagnostics(id, &chapter.source, script.warnings(), Severity::Warning)) }
    }
}

fn list<T>(title: &str, found: &[T], show: impl Fn(&T) -> Markup) -> Markup {
    html! {
        @if !found.is_empty() {
            h3 { (title) }
            ul.findings { @for one in found.iter().take(LISTED_MAX) { li { (show(one)) } } }
            (more(found.len(), LISTED_MAX))
        }
    }
}

/// What is wrong with a script, or looks wrong.
pub(super) fn diagnostics(id: &str, source: &Source<'_>, found: &Diagnostics, severity: Severity) -> Markup {
    let shown = Shown { id, source };
    let title = if severity == Severity::Error { "Errors" } else { "Warnings" };
    let mut sorted: Vec<_> = found.iter().filter(|one| one.severity == severity).collect();
    sorted.sort_by_key(|one| one.excerpt);
    html! {
        @if !sorted.is_empty() {
            h3 { (title) }
            ul.findings {
                @for one in sorted.iter().take(LISTED_MAX) {
                    li {
                        (shown.link(one.excerpt.start)) " " (brief(&one.message, SENTENCE_CHARS_MAX))
                        span.muted { " " (one.code.name()) }
                        @if let Some(help) = &one.help { p.muted { (brief(help, SENTENCE_CHARS_MAX)) } }
                    }
                }
            }
            (more(found.count(severity), sorted.len().min(LISTED_MAX)))
        }
    }
}

struct Shown<'a> {
    id: &'a str,
    source: &'a Source<'a>,
}

impl Shown<'_> {
    /// Line and column of an offset.
    fn link(&self, offset: u32) -> Markup {
        place(Some(self.id), self.source.position(offset as usize))
    }

    fn links(&self, places: &[Place], all: usize) -> Markup {
        html! {
            @for (index, place) in places.iter().enumerate() { @if index > 0 { ", " } (self.link(place.start)) }
            @if all > places.len() { " and " (all - places.len()) " more" }
        }
    }

    /// A sentence that quotes names between backticks.
    fn sentence(&self, text: &str) -> Markup {
        let text = brief(text, SENTENCE_CHARS_MAX);
        html! {
            @for (index, part) in text.split('`').enumerate() {
                @if index % 2 == 1 { code { (part) } } @else { (part) }
            }
        }
    }

    fn order(&self, found: &OrderFinding, again: impl Fn(&Example) -> String) -> Markup {
        let [one, other] = &found.examples;
        html! {
            article.order {
                h4 {
                    (self.link(found.place.start)) " " code { (found.instruction) }
                    @if let Some(name) = &found.name { " " code { (brief(name, NAME_CHARS_MAX)) } }
                }
                p { (self.sentence(&found.cause.text(self.source.text()))) "." }
                div.two {
                    @for example in [one, other] {
                        div {
                            h5 { "history " (example.replay.run) }
                            p.result { code.value { (brief(&example.value, VALUE_CHARS_MAX)) } }
                            @if !example.steps.is_empty() {
                                ol.story {
                                    @for step in &example.steps {
                                        li {
                                            (self.sentence(&step.text))
                                            @for learned in &step.learned {
                                                div.learned {
                                                    (self.link(learned.place.start)) " "
                                                    code.value { (brief(&learned.value, VALUE_CHARS_MAX)) }
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                            p.again { code { (brief(&again(example), SENTENCE_CHARS_MAX)) } }
                        }
                    }
                }
                @if found.is_read_alike { p.muted { "What the script reads of it was the same in all of them." } }
                @if found.outcomes.len() > 1 {
                    details {
                        summary { "in " (counted(found.runs, "history").replace("historys", "histories")) }
                        table.outcomes {
                            thead { tr { th.num scope="col" { "histories" } th scope="col" { "came to" } } }
                            tbody {
                                @for outcome in &found.outcomes {
                                    tr {
                                        td.num { (outcome.runs) }
                                        td { code.value { (brief(&outcome.value, VALUE_CHARS_MAX)) } }
                                    }
                                }
                            }
                        }
                    }
                }
                @if found.affected > 0 {
                    p.muted { "It decides what comes of " (self.links(&found.affects, found.affected)) "." }
                }
            }
        }
    }

    fn wait(&self, found: &Wait) -> Markup {
        html! {
            (self.link(found.place.start)) " " code { (found.instruction) } " — "
            (self.sentence(&found.reason.text(self.source.text())))
            span.muted {
                "; in " (found.runs) " of " (found.of) " histories"
                @if found.stuck > 0 { ", and with it the whole script in " (found.stuck) }
                @if found.by_design { "; the script says so itself" }
            }
            @if found.followers > 0 {
                p.muted { "In consequence: " (self.links(&found.following, found.followers)) }
            }
        }
    }

    fn unreached(&self, found: &Unreached) -> Markup {
        html! {
            (self.link(found.place.start)) " " code { (found.instruction) } " — "
            (self.sentence(&found.why.text(self.source.text())))
            @if found.after > 0 { span.muted { "; nor " (counted(found.after, "part")) " after it" } }
        }
    }

    fn unused(&self, found: &Unused) -> Markup {
        html! {
            (self.link(found.place.start)) " " code { (found.instruction) } " writes "
            code { (brief(&found.name, NAME_CHARS_MAX)) }
            @if found.writes > 1 { span.muted { ", as " (counted(found.writes - 1, "other")) @if found.writes == 2 { " does" } @else { " do" } } }
        }
    }
}
