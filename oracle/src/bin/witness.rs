//! A campaign that ends with the first difference that is not in the ledger and says in JSON what it saw. `faults` builds it
//! with a fault in our engine.

use airtight_oracle::witness::Testimony;
use clap::Parser;
use std::error::Error;

/// Plays histories on both engines until one shows a difference that is not in the ledger, and says so in JSON.
#[derive(Parser, Debug)]
struct Arguments {
    /// How many histories
    #[arg(long, default_value_t = 1000)]
    histories: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { histories, seed } = Arguments::parse();
    println!("{}", serde_json::to_string(&Testimony::take(seed, histories)?)?);
    Ok(())
}
