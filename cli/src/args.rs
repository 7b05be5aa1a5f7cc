//! The command line.

use crate::json::kebab;
use airtight_engine::script::{Class, Code, Position};
use airtight_properties::Shard;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  airtight check script.air             check it: laws, and what the order of delivery decides
  airtight laws                         hold every law against the engine, or another interpreter
  airtight run script.air               run it in a simulated network, and tell what happens
  airtight parse script.air             say what is wrong with a script, if anything
  airtight fmt script.air               format it in place
  airtight inspect particle.data        show what is known of a particle";

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  a script or data are invalid, a run was given up, a law fails
  2  wrong usage, or a file or runner that cannot be used";

const CHECK_EXAMPLES: &str = "\
Examples:
  airtight check script.air             64 histories, a table of laws, and what else was found
  airtight check --time 30s script.air  as many as fit in half a minute
  airtight check --html report.html *.air
                                        all of it as a page, with histories to step through
  airtight check --runner './avm --json-rpc' script.air
                                        the same for another interpreter";

const CHECK_EXIT_CODES: &str = "\
Exit codes:
  0  every law holds
  1  a law fails, or a script is invalid
  2  wrong usage, or a file or runner that cannot be used";

const LAWS_EXAMPLES: &str = "\
Examples:
  airtight laws                         10,000 cases, and a table of laws
  airtight laws --time 10m --seed 7     as many as fit in ten minutes
  airtight laws --cases 10000000 --shard 3/8
                                        the third of eight parts of a campaign
  airtight laws --runner './avm --json-rpc' --time 5m
                                        the same for another interpreter
  airtight laws --exhaustive 4          every script of up to 4 instructions";

const LAWS_EXIT_CODES: &str = "\
Exit codes:
  0  every law holds, and each had something to say
  1  a law fails, or its premise never held in 2,000 cases or more
  2  wrong usage, or a file or runner that cannot be used";

const LAWS_JSON: &str = r#"
JSON (--format json) is one object:
  { "format": 1, "holds": true, "seed": 0, "shard": "1/1",
    "cases": 10000, "instances": 900000, "seconds": 16.1,
    "laws": [...],                          as `airtight check --format json` has them
    "found": [{"law", "case", "instances", "seconds", "file": path or null,
               "counterexample": {...}}] }"#;

const REPLAY_EXAMPLES: &str = "\
Examples:
  airtight replay counterexamples/script-word-law.json
  airtight replay --runner './avm --json-rpc' case.json";

const REPLAY_EXIT_CODES: &str = "\
Exit codes:
  0  the law holds in this case
  1  it still fails
  2  wrong usage, or a file or runner that cannot be used";

const CHECK_JSON: &str = r#"
JSON (--format json) is one object:
  { "format": 1, "holds": true,
    "scripts": [
      { "file": "x.air", "valid": true,
        "diagnostics": [...],                 as `airtight parse --format json` has them
        "report": {                           null if the script is invalid
          "totals": {"runs", "endless", "invocations", "givenUp", "messages", "calls",
                     "peers": [peer], "functions": {peer: {"service.function": calls}}},
          "laws": [{"law", "family", "statement", "domain", "instances", "held",
                    "verdict": "holds" | "fails" | "vacuous" | "not-applied",
                    "reason": text or null}],
          "counterexamples": [...],           as saved for `airtight replay`
          "findings": {"order": [...], "waits": [...], "unreached": [...], "unused": [...]} } } ] }
docs/checking-a-script.md has the members of each finding. Members may be added; none is removed or
changes its meaning while "format" is 1."#;

const PARSE_EXIT_CODES: &str = "\
Exit codes:
  0  every script is valid
  1  a script is invalid
  2  wrong usage, or a file that cannot be read";

const PARSE_EXAMPLES: &str = "\
Examples:
  airtight parse script.air             what is wrong with it, if anything
  airtight parse --ast script.air       its instructions, and what each name refers to
  cat script.air | airtight parse -     the same for standard input";

const JSON_SCHEMA: &str = r#"
JSON (--format json) is one object per script, each on a line of its own:
  { "file": "x.air",              as given; "-" for standard input
    "valid": false,
    "diagnostics": [              sorted by place, at most 50 errors and 50 warnings
      { "severity": "error",      or "warning"
        "code": "undefined-variable",
        "message": "…",
        "span": {"start": 8, "end": 16},     bytes, from 0, end exclusive
        "line": 1, "column": 9,              of span.start, from 1, in characters
        "endLine": 1, "endColumn": 17,       of span.end
        "excerpt": {"start": 12, "end": 13}, the part of the span to underline
        "caption": "…",                      a few words beside it; may be absent
        "labels": [{"span": …, "line": 1, "column": 2, "text": "…"}],
        "help": "…" } ],                     or null
    "omitted": {"errors": 0, "warnings": 0}, findings beyond those in the list
    "ast": …, "bindings": … }     with --ast, if the script is valid

  "ast" is the list of instructions in the order of their opening brackets:
    { "id": 0, "kind": "assign",  its position in the list; call, assign, insert, canon, seq, par,
                                  xor, match, mismatch, fold, next, new, fail, null or never
      "span": …,
      "operands": [
        { "position": "source",   what it is to the instruction; listed below
          "class": "scalar-lens", what it is itself; listed below
          "text": "x.$.[i]", "span": …,
          "refers": {"reads": 0}, if it reads or writes a name, else null; see below
          "through": [{"name": "i", "refers": {"reads": 1}}] } ],  scalars inside its lens
      "children": [1, 2] }

  "refers" is {"defines": d}, {"reads": d}, {"stream": s}, or one of
    "unset" (read inside a `new` that hides the name) and "nothing" (a read that waits for ever)
  "bindings" holds the tables that those numbers point into:
    { "definitions": [{"name", "node", "frame", "slot", "previous": refers}],
      "frames": [{"fold": node or null, "parent": frame, "slots": n}],
      "streams": [{"name", "declared": node or null, "writes": n, "reads": n}] }

A byte that is not UTF-8 counts as one character.
A file that cannot be read is reported on standard error and has no line."#;

const RUN_EXAMPLES: &str = "\
Examples:
  airtight run script.air               one history of it
  airtight run --seed 7 script.air      another one
  airtight run --failures 0.2 script.air
                                        one in which a fifth of all calls fail
  airtight run --duplicates 0.2 --restarts 0.1 script.air
                                        one in which messages arrive twice and peers crash";

const RUN_EXIT_CODES: &str = "\
Exit codes:
  0  the script was run, even if it failed
  1  it is invalid, or a run of it was given up
  2  wrong usage, or a file that cannot be read";

const RUN_FILES: &str = r#"
The file of --services is JSON. The first entry that fits a call decides what it comes to; what an
entry leaves out may be anything:
  { "answers": [
    { "peer": "hub", "service": "kv", "function": "get", "arguments": ["k"],
      "result": {"value": 42} },                                   a value,
    { "service": "kv", "error": {"ret_code": 404, "message": "no such key"} },
    { "service": "log", "text": "not JSON" } ] }                   or a text as it stands
No key may stand twice in an object, and values nest at most 127 deep.

JSON (--format json) is one object on one line:
  { "file", "seed", "quiet": whether nothing was left to do,
    "events": [{"event": "begun", "peer"}
               {"event": "ran", "peer", "message": number or null, "answers": [call], "retCode",
                "errorMessage", "nextPeers": [peer], "calls": [call]}
               {"event": "sent", "message", "from", "to", "bytes"}
               {"event": "delivered", "message", "from", "to", "again"}
               {"event": "answered", "peer", "call", "service", "function", "arguments", "retCode",
                "result"}
               {"event": "restarted", "peer"}],
    "peers": [{"peer", "trace": [{"state", "start", "end", "place", "at"}]}],
    "waiting": [text] }"#;

const FMT_EXAMPLES: &str = "\
Examples:
  airtight fmt script.air               format it in place
  airtight fmt --check *.air            say which are not formatted, change nothing
  airtight fmt --human script.air       show it without brackets
  airtight fmt - < in.air > out.air     format standard input";

const FMT_EXIT_CODES: &str = "\
Exit codes:
  0  every script is valid, and with --check formatted
  1  a script is invalid, or with --check not formatted
  2  wrong usage, or a file that cannot be read or written";

const SERVE_EXAMPLES: &str = r#"Examples:
  echo '{"jsonrpc":"2.0","id":1,"method":"init"}' | airtight serve"#;

const GENERATE_EXAMPLES: &str = "\
Examples:
  airtight generate -n 3                          three valid scripts that do something
  airtight generate --profile near-valid --seed 7 one that a small edit has perhaps spoiled
  airtight generate -n 10000 --stats              what they consist of, and what running them does
  airtight generate -n 10000 --plot scripts.svg   the same as a picture

The same profile, seed and number give the same script, on every machine.
With --stats or --plot each valid script is run in a simulated network in which messages arrive
twice, peers crash and services fail; scripts of more than 2,000 instructions are counted without
that.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  airtight inspect a.data                           what happened, and when it was learned
  airtight inspect a.data --script x.air            what it comes to, and who has something to do
  airtight inspect b.data --script x.air --init A   the same, if A is known to have begun it";

const INSPECT_EXIT_CODES: &str = "\
Exit codes:
  0  the data are understood
  1  the data or the script are invalid
  2  wrong usage, or a file that cannot be read";

const INSPECT_JSON: &str = r#"
JSON (--format json) is one object:
  { "format": 1, "engine": "0.1.0",
    "script": "<64 hex digits>",          the hash of the script; absent where there are no bytes
    "blocks": 2,                          in how many blocks the events were learned
    "events": [                           in the order of places
      { "place": "<32 hex digits>",
        "kind": "call",                   or "canon"
        "peer": "A", "tetraplet": "A|db|get|",
        "at": 0,                          the block
        "result": {"value": …} } ],       or {"failure": …}, {"elements": [[value, tetraplet], …]}
    "journal": {                          if the data have one
      "peer": "A", "next": 3, "pending": [[2, "<place>"]], "answers": ["<place>"] },

  and with --script, "start" and "end" being bytes of the script:
    "ownScript": true,                    whether the data are of this script, byte by byte
    "end": "waits",                       "complete", or {"failed": {"code": …, "message": …}}
    "trace": [                            the executed states in order
      { "state": …, "start": 8, "end": 16, "place": "<place>",
        "at": 0 } ],                      if it has an event
    "pending": [                          calls and canons without event
      { "place": "<place>", "peer": "B", "callId": 2,    the id if the peer of the journal has asked
        "arguments": [true, false],       which are at hand
        "instruction": "call …", "start": 8, "end": 16 } ],
    "waiting": [{"name": "x", "start": 8, "end": 16}],
    "disputed": [{"place": "<place>", "start": 8, "end": 16}],
    "notTaken": [{"place": "<place>", "start": 8, "end": 16}] }

  "state" is one of
    {"par":[left,right]}                             numbers of states
    {"call":{"sentBy":"A","callId":1}}               asked of the own host
    {"call":{"pending":"B"}}, {"canon":{"pending":"B"}}
    {"call":{"scalar":value,"from":tetraplet}}       or "unused", or "failed"
    {"call":{"stream":value,"gen":0,"from":tetraplet}}
    {"ap":{"gens":[0]}}
    {"canon":{"by":"A","values":[[value,tetraplet]]}}
    {"fold":[{"pos":0,                               where the value comes from
              "before":[start,len],"after":[start,len]}]}"#;

/// Runs, checks and formats AIR scripts, and shows their data.
#[derive(Debug, Parser)]
#[command(version, after_help = long(EXAMPLES, EXIT_CODES), disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) color: colorchoice_clap::Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check scripts: play many histories of each, hold every law against them, and tell what the order of delivery decides.
    ///
    /// Services are made up, messages are delayed, reordered and repeated, peers crash and come back, calls fail. A law that
    /// fails is shown by the smallest case that was found, which is saved and can be replayed.
    #[command(after_help = CHECK_EXAMPLES, after_long_help = long(CHECK_EXAMPLES, CHECK_EXIT_CODES) + CHECK_JSON)]
    Check(CheckArgs),
    /// Look for counterexamples: play many small generated cases, and hold every law against an interpreter in each of them.
    ///
    /// Each case has a script of up to 15 instructions, services, messages that are delayed, reordered, repeated and lost, and
    /// peers that crash. A case is decided by the seed and its number, so that a campaign can be cut into shards.
    #[command(after_help = LAWS_EXAMPLES, after_long_help = long(LAWS_EXAMPLES, LAWS_EXIT_CODES) + LAWS_JSON)]
    Laws(LawsArgs),
    /// Play a saved counterexample again, and say whether its law still fails.
    #[command(after_help = REPLAY_EXAMPLES, after_long_help = long(REPLAY_EXAMPLES, REPLAY_EXIT_CODES))]
    Replay(ReplayArgs),
    /// Run a script in a simulated network, and tell what happens.
    ///
    /// Services are made up, so that any script runs: their answers fit what the script does with them, and depend on the
    /// seed. So does the order in which messages arrive and services answer.
    #[command(after_help = RUN_EXAMPLES, after_long_help = long(RUN_EXAMPLES, RUN_EXIT_CODES) + RUN_FILES)]
    Run(RunArgs),
    /// Check scripts and say what is wrong with them.
    #[command(after_help = PARSE_EXAMPLES, after_long_help = long(PARSE_EXAMPLES, PARSE_EXIT_CODES) + JSON_SCHEMA + &json_names())]
    Parse(ParseArgs),
    /// Format scripts in place, keeping their comments.
    ///
    /// An invalid script is reported and left as it is.
    #[command(after_help = FMT_EXAMPLES, after_long_help = long(FMT_EXAMPLES, FMT_EXIT_CODES))]
    Fmt(FmtArgs),
    /// Run scripts for another program: JSON-RPC 2.0 over standard input and output, one message a line.
    ///
    /// The methods are `init`, `run`, `merge`, `inspect` and `terminate`; docs/runner-protocol.md describes them.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Show what the data of a particle hold, and what they come to.
    ///
    /// Data hold what happened: answers of services and canons, each at its place. With the script, what they come to is
    /// shown too: the trace of executed states, what is pending for whom, and what waits for which name.
    #[command(after_help = INSPECT_EXAMPLES, after_long_help = long(INSPECT_EXAMPLES, INSPECT_EXIT_CODES) + INSPECT_JSON)]
    Inspect(InspectArgs),
    /// Print random scripts, or how they are distributed.
    #[command(after_help = GENERATE_EXAMPLES)]
    Generate(GenerateArgs),
}

fn long(examples: &str, exit_codes: &str) -> String {
    format!("{examples}\n\n{exit_codes}\n")
}

/// The values of the JSON that the engine decides.
fn json_names() -> String {
    let positions = Position::ALL.map(kebab).join(", ");
    let classes = Class::ALL.map(kebab).join(", ");
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    format!("\n\nPositions: {positions}.\n\nClasses: {classes}.\n\nCodes: {}.", codes.join(", "))
}

#[derive(Debug, Args)]
pub(crate) struct ParseArgs {
    /// Scripts to check; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Show the checked tree of valid scripts.
    ///
    /// Each instruction has its number, its place, and what its names refer to: `x := d0` makes definition 0, `x = d0`
    /// reads it, `$x = s0` is stream 0, `in f1` is a frame other than the script's. Lists of these follow the tree.
    #[arg(long)]
    pub(crate) ast: bool,

    /// How to report; `--help` describes the JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The data, as they are or in base64; `-` is standard input.
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,

    /// The script the data belong to.
    #[arg(long)]
    pub(crate) script: Option<PathBuf>,

    /// Who looks; by default the peer whose journal the data have.
    #[arg(long, requires = "script")]
    pub(crate) peer: Option<String>,

    /// Who began the particle, which is `%init_peer_id%` [default: who looks, or who fits]
    #[arg(long, value_name = "PEER", requires = "script")]
    pub(crate) init: Option<String>,

    /// The time stamp of the particle, which is `%timestamp%`.
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true, requires = "script")]
    pub(crate) timestamp: u64,

    /// How long the particle lives, which is `%ttl%`.
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true, requires = "script")]
    pub(crate) ttl: u32,

    /// How to report; `--help` describes the JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Which scripts.
    #[arg(long, value_enum, default_value_t = Profile::Valid)]
    pub(crate) profile: Profile,

    /// Decides all that is left to chance.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,

    /// How many scripts.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    pub(crate) count: u64,

    /// Print tables of their distribution instead of the scripts: instructions, operands, sizes, what they have about
    /// them that finds mistakes, and what happens when they are run.
    #[arg(long)]
    pub(crate) stats: bool,

    /// Write the distribution to this file as bar charts: a page if its name ends in `.html`, else SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Profile {
    /// Small scripts that keep all static rules, end, and do something when they are run.
    Valid,
    /// The same after one or two small edits; about half of them are refused.
    NearValid,
    /// Valid scripts of up to 400,000 instructions, some nested almost as deep.
    Big,
}

impl Profile {
    /// As it is given.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NearValid => "near-valid",
            Self::Big => "big",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The scripts to check; `-` is standard input.
    #[arg(required = true, value_name = "SCRIPT")]
    pub(crate) files: Vec<PathBuf>,

    /// How many histories of each script to play.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: u64,

    /// How long to play histories of each script instead, as in `30s` or `5m`.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "runs")]
    pub(crate) time: Option<Duration>,

    /// Decides all that is left to chance.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,

    /// A JSON file that fixes what some calls come to; `airtight run --help` describes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) services: Option<PathBuf>,

    /// The share of calls that fail, from 0 to 1 [default: none in half of the histories, some in the others]
    #[arg(long, value_name = "P", value_parser = share)]
    pub(crate) failures: Option<f64>,

    /// The peer that begins the particle.
    #[arg(long, value_name = "ID", default_value = "init")]
    pub(crate) peer_id: String,

    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Also write all that was found as one HTML page, which needs no other file and no network.
    ///
    /// It has the table of laws, each finding and counterexample with its lines, the scripts, and a history of each script as
    /// a diagram of messages with a slider over its steps: what the peer knows then, and where each part of that came from.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Where counterexamples are saved; made when there is one.
    #[arg(long, value_name = "DIR", default_value = "counterexamples")]
    pub(crate) out: PathBuf,

    /// How to report; `--help` describes the JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct LawsArgs {
    /// How many cases the whole campaign has [default: 10000, or without end with --time]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) cases: Option<u64>,

    /// How long to go on at most, as in `30s` or `5m`.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) time: Option<Duration>,

    /// Decides all that is left to chance.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Only part K of N of the campaign: each N-th case, from the K-th on.
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    pub(crate) shard: Shard,

    /// Only this law; may be given again for more.
    #[arg(long, value_name = "NAME")]
    pub(crate) law: Vec<String>,

    /// How many threads work [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    /// End with the first case that breaks a law.
    #[arg(long)]
    pub(crate) first: bool,

    /// Instead of drawn cases, every script of up to K instructions, in every order of events up to a bound; our engine only.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=8),
          conflicts_with_all = ["cases", "time", "seed", "shard", "law", "threads", "first", "runner", "format"])]
    pub(crate) exhaustive: Option<u32>,

    #[command(flatten)]
    pub(crate) subject: SubjectArgs,

    /// Where counterexamples are saved; made when there is one.
    #[arg(long, value_name = "DIR", default_value = "counterexamples")]
    pub(crate) out: PathBuf,

    /// How to report; `--help` describes the JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Which interpreter is looked at.
#[derive(Debug, Args)]
pub(crate) struct SubjectArgs {
    /// Check this program instead of our engine: a command that speaks the JSON-RPC of `airtight serve`.
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    pub(crate) runner: Option<RunnerCommand>,

    /// When two data of that program are alike [default: by events if it offers `inspect`, else by outcomes]
    #[arg(long, value_enum, requires = "runner")]
    pub(crate) compare: Option<Compare>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Compare {
    /// If their bytes are equal.
    Bytes,
    /// If they hold the same states in the same order.
    States,
    /// If they hold the same events.
    Events,
    /// If runs over them end alike, ask for the same calls and name the same peers.
    Outcomes,
}

/// A program and its arguments.
#[derive(Clone, Debug)]
pub(crate) struct RunnerCommand {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

fn command(text: &str) -> Result<RunnerCommand, String> {
    let mut words = shlex::split(text).unwrap_or_default().into_iter();
    match words.next() {
        Some(program) => Ok(RunnerCommand { program, arguments: words.collect() }),
        _ => Err("a command is a program and its arguments, quoted as in a shell".into()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The saved counterexample; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The script to run; `-` is standard input.
    #[arg(value_name = "SCRIPT")]
    pub(crate) file: PathBuf,

    /// Decides the answers of services, and the order of everything unless that has a number of its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Decides the order of everything [default: as --seed]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) schedule: Option<u64>,

    /// A JSON file that fixes what some calls come to; `--help` describes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) services: Option<PathBuf>,

    /// The share of calls that fail, from 0 to 1.
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = share)]
    pub(crate) failures: f64,

    /// The share of deliveries after which the message arrives once more, from 0 to 0.99.
    #[arg(long, value_name = "P", default_value = "0", value_parser = percent)]
    pub(crate) duplicates: u32,

    /// The share of steps before which some peer crashes, and comes back with what it stored, from 0 to 0.99.
    #[arg(long, value_name = "P", default_value = "0", value_parser = percent)]
    pub(crate) restarts: u32,

    /// The peer that begins the particle.
    #[arg(long, value_name = "ID", default_value = "init")]
    pub(crate) peer_id: String,

    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".into()),
    }
}

/// A share as a number of hundredths. What always happens again has no end.
fn percent(text: &str) -> Result<u32, String> {
    let hundredths = share(text).map(|share| share * 100.0).unwrap_or(f64::NAN);
    if (hundredths - hundredths.round()).abs() < 1e-9 && hundredths < 99.5 {
        Ok(hundredths.round() as u32)
    } else {
        Err("this share is a number from 0 to 0.99, in hundredths".into())
    }
}

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// Scripts to format; `-` reads standard input and writes standard output.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Write nothing; show what is not formatted, and exit with 1 if anything is.
    #[arg(long, conflicts_with = "human")]
    pub(crate) check: bool,

    /// Print a view without brackets, for reading only, and write nothing.
    #[arg(long)]
    pub(crate) human: bool,

    /// Show instructions that only lead over a peer as `hopon peer`.
    #[arg(long, requires = "human")]
    pub(crate) hopon: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The longest message that is read, in bytes; longer ones are answered with an error.
    #[arg(long, value_name = "BYTES", default_value_t = 512 << 20)]
    pub(crate) max_line_bytes: u64,
}
