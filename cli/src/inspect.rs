//! `airtight inspect`: shows what data hold, and with the script what they come to.

mod outline;
mod stores;
mod trace;

use crate::args::{Format, InspectArgs};
use crate::console::{Console, Verdict, is_stdin, shown_name};
use crate::render::render;
use crate::source::{Source, brief};
use airtight_engine::data::{Data, ScriptHash, decode};
use airtight_engine::execute::{self, Limits, Peer, Rendered, Stop};
use airtight_engine::inspect::{Inspection, Replay, own_view};
use airtight_engine::script::{Script, print};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use std::io::{self, Write};

/// A script that goes through more than this is not for reading.
const STEPS_MAX: u64 = 10_000_000;
/// How many peers are tried when it is not known who began a particle.
const GUESSES_MAX: usize = 16;
/// Longer instructions and error messages are cut.
const TEXT_CHARS_MAX: usize = 300;

pub(crate) fn run(args: &InspectArgs, console: &mut Console) -> io::Result<()> {
    if is_stdin(&args.data) && args.script.as_deref().is_some_and(is_stdin) {
        return console.unusable("read", &args.data, "it cannot be both the data and the script");
    }
    let script = match &args.script {
        Some(file) => match console.read(file)? {
            Some(bytes) => Some((file, bytes)),
            None => return Ok(()),
        },
        None => None,
    };
    let Some(bytes) = console.read(&args.data)? else { return Ok(()) };
    let name = shown_name(&args.data);
    let data = match decode(&unwrapped(&bytes)) {
        Ok(data) => data,
        Err(error) => return refuse(console, &format!("{name}: {error}")),
    };
    let Some((file, text)) = script else {
        return match args.format {
            Format::Json => json(console, &Inspection::new(&data, None)),
            Format::Text => write_data(console, &name, &data),
        };
    };
    let source = Source::new(shown_name(file), &text);
    let script = match Script::parse(&text) {
        Ok(script) => script,
        Err(errors) => {
            console.verdict(Verdict::Invalid);
            return console.report(&render(&source, &errors));
        }
    };
    let own_script = data.script().is_none_or(|hash| hash == ScriptHash::of(&text));
    if !own_script {
        let script = &source.name;
        let why = format!(
            "warning: {name} is not of the script {script}, or of another text of it; what follows may be wrong\n"
        );
        console.report(&why)?;
    }
    let (peer, rendered) = match rendered(args, &script, &data) {
        Ok(rendered) => rendered,
        Err(stop) => {
            let place = source.position(script.tree().node(stop.node()).span.start as usize);
            let instruction = brief(&print::descriptor(script.tree(), stop.node()), TEXT_CHARS_MAX);
            let why = format!("{}:{}:{}: {stop}: `{instruction}`", source.name, place.line, place.column);
            return refuse(console, &why);
        }
    };
    match args.format {
        Format::Json => {
            let replay = Replay::new(&script, &data, rendered, own_script);
            json(console, &Inspection::new(&data, Some(replay)))
        }
        Format::Text => {
            stores::head(&mut console.out, &name, &data)?;
            trace::write(&mut console.out, &source, &script, &data, &peer, &rendered)
        }
    }
}

fn refuse(console: &mut Console, why: &str) -> io::Result<()> {
    console.verdict(Verdict::Invalid);
    console.report(&format!("error: {why}\n"))
}

fn json(console: &mut Console, inspection: &Inspection) -> io::Result<()> {
    serde_json::to_writer(&mut console.out, inspection)?;
    writeln!(console.out)
}

/// What the data come to for whom: whoever the arguments say, or the peer of the journal.
///
/// If nobody says who began the particle, and that peer cannot be it, it is the first whose answers the script takes.
fn rendered(args: &InspectArgs, script: &Script, data: &Data) -> Result<(Peer, Rendered), Stop> {
    let own = own_view(data);
    let current = args.peer.as_deref().map(Into::into).or(own.current);
    let init = args.init.as_deref().map(Into::into).or(current.clone()).unwrap_or_default();
    let mut peer = Peer { current, init, timestamp: args.timestamp, ttl: args.ttl };
    let limits = Limits { steps: STEPS_MAX, ..Limits::default() };
    let mut rendered = execute::render(script, data, &peer, limits)?;
    if args.init.is_some() {
        return Ok((peer, rendered));
    }
    let mut others: Vec<_> = data.shared().stores().tetraplets.entries().iter().map(|origin| &origin.peer).collect();
    others.sort();
    others.dedup();
    for other in others.into_iter().take(GUESSES_MAX) {
        if rendered.not_taken.is_empty() {
            break;
        }
        let guess = Peer { init: other.clone(), ..peer.clone() };
        let guessed = execute::render(script, data, &guess, limits)?;
        if guessed.not_taken.len() < rendered.not_taken.len() || guessed.states.len() > rendered.states.len() {
            (peer, rendered) = (guess, guessed);
        }
    }
    Ok((peer, rendered))
}

/// The bytes of data, which may come as base64; what is neither is left to the decoder to refuse.
fn unwrapped(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.first() == Some(&b'{') {
        // Editors and shells end files with a line feed, which is no part of data.
        return Cow::Borrowed(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let letters: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    GeneralPurpose::new(&STANDARD, config).decode(letters).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn write_data(console: &mut Console, name: &str, data: &Data) -> io::Result<()> {
    stores::head(&mut console.out, name, data)?;
    stores::write(&mut console.out, data.shared().stores())?;
    outline::write(&mut console.out, data.shared())?;
    stores::journal(&mut console.out, data)
}
