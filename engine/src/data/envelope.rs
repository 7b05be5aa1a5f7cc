//! Data as peers send and store them: an envelope around the shared part and, at home, the journal.
//!
//! The first byte says how the rest is encoded. `{` begins the JSON form, the only one so far; every other first byte
//! is free for a binary form. Signatures will be another field of the shared part, in a later format version.

use std::sync::Arc;

use super::check::check;
use super::error::{DataError, ForeignScript};
use super::form::{EnvelopeForm, FORMAT, HeadForm};
use super::id::{ScriptHash, SharedHash};
use super::journal::Journal;
use super::shared::Shared;
use super::{read, write};
use crate::not_read::NotRead;
use crate::value::read_json;

/// The version of this engine, as its envelopes state it.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The longest engine version an envelope may state.
const ENGINE_VERSION_BYTES_MAX: usize = 64;

/// Data of one script, or none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Absent only where there is nothing else either.
    script: Option<ScriptHash>,
    engine: Arc<str>,
    shared: Shared,
    journal: Option<Journal>,
}

impl Data {
    /// What no bytes mean: an empty trace, of any script.
    pub fn nothing() -> Self {
        Self { script: None, engine: ENGINE_VERSION.into(), shared: Shared::default(), journal: None }
    }

    /// Data that this engine made.
    pub fn new(script: ScriptHash, shared: Shared, journal: Option<Journal>) -> Self {
        Self { script: Some(script), engine: ENGINE_VERSION.into(), shared, journal }
    }

    /// Whether the bytes are none. Data with an empty trace are something: some peer has run the script.
    pub fn is_nothing(&self) -> bool {
        self.script.is_none()
    }

    /// The hash of the script, absent where there are no bytes.
    pub fn script(&self) -> Option<ScriptHash> {
        self.script
    }

    /// The version of the engine that wrote the data.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// What peers exchange.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What a peer alone knows. It belongs to that peer: [`Journal::peer`] tells whose it is.
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// The shared part and the journal, to go on with.
    pub fn into_parts(self) -> (Shared, Option<Journal>) {
        (self.shared, self.journal)
    }

    /// The merge of two data of one script; the journal is that of `self`.
    pub fn merge(&self, current: &Self) -> Result<Self, ForeignScript> {
        let script = match (self.script, current.script) {
            (Some(previous), Some(current)) if previous != current => return Err(ForeignScript { previous, current }),
            (previous, current) => previous.or(current),
        };
        let (shared, journal) = (self.shared.merge(&current.shared), self.journal.clone());
        Ok(Self { script, engine: ENGINE_VERSION.into(), shared, journal })
    }
}

/// The canonical bytes of data.
pub fn encode(data: &Data) -> Vec<u8> {
    let mut bytes = Vec::new();
    if !data.is_nothing() {
        bytes.reserve(likely_len(&data.shared));
        write::data(data, &mut bytes);
    }
    bytes
}

/// About how long the encoding will be: texts of values, and what the other entries take in typical data.
fn likely_len(shared: &Shared) -> usize {
    let (stores, trace) = (shared.stores(), shared.trace());
    let texts: usize = stores.values.entries().iter().map(|value| value.text().len() * 9 / 8 + 8).sum();
    let results = stores.calls.len() * 130 + stores.canons.len() * 60 + stores.tetraplets.len() * 150;
    texts + results + trace.claims().len() * 48 + trace.place_count() * 16 + 512
}

/// The data that bytes mean, if they are the canonical bytes of any.
///
/// Takes time and memory linear in the length of the bytes and a fixed amount of stack.
pub fn decode(bytes: &[u8]) -> Result<Data, DataError> {
    match bytes.first() {
        None => return Ok(Data::nothing()),
        Some(b'{') => {}
        Some(first) => return Err(DataError::UnknownEncoding { first: *first }),
    }
    if let Some(form) = read::read(bytes) {
        return data(form);
    }
    // They are damaged, or written by somebody else: what is wrong?
    let form: EnvelopeForm = read_json(bytes).map_err(|error| form_error(bytes, &error))?;
    if form.format != FORMAT {
        return Err(DataError::FormatVersion { found: form.format });
    }
    if !is_engine_version(&form.engine) {
        return Err(DataError::EngineVersion);
    }
    let data = data(form)?;
    let expected = encode(&data);
    let equal = bytes.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
    if equal < bytes.len().max(expected.len()) {
        return Err(DataError::NotCanonical { byte: equal });
    }
    debug_assert!(false, "canonical bytes that `read` does not take");
    Ok(data)
}

/// What a form means, if its parts fit together.
fn data(form: EnvelopeForm) -> Result<Data, DataError> {
    let journal = form.journal.map(|form| Journal::from_entries(form.peer, form.next, form.pending, form.answers));
    let journal = journal.transpose()?;
    Ok(Data { script: Some(form.script), engine: form.engine, shared: check(form.shared)?, journal })
}

/// Data of another format are called so, whatever form they have.
fn form_error(bytes: &[u8], error: &serde_json::Error) -> DataError {
    match serde_json::from_slice(bytes) {
        Ok(HeadForm { format }) if format != FORMAT => DataError::FormatVersion { found: format },
        _ => {
            let NotRead { line, column, message } = NotRead::new(error);
            DataError::Form { line, column, message }
        }
    }
}

pub(super) fn is_engine_version(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    (1..=ENGINE_VERSION_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

impl Shared {
    /// The canonical bytes of the shared part alone: what laws compare.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(likely_len(self));
        write::shared(self, &mut bytes);
        bytes
    }

    /// The hash of the canonical bytes: what messages are compared by.
    pub fn hash(&self) -> SharedHash {
        SharedHash::from_bytes(*blake3::hash(&self.to_bytes()).as_bytes())
    }
}
