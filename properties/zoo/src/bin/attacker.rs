//! Holds the laws against the engine it was built with, seed after seed, and says what it finds in lines of JSON.

use airtight_zoo::hunt::{self, Found, HANG, HANGS, Hunted, Line, work};
use clap::Parser;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// How long to hunt with each seed, in work of the processor.
    #[arg(long, default_value = "10s")]
    time: humantime::Duration,
    /// How long to look which laws find something, with the first seed, after the hunts.
    #[arg(long, default_value = "0s")]
    finders: humantime::Duration,
}

/// How long one case may take, in work; most take milliseconds.
const CASE_MAX: Duration = Duration::from_millis(900);

/// How long one may be made smaller, twice.
const SHRINKING_MAX: Duration = Duration::from_secs(30);

/// Of so many seeds, the first ones, what is found is made small: that takes longer than finding it.
const SHRUNK: u64 = 2;

fn main() {
    // Panics of a faulty engine are findings, and said as such.
    std::panic::set_hook(Box::new(|_| {}));
    let Args { from, to, time, finders } = Args::parse();
    let watch = Watch::begin();
    for seed in from..to {
        let begin = work();
        say(&Line::Begins { seed, at: begin.as_secs_f64() });
        watch.allow(CASE_MAX, Some((seed, begin)));
        let (hunted, counterexample) = hunt::hunt(seed, *time, &|| watch.goes_on());
        watch.allow(SHRINKING_MAX, None);
        say(&Line::Hunted(hunted));
        if let Some(counterexample) = counterexample.filter(|_| seed < SHRUNK) {
            say(&Line::Shown(hunt::shown(&counterexample)));
        }
    }
    if *finders > Duration::ZERO {
        watch.allow(CASE_MAX, None);
        let finds = |law: &str, seconds| say(&Line::Finder { law: law.to_owned(), seconds });
        hunt::finders(from, *finders, &finds, &|| watch.goes_on());
    }
}

fn say(line: &Line) {
    println!("{}", serde_json::to_string(line).unwrap_or_default());
}

/// Ends the process where the engine does not come to an end.
#[derive(Clone)]
struct Watch(Arc<Mutex<Watched>>);

struct Watched {
    /// How long it may be quiet, and since when it is.
    allowed: Duration,
    since: Duration,
    /// The hunt that goes on, and when it began.
    hunt: Option<(u64, Duration)>,
}

impl Watch {
    fn begin() -> Self {
        let watch = Self(Arc::new(Mutex::new(Watched { allowed: SHRINKING_MAX, since: work(), hunt: None })));
        let watching = watch.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(100));
                let Watched { allowed, since, hunt } = &*watching.watched();
                if work().saturating_sub(*since) <= *allowed {
                    continue;
                }
                if let Some((seed, begin)) = *hunt {
                    let what = "the engine does not come to an end".into();
                    let found = Some(Found { by: HANG.into(), what, shown: None });
                    let seconds = work().saturating_sub(begin).as_secs_f64();
                    say(&Line::Hunted(Hunted { seed, cases: 0, instances: 0, seconds, found }));
                }
                std::process::exit(HANGS);
            }
        });
        watch
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn allow(&self, allowed: Duration, hunt: Option<(u64, Duration)>) {
        *self.watched() = Watched { allowed, since: work(), hunt };
    }

    fn goes_on(&self) {
        self.watched().since = work();
    }
}
