//! `airtight parse`: says what is wrong with scripts.

use crate::args::{Format, ParseArgs};
use crate::ast;
use crate::console::{Console, Verdict, shown_name};
use crate::json::Report;
use crate::render::{counted, render};
use crate::source::Source;
use airtight_engine::script::{Script, Severity};
use std::io::{self, Write};

pub(crate) fn run(args: &ParseArgs, console: &mut Console) -> io::Result<()> {
    for file in &args.files {
        let Some(bytes) = console.read(file)? else { continue };
        let source = Source::new(shown_name(file), &bytes);
        let script = Script::parse(&bytes);
        if script.is_err() {
            console.verdict(Verdict::Invalid);
        }
        match args.format {
            Format::Json => {
                let name = file.to_string_lossy();
                let report = Report::new(&name, &source, script.as_ref(), args.ast);
                serde_json::to_writer(&mut console.out, &report)?;
                writeln!(console.out)?;
            }
            Format::Text => match script {
                Ok(script) => {
                    if !script.warnings().is_empty() {
                        console.report(&render(&source, script.warnings()))?;
                    }
                    summary(&source, &script, console)?;
                    if args.ast {
                        ast::write(&mut console.out, &source, &script)?;
                    }
                }
                Err(diagnostics) => console.report(&render(&source, &diagnostics))?,
            },
        }
    }
    Ok(())
}

fn summary(source: &Source<'_>, script: &Script, console: &mut Console) -> io::Result<()> {
    let instructions = counted(script.tree().node_count(), "instruction");
    let warnings = match script.warnings().count(Severity::Warning) {
        0 => "no warnings".into(),
        n => counted(n, "warning"),
    };
    writeln!(console.out, "{}: valid, {instructions}, {warnings}", source.name)
}
