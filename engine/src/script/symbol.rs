//! Interned text: names of variables and fields, and the contents of string literals.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// One interned text of a [`Tree`](super::Tree); equal texts of one tree have equal symbols.
///
/// Variables are interned with their sigil, so `log` and `$log` are two symbols.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(pub(crate) u32);

impl Symbol {
    /// The position in the order of first mention, for tables indexed by symbol.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The interned texts of one tree, in order of first mention.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Symbols {
    text: String,
    ends: Vec<u32>,
}

impl Symbols {
    pub(crate) fn get(&self, symbol: Symbol) -> &str {
        let index = symbol.index();
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |&end| end as usize);
        let end = self.ends.get(index).map_or(start, |&end| end as usize);
        self.text.get(start..end).unwrap_or_default()
    }

    /// Makes room for so many texts of usual length.
    pub(crate) fn reserve(&mut self, symbols: usize) {
        self.ends.reserve(symbols);
        self.text.reserve(symbols * 8);
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Symbols under construction. The hash seed differs between processes, so that no script can be made to collide;
/// nothing depends on it, because the table is never iterated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    pub(crate) symbols: Symbols,
    table: HashTable<Symbol>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    pub(crate) fn reserve(&mut self, symbols: usize) {
        let Self { symbols: known, table, hasher } = self;
        table.reserve(symbols, |&symbol| hasher.hash_one(known.get(symbol)));
    }

    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        let Self { symbols, table, hasher } = self;
        let hash = hasher.hash_one(text);
        let entry =
            table.entry(hash, |&known| symbols.get(known) == text, |&known| hasher.hash_one(symbols.get(known)));
        *entry
            .or_insert_with(|| {
                let symbol = Symbol(symbols.ends.len() as u32);
                symbols.text.push_str(text);
                symbols.ends.push(symbols.text.len() as u32);
                symbol
            })
            .get()
    }
}
