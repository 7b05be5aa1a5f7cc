//! Findings for people.

use crate::excerpt::{Mark, excerpts};
use crate::source::{Source, brief};
use airtight_engine::script::{Diagnostic, Diagnostics, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Longer messages are cut; they quote the script.
const MESSAGE_CHARS_MAX: usize = 500;

/// Stands for the place in the rendered text: the renderer would count columns in the excerpt. No other text that it
/// gets has a control character.
const PLACE: char = '\u{1a}';

/// Draws all findings, with colours; if there are errors, a line that counts everything comes last.
pub(crate) fn render(source: &Source<'_>, diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    // A reader goes from top to bottom, and sees the excerpts rather than the spans.
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.excerpt);
    for diagnostic in sorted {
        out.push_str(&render_one(source, diagnostic));
        out.push_str("\n\n");
    }
    let omitted = |severity| diagnostics.omitted(severity);
    if let Some(more) = count_findings(" more", omitted) {
        out.push_str(&format!("and {more}\n\n"));
    }
    let count = |severity| diagnostics.count(severity);
    // A valid script has its own closing line.
    if let Some(all) = count_findings("", count).filter(|_| count(Severity::Error) > 0) {
        out.push_str(&format!("{}: {all}\n", source.name));
    }
    out
}

fn render_one(source: &Source<'_>, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut marks = vec![Mark { span: diagnostic.excerpt.into(), label: message(&diagnostic.caption), primary: true }];
    marks.extend(diagnostic.labels.iter().map(|label| Mark {
        span: label.span.into(),
        label: message(&label.text),
        primary: false,
    }));
    let excerpts = excerpts(source, marks);
    let title = level.primary_title(message(&diagnostic.message)).id(diagnostic.code.name());
    let mut group = Group::with_title(title);
    for excerpt in &excerpts {
        let annotations = excerpt.marks.iter().map(|mark| {
            let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(mark.span.clone());
            if mark.label.is_empty() { annotation } else { annotation.label(&mark.label) }
        });
        let snippet = Snippet::source(&excerpt.text).line_start(excerpt.first_line).path(PLACE.to_string());
        group = group.element(snippet.annotations(annotations));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(message(help)));
    }
    let rendered = Renderer::styled().render(&[group]);
    let places = excerpts.iter().map(|excerpt| excerpt.position);
    let mut out = String::with_capacity(rendered.len());
    let mut parts = rendered.split(PLACE);
    out.push_str(parts.next().unwrap_or_default());
    for (part, place) in parts.zip(places) {
        out.push_str(&format!("{}:{}:{}", source.name, place.line, place.column));
        out.push_str(part.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()));
    }
    out
}

fn message(text: &str) -> String {
    brief(text, MESSAGE_CHARS_MAX)
}

/// Counts errors and warnings in words, if there are any.
fn count_findings(more: &str, count: impl Fn(Severity) -> usize) -> Option<String> {
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning")];
    let words: Vec<String> = counts
        .into_iter()
        .map(|(severity, noun)| (count(severity), noun))
        .filter(|(n, _)| *n > 0)
        .map(|(n, noun)| format!("{n}{more} {}", plural(n, noun)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A number with its noun.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    format!("{n} {}", plural(n, noun))
}

fn plural(n: usize, noun: &str) -> String {
    if n == 1 { noun.into() } else { format!("{noun}s") }
}
