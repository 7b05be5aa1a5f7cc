//! An interpreter with a mistake, as a program that speaks the runner protocol: what a check tells of it is worth reading.

use airtight_engine::runner::protocol::InitResponse;
use airtight_engine::runner::serve;
use airtight_snapshots::broken::LosesMessages;
use std::io;

fn main() -> io::Result<()> {
    let about = InitResponse::new();
    serve(&mut LosesMessages::default(), &about, &mut io::stdin().lock(), &mut io::stdout().lock(), 1 << 30)
}
