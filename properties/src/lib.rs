//! The laws of AIR, and the checker that holds interpreters and scripts to them.
//!
//! | laws | domain |
//! |---|---|
//! | [`merge`] | data of one script |
//! | [`execution`] | single runs |
//! | [`stability`] | data, and data that know more |
//! | [`protocol`] | whole histories |
//! | [`text`] | scripts as text and as trees; any bytes |
//!
//! A [`Law`] looks at one instance of a played [`Case`], under whatever runs it (a [`Subject`]), and returns a
//! [`Violation`] if the instance breaks it. Choices pick the instance and nothing is kept, so the same function serves
//! `cargo test`, campaigns and the replay of a counterexample.

pub mod case;
pub mod check;
mod counterexample;
pub mod execution;
pub mod film;
pub mod findings;
mod law;
pub mod merge;
pub mod protocol;
mod scene;
mod shrink;
pub mod stability;
pub mod story;
mod subject;
pub mod text;
pub mod view;
mod violation;

pub use case::{Case, CaseError, Played, Run, Schedule, ServiceSpec};
pub use check::{CheckError, LawRow, Options, Report, Totals, Verdict, check};
pub use counterexample::{Counterexample, FORMAT, ReplayError, Witness, WitnessSide};
pub use film::Film;
pub use findings::{Ending, Findings};
pub use law::{Amount, Check, Family, Law, Needs, law, laws};
pub use scene::{Letter, Product, Scene};
pub use subject::{Comparison, Offers, Subject};
pub use view::View;
pub use violation::{Side, Violation};
