//! The reference interpreter as a program that speaks the runner protocol: `airtight check --runner airtight-reference`.
//!
//! What data make the reference allocate has no bound of its own, so the whole process has one: beyond it the process ends,
//! and whoever drives it is told so and starts another one. So it is with a run that takes too long.

use airtight_engine::runner::protocol::InitResponse;
use airtight_engine::runner::serve;
use airtight_oracle::{Reference, VERSION};
use clap::Parser;
use std::error::Error;
use std::io::{stdin, stdout};

/// Serves the reference interpreter as JSON-RPC over standard input and output.
#[derive(Parser, Debug)]
struct Arguments {
    /// Memory that the process may have, in MiB, the stack of 512 MiB included; where the system can bound it
    #[arg(long, default_value_t = 4096)]
    memory: u64,
    /// How long a run may take, in milliseconds; the process ends with one that takes longer
    #[arg(long, default_value_t = 20_000)]
    millis: u64,
    /// The longest message that is read, in bytes
    #[arg(long, default_value_t = 512 << 20)]
    max_line_bytes: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    #[cfg(unix)]
    {
        let (_, most) = rlimit::Resource::AS.get()?;
        rlimit::Resource::AS.set((arguments.memory << 20).min(most), most)?;
    }
    let mut reference = Reference::new().with_millis_max(arguments.millis).ending();
    let about = InitResponse { name: "aquavm-air".into(), version: VERSION.into() };
    serve(&mut reference, &about, &mut stdin().lock(), &mut stdout().lock(), arguments.max_line_bytes)?;
    Ok(())
}
