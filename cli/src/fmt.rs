//! `airtight fmt`: formats scripts.

use crate::args::FmtArgs;
use crate::console::{Console, Verdict, is_stdin, shown_name};
use crate::diff::diff;
use crate::render::render;
use crate::source::Source;
use airtight_engine::script::{Script, print};
use std::io::{self, Write};
use std::path::Path;

pub(crate) fn run(args: &FmtArgs, console: &mut Console) -> io::Result<()> {
    let many = args.files.len() > 1;
    for file in &args.files {
        let Some(bytes) = console.read(file)? else { continue };
        let source = Source::new(shown_name(file), &bytes);
        let script = match Script::parse(&bytes) {
            Ok(script) => script,
            Err(diagnostics) => {
                console.verdict(Verdict::Invalid);
                console.report(&render(&source, &diagnostics))?;
                continue;
            }
        };
        if args.human {
            if many {
                writeln!(console.out, "==> {} <==", source.name)?;
            }
            let text = print::human(script.tree(), print::HumanOptions { hopon: args.hopon });
            console.out.write_all(text.as_bytes())?;
            continue;
        }
        let formatted = print::format(script.tree(), source.text());
        if args.check {
            if formatted != source.text() {
                console.verdict(Verdict::Invalid);
                writeln!(console.out, "{}: not formatted", source.name)?;
                let shown = diff(&source, &formatted, console.out_styled);
                console.out.write_all(shown.as_bytes())?;
            }
        } else if is_stdin(file) {
            console.out.write_all(formatted.as_bytes())?;
        } else if formatted != source.text()
            && let Err(error) = replace(file, formatted.as_bytes())
        {
            console.unusable("write", file, error)?;
        }
    }
    Ok(())
}

/// Puts new contents into a file, all or nothing.
///
/// The file is replaced by another one with its permissions; behind a symbolic link, the file that it leads to is.
fn replace(file: &Path, contents: &[u8]) -> io::Result<()> {
    let file = file.canonicalize()?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if metadata.permissions().readonly() {
        return Err(io::Error::other("it is read-only"));
    }
    let directory = file.parent().ok_or_else(|| io::Error::other("it is in no directory"))?;
    let mut new = tempfile::Builder::new().prefix(".airtight-").tempfile_in(directory)?;
    new.write_all(contents)?;
    new.as_file().set_permissions(metadata.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&file)?;
    Ok(())
}
