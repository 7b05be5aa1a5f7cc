//! Snapshots: what a reviewer reads when behaviour changes. A snapshot that changes is no failure in itself; see
//! `README.md` for when it is a breaking change.

mod command;
mod data;
mod diagnostics;
mod format;
mod outcomes;
mod page;
mod printing;
mod traces;
