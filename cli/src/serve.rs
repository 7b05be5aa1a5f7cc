//! `airtight serve`: the engine for programs in any language, as JSON-RPC 2.0 over standard input and output, one
//! message a line. `docs/runner-protocol.md` is the protocol.

use crate::args::ServeArgs;
use crate::console::Console;
use airtight_engine::runner::protocol::InitResponse;
use airtight_engine::runner::{Worker, serve};
use std::io;

pub(crate) fn run(args: &ServeArgs, console: &mut Console) -> io::Result<()> {
    let mut input = io::stdin().lock();
    serve(&mut Worker::new(), &InitResponse::new(), &mut input, &mut console.out, args.max_line_bytes)
}
