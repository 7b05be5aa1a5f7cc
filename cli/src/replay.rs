//! `airtight replay`: a saved counterexample, played again.

use crate::args::ReplayArgs;
use crate::check::story;
use crate::console::{Console, Verdict, shown_name};
use crate::subject;
use airtight_properties::{Counterexample, Replayed};
use std::io::{self, Write};

pub(crate) fn run(args: &ReplayArgs, console: &mut Console) -> io::Result<()> {
    let Some(bytes) = console.read(&args.file)? else { return Ok(()) };
    let counterexample = match Counterexample::parse(&bytes) {
        Ok(counterexample) => counterexample,
        Err(error) => return console.unusable("replay", &args.file, error),
    };
    let mut subject = match subject::make(&args.subject) {
        Ok(subject) => subject,
        Err(error) => return console.unusable("replay", &args.file, error),
    };
    let name = shown_name(&args.file);
    match counterexample.replay(&mut subject) {
        Ok(Replayed::Fails(again)) => {
            console.verdict(Verdict::Invalid);
            let styled = console.out_styled;
            writeln!(console.out, "{}", story::tell(&again, styled))?;
            writeln!(console.out, "{name}: `{}` still fails", counterexample.law)
        }
        Ok(Replayed::Holds) => writeln!(console.out, "{name}: `{}` holds in this case", counterexample.law),
        Ok(Replayed::Vacuous) => {
            writeln!(console.out, "{name}: nothing comes about that `{}` is about", counterexample.law)
        }
        Err(error) => console.unusable("replay", &args.file, error),
    }
}
