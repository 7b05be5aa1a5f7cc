//! `airtight check --html`: everything that a check found out, as one page that needs nothing else.
//!
//! ```text
//! mod        the page: head, verdict, a chapter for each script
//! laws       the table of laws                 findings   what else histories tell about a script
//! film       a history, step by step           lanes      the same as a diagram
//! listing    scripts with marked lines         witness    counterexamples
//! text       names, values and numbers as a page may show them
//! ```
//!
//! **Names and values are hostile.** All text goes through [`maud`], which escapes it, and through `text`, which shows what
//! cannot be seen and cuts what is long. The page's policy allows its own style and its own script, by their hashes, and
//! nothing else; so there are no `style` attributes. **The page is bounded**: each list says how much of it is left out.
//! **Without its script it is complete**: the script only shows one step of a history at a time.

mod film;
mod findings;
mod lanes;
mod laws;
mod listing;
mod text;
mod witness;

use crate::args::CheckArgs;
use crate::check::findings::Shown;
use crate::check::table::together;
use crate::render::counted;
use crate::source::{Source, brief};
use airtight_engine::script::{Diagnostics, Script, Severity};
use airtight_properties::{Case, Film, Report, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use listing::{Listing, Mark};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::path::Path;
use text::{NAME_CHARS_MAX, number};

const STYLE: &str = include_str!("report.css");
const CODE: &str = include_str!("report.js");

/// How many scripts have a chapter of their own.
pub(crate) const CHAPTERS_MAX: usize = 60;
/// How many histories are shown, and how many of one script.
pub(crate) const FILMS_MAX: usize = 40;
pub(crate) const SCRIPT_FILMS_MAX: usize = 3;
/// How many functions are listed.
const FUNCTIONS_MAX: usize = 100;

/// What the page says about one script.
pub(crate) struct Chapter<'a> {
    pub(crate) file: &'a Path,
    pub(crate) source: Source<'a>,
    /// The script, or what is wrong with it.
    pub(crate) script: Result<Script, Diagnostics>,
    /// Nothing if the script is invalid.
    pub(crate) report: Option<&'a Report>,
    /// A history worth showing; if a law fails, that of each counterexample, as far as there are some.
    pub(crate) films: Vec<Film>,
    /// For each counterexample, the command that plays it again, if it was saved.
    pub(crate) replay: Vec<Option<String>>,
}

impl Chapter<'_> {
    fn fails(&self) -> usize {
        self.report.map_or(0, |report| report.counterexamples.len())
    }

    /// The command that tells a history of the script again.
    fn run_line(&self, args: &CheckArgs, case: &Case) -> String {
        Shown { args, file: self.file, source: &self.source, styled: false }.run_line(case)
    }

    /// The verdict in a word, with its class.
    fn verdict(&self) -> (&'static str, &'static str) {
        match self.report {
            None => ("invalid", "bad"),
            Some(report) if !report.holds() => ("fails", "bad"),
            Some(_) => ("holds", "good"),
        }
    }
}

/// The whole page.
pub(crate) fn page(args: &CheckArgs, chapters: &[Chapter<'_>]) -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(CODE)
    );
    let reports = || chapters.iter().filter_map(|chapter| chapter.report);
    let rows = together(reports().map(|report| report.laws.as_slice()));
    let title = match chapters {
        [only] => format!("{} · airtight check", brief(&only.source.name, NAME_CHARS_MAX)),
        all => format!("{} · airtight check", counted(all.len(), "script")),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header.top { (verdict(args, chapters, &rows)) }
                main {
                    @if chapters.len() > 1 { (contents(chapters)) }
                    @if !rows.is_empty() {
                        section #laws aria-labelledby="laws-title" {
                            h2 #laws-title {
                                "Laws"
                                @if chapters.len() > 1 { small { "all scripts together" } }
                            }
                            (laws::table(&rows))
                        }
                    }
                    @for (index, chapter) in chapters.iter().enumerate().take(CHAPTERS_MAX) {
                        (self::chapter(args, index + 1, chapter, chapters.len() > 1))
                    }
                    @if chapters.len() > CHAPTERS_MAX {
                        p.more { (counted(chapters.len() - CHAPTERS_MAX, "more script")) " without chapters" }
                    }
                }
                footer { p { "airtight " (env!("CARGO_PKG_VERSION")) } }
                script { (PreEscaped(CODE)) }
            }
        }
    };
    page.into_string()
}

/// What it comes to, in one sentence, and what was looked at.
fn verdict(args: &CheckArgs, chapters: &[Chapter<'_>], rows: &[airtight_properties::LawRow]) -> Markup {
    let count = |wanted: &Verdict| rows.iter().filter(|row| row.verdict == *wanted).count();
    let (fails, holds) = (count(&Verdict::Fails), count(&Verdict::Holds));
    let open = rows.len() - fails - holds;
    let invalid = chapters.iter().filter(|chapter| chapter.report.is_none()).count();
    let order: usize =
        chapters.iter().filter_map(|chapter| chapter.report).map(|report| report.findings.order.len()).sum();
    let class = if fails + invalid > 0 { "bad" } else { "good" };
    html! {
        p.kind { "airtight check" }
        h1 class=(class) {
            @if fails > 0 {
                (counted(fails, "law")) @if fails == 1 { " fails" } @else { " fail" }
            } @else if holds > 0 {
                (counted(holds, "law")) @if holds == 1 { " holds" } @else { " hold" } ", none fails"
            } @else {
                "Nothing was checked"
            }
            @if invalid > 0 { "; " (counted(invalid, "script")) @if invalid == 1 { " is" } @else { " are" } " invalid" }
        }
        p.sub {
            @if let [only] = chapters {
                code { (brief(&only.source.name, NAME_CHARS_MAX)) }
            } @else {
                (counted(chapters.len(), "script"))
            }
            @if fails > 0 { " · " (counted(holds, "law")) " hold" }
            @if open > 0 { " · " (counted(open, "law")) " undecided" }
            @if order > 0 { " · " (counted(order, "order dependence")) }
            " · seed " (args.seed)
        }
    }
}

fn contents(chapters: &[Chapter<'_>]) -> Markup {
    html! {
        nav aria-label="Scripts" {
            div.scroll tabindex="0" role="region" aria-label="Scripts" {
                table.contents {
                    thead {
                        tr {
                            th scope="col" { "script" }
                            th scope="col" { "laws" }
                            th.num scope="col" { "histories" }
                            th.num scope="col" { "calls" }
                            th.num scope="col" { "messages" }
                            th.num scope="col" { "findings" }
                        }
                    }
                    tbody {
                        @for (index, chapter) in chapters.iter().enumerate() {
                            @let name = brief(&chapter.source.name, NAME_CHARS_MAX);
                            @let (word, class) = chapter.verdict();
                            tr {
                                th scope="row" {
                                    @if index < CHAPTERS_MAX {
                                        a href={ "#s" (index + 1) } { (name) }
                                    } @else {
                                        (name)
                                    }
                                }
                                td { span.badge.(class) { (word) } }
                                @if let Some(report) = chapter.report {
                                    td.num { (number(report.totals.runs)) }
                                    td.num { (number(report.totals.calls)) }
                                    td.num { (number(report.totals.messages)) }
                                    td.num { (findings::count(chapter)) }
                                } @else {
                                    td {} td {} td {} td {}
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One script.
fn chapter(args: &CheckArgs, number: usize, chapter: &Chapter<'_>, own_laws: bool) -> Markup {
    let id = format!("s{number}");
    let (word, class) = chapter.verdict();
    let mut marks: Vec<Mark> = Vec::new();
    if let Ok(script) = &chapter.script {
        marks.extend(listing::syntax(script));
    }
    if let Some(report) = chapter.report {
        marks.extend(findings::marks(&report.findings));
    }
    let listing = Listing { id: &id, text: chapter.source.text(), marks };
    html! {
        section.chapter #(id) aria-labelledby={ (id) "-title" } {
            h2 #{ (id) "-title" } {
                code { (brief(&chapter.source.name, NAME_CHARS_MAX)) }
                span.badge.(class) { (word) }
            }
            @match &chapter.script {
                Err(diagnostics) => (findings::diagnostics(&id, &chapter.source, diagnostics, Severity::Error)),
                Ok(_) => @if let Some(report) = chapter.report { (totals(report)) },
            }
            @if let Some(report) = chapter.report {
                @for (index, counterexample) in report.counterexamples.iter().enumerate() {
                    @let film = chapter.films.get(index);
                    @let replay = chapter.replay.get(index).and_then(Option::as_deref);
                    (witness::counterexample(&format!("{id}c{}", index + 1), counterexample, film, replay))
                }
                (findings::all(args, &id, chapter, report))
                @if chapter.fails() == 0 {
                    @if let Some(film) = chapter.films.first() {
                        @let again = chapter.run_line(args, &film.case);
                        (self::film::section(&format!("{id}f"), Some(&id), film, &again))
                    }
                }
                @if own_laws {
                    details.fold { summary { h3 { "Laws, for this script alone" } } (laws::table(&report.laws)) }
                }
            }
            h3 #{ (id) "-source" } { "Script" }
            (listing.show())
        }
    }
}

fn totals(report: &Report) -> Markup {
    let totals = &report.totals;
    let figure = |n: u64, one: &str| {
        let word = if n == 1 {
            one.to_owned()
        } else if let Some(stem) = one.strip_suffix('y') {
            format!("{stem}ies")
        } else {
            format!("{one}s")
        };
        html! { div { dt { (word) } dd { (number(n)) } } }
    };
    let functions: Vec<(&str, &str, u64)> = totals
        .functions
        .iter()
        .flat_map(|(peer, functions)| functions.iter().map(|(function, calls)| (&**peer, function.as_str(), *calls)))
        .collect();
    html! {
        dl.figures {
            (figure(totals.runs, "history"))
            (figure(totals.peers.len() as u64, "peer"))
            (figure(totals.calls, "call"))
            (figure(totals.messages, "message"))
            (figure(totals.invocations, "run"))
            @if totals.endless > 0 { div.warn { dt { "without end" } dd { (number(totals.endless)) } } }
            @if totals.given_up > 0 { div.warn { dt { "runs given up" } dd { (number(totals.given_up)) } } }
        }
        @if !functions.is_empty() {
            details.fold {
                summary { h3 { "Calls by function" } }
                div.scroll tabindex="0" role="region" aria-label="Calls by function" {
                    table.functions {
                        thead { tr {
                            th scope="col" { "peer" } th scope="col" { "function" } th.num scope="col" { "calls" }
                        } }
                        tbody {
                            @for (peer, function, calls) in functions.iter().take(FUNCTIONS_MAX) {
                                tr {
                                    td { (brief(peer, NAME_CHARS_MAX)) }
                                    td { code { (brief(function, NAME_CHARS_MAX)) } }
                                    td.num { (number(*calls)) }
                                }
                            }
                        }
                    }
                }
                (text::more(functions.len(), FUNCTIONS_MAX))
            }
        }
    }
}
