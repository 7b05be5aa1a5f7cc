//! The command `airtight`: runs, checks and formats AIR scripts.
//!
//! ```text
//! main      arguments in, exit code out
//! args      the command line
//! check     `airtight check`          replay    `airtight replay`
//! laws      `airtight laws`: campaigns
//! subject   the interpreter that is looked at
//! run       `airtight run`
//! parse     `airtight parse`           fmt       `airtight fmt`
//! serve     `airtight serve`, JSON-RPC for programs
//! inspect   `airtight inspect`
//! generate  `airtight generate`
//! ast       the checked tree as text   diff      what `fmt --check` shows
//! json      the findings and the checked tree as JSON
//! html      what `check` found out, as one page
//! render    findings for people        excerpt   the part of a script that a finding shows
//! source    a script's bytes, text, lines and columns
//! console   the standard streams and the verdict
//! ```
//!
//! **Nothing here is quadratic, recursive, or longer than it is useful**: a report of a script shows at most a hundred
//! findings, and each of them a few short lines, whatever the script is.

mod args;
mod ast;
mod check;
mod console;
mod diff;
mod excerpt;
mod fmt;
mod generate;
mod html;
mod inspect;
mod json;
mod laws;
mod parse;
mod render;
mod replay;
mod run;
mod serve;
mod source;
mod subject;

use args::{Cli, Command};
use clap::Parser;
use console::Console;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.write_global();
    let mut console = Console::new();
    let result = match &cli.command {
        Command::Check(args) => check::run(args, &mut console),
        Command::Laws(args) => laws::run(args, &mut console),
        Command::Replay(args) => replay::run(args, &mut console),
        Command::Parse(args) => parse::run(args, &mut console),
        Command::Fmt(args) => fmt::run(args, &mut console),
        Command::Run(args) => run::run(args, &mut console),
        Command::Serve(args) => serve::run(args, &mut console),
        Command::Inspect(args) => inspect::run(args, &mut console),
        Command::Generate(args) => generate::run(args, &mut console),
    };
    console.finish(result)
}
