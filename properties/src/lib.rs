//! The laws of AIR, and the checker that holds interpreters and scripts to them.
//!
//! | laws | domain |
//! |---|---|
//! | [`merge`] | data of one script |
//! | [`free`] | freely drawn data and scripts, without a history |
//! | [`execution`] | single runs |
//! | [`stability`] | data, and data that know more |
//! | [`rendered`] | what data come to, as people read it |
//! | [`protocol`] | whole histories |
//! | [`values`], [`rewrites`] | calm networks |
//! | [`origins`] | where arguments and canons come from |
//! | [`forgery`] | data that no honest history made |
//! | [`answers`] | answers, asked for or not |
//! | [`limits`] | inputs at a limit, and one beside it |
//! | [`text`] | scripts as text and as trees; any bytes |
//! | [`refused`] | data and scripts of which one rule is broken |
//! | [`mod@campaign`] | drawn cases themselves |
//!
//! A [`Law`] looks at one instance of a played [`Case`], under whatever runs it (a [`Subject`]), and returns a
//! [`Violation`] if the instance breaks it. Choices pick the instance and nothing is kept, so the same function serves
//! `cargo test`, campaigns and the replay of a counterexample.

pub mod answers;
mod band;
mod calm;
pub mod campaign;
pub mod case;
pub mod check;
pub mod clock;
mod counterexample;
pub mod evaluator;
pub mod execution;
pub mod film;
pub mod findings;
pub mod forgery;
pub mod forms;
pub mod free;
mod hunt;
mod instances;
mod law;
pub mod limits;
pub mod merge;
pub mod origins;
mod pool;
pub mod protocol;
pub mod refused;
pub mod rendered;
pub mod rewrites;
mod scene;
pub mod scope;
mod shrink;
pub mod stability;
pub mod story;
mod subject;
pub mod target;
pub mod text;
pub mod values;
pub mod view;
mod violation;

pub use campaign::{CampaignReport, Found, Plan, Progress, Shard, campaign};
pub use case::{Case, CaseError, Played, Run, Schedule, ServiceSpec};
pub use check::{CheckError, LawRow, Options, Report, Totals, Verdict, check};
pub use clock::Clock;
pub use counterexample::{Counterexample, FORMAT, ReplayError, Replayed, Witness, WitnessSide};
pub use film::Film;
pub use findings::{Ending, Findings};
pub use hunt::{Hunt, hunt};
pub use law::{Amount, Check, Family, Law, Needs, law, laws};
pub use scene::{Letter, Product, Scene};
pub use subject::{Comparison, Offers, Subject};
pub use view::View;
pub use violation::{Side, Violation};
