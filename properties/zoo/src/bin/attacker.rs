//! Holds the laws against the engine it was built with, seed after seed, and says what it finds in lines of JSON.

use airtight_zoo::hunt::{self, Line};
use clap::Parser;
use std::time::Duration;

/// Holds the laws against the engine it was built with.
#[derive(Parser)]
struct Args {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// The seed after the last one.
    #[arg(long, default_value_t = 10)]
    to: u64,
    /// How long to hunt with each seed.
    #[arg(long, default_value = "10s")]
    time: humantime::Duration,
    /// How long to look which laws find something, with the first seed, after the hunts.
    #[arg(long, default_value = "0s")]
    finders: humantime::Duration,
}

fn main() {
    // Panics of a faulty engine are findings, and said as such.
    std::panic::set_hook(Box::new(|_| {}));
    let Args { from, to, time, finders } = Args::parse();
    for seed in from..to {
        say(&Line::Begins(seed));
        let (hunted, counterexample) = hunt::hunt(seed, *time);
        say(&Line::Hunted(hunted));
        if let Some(counterexample) = counterexample {
            say(&Line::Shown(hunt::shown(&counterexample)));
        }
    }
    if *finders > Duration::ZERO {
        say(&Line::Finders(hunt::finders(from, *finders)));
    }
}

fn say(line: &Line) {
    println!("{}", serde_json::to_string(line).unwrap_or_default());
}
