//! Reads the canonical bytes of data, and nothing else, in one pass.
//!
//! This is the mirror of `write.rs`: whatever it takes is what would be written again, so nobody has to write it to see.
//! It says no without a reason; then `form.rs` reads with patience, and tells what is wrong. It must never say yes to
//! bytes that are not canonical, but for what [`check`](super::check) looks at: order, and what points where.

use std::sync::Arc;

use super::envelope::is_engine_version;
use super::form::{CallForm, CanonForm, EnvelopeForm, FORMAT, JournalForm, SharedForm, TraceForm, ValueText};
use super::id::{Digits, ValueId};
use super::journal::Answer;
use super::stores::{Index, OutputKind, ResultIx};
use super::trace::{Branch, Builder, Claim};
use crate::value::Tetraplet;

/// The envelope that these bytes mean, if they are written as this engine writes.
pub(super) fn read(bytes: &[u8]) -> Option<EnvelopeForm> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { text, rest: bytes, unescaped: String::new() };
    let envelope = reader.envelope()?;
    reader.rest.is_empty().then_some(envelope)
}

struct Reader<'b> {
    text: &'b str,
    rest: &'b [u8],
    /// Room for a string with escapes.
    unescaped: String,
}

impl<'b> Reader<'b> {
    fn envelope(&mut self) -> Option<EnvelopeForm> {
        self.take("{\"format\":")?;
        let format = self.number().filter(|format| *format == FORMAT)?;
        self.take(",\"engine\":")?;
        let engine = self.string().filter(|engine| is_engine_version(engine))?.into();
        self.take(",\"script\":\"")?;
        let script = self.digits()?;
        self.take("\",\"shared\":")?;
        let shared = self.shared()?;
        let journal = if self.take(",\"journal\":").is_some() { Some(self.journal()?) } else { None };
        self.take("}")?;
        Some(EnvelopeForm { format, engine, script, shared, journal })
    }

    fn shared(&mut self) -> Option<SharedForm> {
        let values = self.list("{\"values\":[", |reader| reader.shared_string().map(ValueText))?;
        let tetraplets = self.list(",\"tetraplets\":[", |reader| reader.tetraplet().map(Arc::new))?;
        let calls = self.list(",\"calls\":[", Self::call)?;
        let canons = self.list(",\"canons\":[", Self::canon)?;
        let mut built = Builder::default();
        self.each(",\"trace\":[", |reader| reader.place(&mut built))?;
        self.take("}")?;
        Some(SharedForm { values, tetraplets, calls, canons, trace: TraceForm::of(built) })
    }

    fn tetraplet(&mut self) -> Option<Tetraplet> {
        let mut member = |before| self.take(before).and_then(|()| self.shared_string());
        let (peer, service) = (member("{\"peer_pk\":")?, member(",\"service_id\":")?);
        let (function, lens) = (member(",\"function_name\":")?, member(",\"lens\":")?);
        self.take("}")?;
        Some(Tetraplet { peer, service, function, lens })
    }

    fn call(&mut self) -> Option<CallForm> {
        let (value, failure) = match self.take("{\"value\":") {
            Some(()) => (Some(self.index()?), None),
            None => (None, Some(self.take("{\"failure\":").and_then(|()| self.index())?)),
        };
        self.take(",\"tetraplet\":")?;
        let tetraplet = self.index()?;
        self.take(",\"arguments\":\"")?;
        let arguments = self.digits()?;
        self.take("\",\"output\":\"")?;
        let kinds = [("scalar", OutputKind::Scalar), ("stream", OutputKind::Stream), ("unused", OutputKind::Unused)];
        let output = kinds.into_iter().find_map(|(name, kind)| self.take(name).map(|()| kind))?;
        self.take("\"}")?;
        Some(CallForm { value, failure, tetraplet, arguments, output })
    }

    fn canon(&mut self) -> Option<CanonForm> {
        self.take("{\"tetraplet\":")?;
        let tetraplet = self.index()?;
        let elements = self.list(",\"elements\":[", |reader| {
            reader.take("[")?;
            let value = reader.index()?;
            reader.take(",")?;
            let origin = reader.index()?;
            reader.take("]")?;
            Some((value, origin))
        })?;
        self.take("}")?;
        Some(CanonForm { tetraplet, elements })
    }

    /// Members without anything are not written, so each that is there has something.
    fn place(&mut self, built: &mut Builder) -> Option<()> {
        self.take("{")?;
        let mut members = 0;
        if self.take("\"claims\":").is_some() {
            members += 1;
            self.each_of_some("[", |reader| reader.claim().map(|claim| built.claim(claim)))?;
        }
        for (name, branch) in [("\"left\":", Branch::Left), ("\"right\":", Branch::Right)] {
            if self.member(name, &mut members) {
                built.sized_child(branch, self.index()?);
            }
        }
        if self.member("\"iterations\":", &mut members) {
            self.children(built, Branch::Iteration)?;
        }
        if self.member("\"lasts\":", &mut members) {
            self.children(built, Branch::Last)?;
        }
        built.place();
        self.take("}")
    }

    /// The children of one kind that a fold has, with their sizes.
    fn children(&mut self, built: &mut Builder, branch: fn(ValueId) -> Branch) -> Option<()> {
        self.each_of_some("[", |reader| {
            reader.take("[\"")?;
            let value = reader.digits()?;
            reader.take("\",")?;
            built.sized_child(branch(value), reader.index()?);
            reader.take("]")
        })
    }

    fn claim(&mut self) -> Option<Claim> {
        let result = match self.take("{\"call\":") {
            Some(()) => ResultIx::Call(Index::new(self.index()?)),
            None => ResultIx::Canon(Index::new(self.take("{\"canon\":").and_then(|()| self.index())?)),
        };
        self.take(",\"at\":")?;
        let at = self.index()?;
        self.take("}")?;
        Some(Claim { result, at })
    }

    fn journal(&mut self) -> Option<JournalForm> {
        self.take("{\"peer\":")?;
        let peer = self.shared_string()?;
        self.take(",\"next\":")?;
        let next = self.call_id()?;
        let pending = self.list(",\"pending\":[", |reader| {
            reader.take("[")?;
            let id = reader.call_id()?;
            reader.take(",\"")?;
            let place = reader.digits()?;
            reader.take("\"]")?;
            Some((id, place))
        })?;
        let answers = self.list(",\"answers\":[", |reader| {
            reader.take("[\"")?;
            let place = reader.digits()?;
            reader.take("\",{\"ret_code\":")?;
            let ret_code = reader.code()?;
            reader.take(",\"result\":")?;
            let result = reader.shared_string()?;
            reader.take("}]")?;
            Some((place, Answer { ret_code, result }))
        })?;
        self.take("}")?;
        Some(JournalForm { peer, next, pending, answers })
    }

    // ---- the parts of JSON ----

    fn take(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// Whether a member with this name comes next; a comma stands between two.
    fn member(&mut self, name: &str, members: &mut usize) -> bool {
        let comma = if *members > 0 { "," } else { "" };
        let rest = self.rest.strip_prefix(comma.as_bytes()).and_then(|rest| rest.strip_prefix(name.as_bytes()));
        self.rest = rest.unwrap_or(self.rest);
        *members += usize::from(rest.is_some());
        rest.is_some()
    }

    /// Reads the items of a list that begins like this, its bracket included.
    fn each(&mut self, before: &str, item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let rest = self.rest;
        self.take(before)?;
        if self.take("]").is_some() {
            return Some(());
        }
        self.rest = rest;
        self.each_of_some(before, item)
    }

    /// As `each`, for a list that has items.
    fn each_of_some(&mut self, before: &str, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(before)?;
        loop {
            item(self)?;
            if self.take(",").is_none() {
                return self.take("]");
            }
        }
    }

    fn list<T>(&mut self, before: &str, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.each(before, |reader| item(reader).map(|item| items.push(item)))?;
        Some(items)
    }

    /// A number without a sign and leading zeros.
    fn number(&mut self) -> Option<u64> {
        let len = self.rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(len)?;
        if digits.is_empty() || digits.len() > 1 && digits.first() == Some(&b'0') {
            return None;
        }
        self.rest = rest;
        let add = |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
        digits.iter().try_fold(0, add)
    }

    fn index(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    fn call_id(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    fn code(&mut self) -> Option<i32> {
        let negative = self.take("-").is_some();
        let number = i64::try_from(self.number()?).ok()?;
        if negative && number == 0 {
            return None;
        }
        i32::try_from(if negative { -number } else { number }).ok()
    }

    /// The digits of an id, without the quotes.
    fn digits<T: Digits>(&mut self) -> Option<T> {
        let (digits, rest) = self.rest.split_at_checked(T::DIGITS)?;
        self.rest = rest;
        T::read(digits)
    }

    fn shared_string(&mut self) -> Option<Arc<str>> {
        self.string().map(Arc::from)
    }

    /// A string in which only what must be escaped is, in the shortest way.
    fn string(&mut self) -> Option<&str> {
        self.take("\"")?;
        let mut plain = self.plain()?;
        if self.take("\"").is_some() {
            return Some(plain);
        }
        self.unescaped.clear();
        loop {
            self.unescaped.push_str(plain);
            if self.take("\"").is_some() {
                return Some(&self.unescaped);
            }
            self.take("\\")?;
            let escaped = self.escaped()?;
            self.unescaped.push(escaped);
            plain = self.plain()?;
        }
    }

    /// The characters up to the next quote or escape.
    fn plain(&mut self) -> Option<&'b str> {
        let len = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        let start = self.text.len() - self.rest.len();
        self.rest = self.rest.get(len..)?;
        self.text.get(start..start + len)
    }

    fn escaped(&mut self) -> Option<char> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match byte {
            b'"' | b'\\' => char::from(*byte),
            b'b' => '\u{8}',
            b't' => '\t',
            b'n' => '\n',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'u' => {
                let (digits, rest) = self.rest.split_first_chunk::<4>()?;
                self.rest = rest;
                let code = match digits {
                    // These have a short escape.
                    [b'0', b'0', b'0', b'8' | b'9' | b'a' | b'c' | b'd'] => return None,
                    [b'0', b'0', high @ (b'0' | b'1'), low @ b'0'..=b'9'] => (high - b'0') << 4 | (low - b'0'),
                    [b'0', b'0', high @ (b'0' | b'1'), low @ b'a'..=b'f'] => (high - b'0') << 4 | (low - b'a' + 10),
                    _ => return None,
                };
                char::from(code)
            }
            _ => return None,
        })
    }
}
