//! Names of peers, and the ids that the reference knows them by.
//!
//! The reference checks signatures, so its peers are named by their keys. A name has one key pair, made from the name
//! alone, so that the same name is the same id everywhere and always. A name may occur as a string anywhere, in a script
//! and in answers. What goes in is mapped where a *whole* string is a name; what comes out is mapped wherever an id
//! occurs, since error messages have ids in the middle. Keys of objects and steps of lenses are no strings, and stay: a
//! step cannot begin with a digit, as ids do. So a script that uses one text both as a peer and, by a string, as the key
//! of a map into which a lens goes is not given to the reference as it was meant.

use fluence_keypair::{KeyFormat, KeyPair};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How every id of an Ed25519 key begins.
const PREFIX: &str = "12D3KooW";
/// How long such an id is.
const LENGTH: usize = 52;

/// The secret key of a name.
pub(crate) fn secret(name: &str) -> [u8; 32] {
    *blake3::hash(name.as_bytes()).as_bytes()
}

fn id(name: &str) -> Arc<str> {
    let pair = KeyPair::from_secret_key(secret(name).to_vec(), KeyFormat::Ed25519);
    let pair = pair.expect("any 32 bytes are a secret key");
    pair.get_peer_id().to_string().into()
}

/// Names with their ids.
#[derive(Clone, Debug, Default)]
pub struct Names {
    ids: BTreeMap<Arc<str>, Arc<str>>,
    names: HashMap<Arc<str>, Arc<str>>,
}

impl Names {
    /// The id of a name, which is known from now on.
    pub fn add(&mut self, name: &str) -> Arc<str> {
        if let Some(id) = self.ids.get(name) {
            return id.clone();
        }
        let (name, id) = (Arc::<str>::from(name), id(name));
        self.ids.insert(name.clone(), id.clone());
        self.names.insert(id.clone(), name);
        id
    }

    /// Adds names of others.
    pub fn learn(&mut self, others: &Self) {
        for (name, id) in &others.ids {
            if !self.ids.contains_key(name) {
                self.ids.insert(name.clone(), id.clone());
                self.names.insert(id.clone(), name.clone());
            }
        }
    }

    /// The id of a name, or the text as it is.
    pub fn encode<'t>(&'t self, text: &'t str) -> &'t str {
        self.ids.get(text).map_or(text, |id| id)
    }

    /// The text with names where ids were.
    pub fn decode<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains(PREFIX) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(PREFIX) {
            let name = rest.get(at..at + LENGTH).and_then(|id| self.names.get(id));
            let end = at + if name.is_some() { LENGTH } else { PREFIX.len() };
            out.push_str(&rest[..at]);
            out.push_str(name.map_or(PREFIX, |name| name));
            rest = &rest[end..];
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// A script with ids where names were.
    pub fn encode_script(&self, script: &str) -> String {
        let mut out = String::with_capacity(script.len() + 256);
        let mut rest = script;
        while let Some(first) = rest.chars().next() {
            let end = match first {
                '"' => {
                    let close = rest[1..].find('"').map(|at| at + 1);
                    let inner = &rest[1..close.unwrap_or(rest.len())];
                    out.push('"');
                    out.push_str(self.encode(inner));
                    close.map_or(rest.len(), |at| {
                        out.push('"');
                        at + 1
                    })
                }
                ';' => {
                    let end = rest.find('\n').unwrap_or(rest.len());
                    out.push_str(&rest[..end]);
                    end
                }
                '(' | ')' | '[' | ']' => {
                    out.push(first);
                    1
                }
                blank if blank.is_whitespace() => {
                    out.push(blank);
                    blank.len_utf8()
                }
                _ => {
                    let end = word(rest);
                    out.push_str(&rest[..end]);
                    end
                }
            };
            rest = &rest[end..];
        }
        out
    }

    /// A value with ids where names were.
    pub fn encode_value(&self, value: serde_json::Value) -> serde_json::Value {
        map(value, false, &|text| self.ids.get(text).map(|id| id.to_string()))
    }

    /// A value with names where ids were.
    pub fn decode_value(&self, value: serde_json::Value) -> serde_json::Value {
        map(value, true, &|text| match self.decode(text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        })
    }
}

/// How long the word is with which a text begins.
fn word(text: &str) -> usize {
    let (mut round, mut square) = (0_u32, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '(' => round += 1,
            '[' => square += 1,
            ')' if round == 0 => return at,
            ']' if square == 0 => return at,
            ')' => round -= 1,
            ']' => square -= 1,
            _ if c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

/// A value with other strings, and keys if they are meant too; values nest at most 127 deep.
fn map(value: serde_json::Value, keys: bool, with: &dyn Fn(&str) -> Option<String>) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(with(&text).unwrap_or(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| map(item, keys, with)).collect()),
        Value::Object(fields) => {
            let key = |key: String| if keys { with(&key).unwrap_or(key) } else { key };
            Value::Object(fields.into_iter().map(|(name, value)| (key(name), map(value, keys, with))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_strings_are_mapped_there_and_back() {
        let mut names = Names::default();
        let a = names.add("A");
        names.add("peer 1");
        let script = "(seq (call \"A\" (\"AA\" \"A\") [x.$.A.[0] \"\"] A) ; \"A\"\n (ap \"peer 1\" y))";
        let encoded = names.encode_script(script);
        assert_eq!(encoded.matches(&*a).count(), 2);
        assert!(encoded.contains("\"AA\"") && encoded.contains("; \"A\"\n") && encoded.contains("\"\"] A)"));
        assert_eq!(names.decode(&encoded), script);
    }

    #[test]
    fn ids_are_as_the_decoder_expects_them() {
        for name in ["", "A", "init", "peer 1", "größe"] {
            let id = id(name);
            assert!(id.starts_with(PREFIX) && id.len() == LENGTH, "{id}");
        }
    }
}
