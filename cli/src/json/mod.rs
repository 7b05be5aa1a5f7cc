//! What is found out about a script as JSON; the long help of `parse` describes it.

mod check;
mod history;
mod tree;

pub(crate) use check::{checked, law};
pub(crate) use history::history;

use crate::source::{Position, Source};
use airtight_engine::script::{Diagnostic, Diagnostics, Script, Severity, Span};
use serde::Serialize;
use std::fmt::Debug;
use tree::{Ast, Tables};

/// What there is to say about one script.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    file: &'a str,
    valid: bool,
    diagnostics: Vec<Finding<'a>>,
    omitted: Omitted,
    #[serde(skip_serializing_if = "Option::is_none")]
    ast: Option<Ast<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bindings: Option<Tables<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    span: Bytes,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    excerpt: Bytes,
    #[serde(skip_serializing_if = "str::is_empty")]
    caption: &'a str,
    labels: Vec<Label<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Label<'a> {
    span: Bytes,
    line: usize,
    column: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct Omitted {
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct Bytes {
    start: u32,
    end: u32,
}

impl From<Span> for Bytes {
    fn from(Span { start, end }: Span) -> Self {
        Self { start, end }
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        file: &'a str,
        source: &'a Source<'a>,
        script: Result<&'a Script, &'a Diagnostics>,
        with_ast: bool,
    ) -> Self {
        let diagnostics = script.map_or_else(|errors| errors, Script::warnings);
        let shown = script.ok().filter(|_| with_ast);
        Self {
            file,
            valid: script.is_ok(),
            diagnostics: diagnostics.iter().map(|diagnostic| Finding::new(source, diagnostic)).collect(),
            omitted: Omitted {
                errors: diagnostics.omitted(Severity::Error),
                warnings: diagnostics.omitted(Severity::Warning),
            },
            ast: shown.map(|script| Ast::new(source, script)),
            bindings: shown.map(Tables::new),
        }
    }
}

impl<'a> Finding<'a> {
    fn new(source: &Source<'_>, diagnostic: &'a Diagnostic) -> Self {
        let place = |offset: u32| source.position(offset as usize);
        let Position { line, column } = place(diagnostic.span.start);
        let Position { line: end_line, column: end_column } = place(diagnostic.span.end);
        let labels = diagnostic.labels.iter().map(|label| {
            let Position { line, column } = place(label.span.start);
            Label { span: label.span.into(), line, column, text: &label.text }
        });
        Self {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code.name(),
            message: &diagnostic.message,
            span: diagnostic.span.into(),
            line,
            column,
            end_line,
            end_column,
            excerpt: diagnostic.excerpt.into(),
            caption: &diagnostic.caption,
            labels: labels.collect(),
            help: diagnostic.help.as_deref(),
        }
    }
}

/// The name of an enum's variant in kebab case.
pub(crate) fn kebab(variant: impl Debug) -> String {
    let mut out = String::new();
    for c in format!("{variant:?}").chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
