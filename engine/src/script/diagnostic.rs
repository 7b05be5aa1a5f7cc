//! What can be said against a script, as data; rendering is left to the caller.

use super::Span;
use std::borrow::Cow;
use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The script is refused.
    Error,
    /// The script runs, but probably not as meant, or not on every interpreter.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What kind of finding a [`Diagnostic`] is.
        ///
        /// A code does not fix the severity: a rule that the reference interpreter checks only in part is an error
        /// where it refuses the script and a warning where it lets the script pass.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable name, in kebab case, as shown to people and in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

codes! {
    /// Bytes that are not UTF-8.
    InvalidUtf8 = "invalid-utf8",
    /// A script too long for 32-bit offsets.
    ScriptTooLong = "script-too-long",
    /// A string without closing quote.
    UnclosedString = "unclosed-string",
    /// A character that no name may have.
    BadNameChar = "bad-name-char",
    /// A sigil without a name.
    EmptySigilName = "empty-sigil-name",
    /// A double sigil without a name, or a sigil directly before a lens.
    EmptyCanonName = "empty-canon-name",
    /// A dot before any digit or name.
    LeadingDot = "leading-dot",
    /// A number with something else in it.
    BadNumberChar = "bad-number-char",
    /// An integer outside of 64 bits, a lone sign, or digits that are not ASCII.
    BadInt = "bad-int",
    /// A float with digits that are not ASCII.
    BadFloat = "bad-float",
    /// A float of more than 11 bytes.
    FloatTooLong = "float-too-long",
    /// A character that no lens may have.
    BadLensChar = "bad-lens-char",
    /// A malformed lens.
    BadLens = "bad-lens",
    /// Something that is not allowed at its place.
    Unexpected = "unexpected",
    /// The input ends inside an instruction, or has none.
    UnexpectedEnd = "unexpected-end",
    /// Something after the one instruction of a script.
    Trailing = "trailing",
    /// A variable that is used but defined nowhere before.
    UndefinedVariable = "undefined-variable",
    /// A `next` outside of any fold with that iterator.
    UndefinedIterator = "undefined-iterator",
    /// A second `next` of one fold.
    MultipleNext = "multiple-next",
    /// A `new` of the iterator of an enclosing fold.
    NewOnIterator = "new-on-iterator",
    /// A fold inside another one with the same iterator.
    NestedIterator = "nested-iterator",
    /// A literal `fail` with code zero.
    FailCodeZero = "fail-code-zero",
    /// Something after `next` in a fold over a stream or map.
    AfterNext = "after-next",
    /// A correct fold that the reference interpreter takes for an [`AfterNext`](Self::AfterNext).
    AfterNextElsewhere = "after-next-elsewhere",
    /// A lens that the reference interpreter refuses or crashes on.
    UnportableLens = "unportable-lens",
    /// A read at which no definition of the name is in scope.
    OutOfScope = "out-of-scope",
    /// An assignment to the iterator of an enclosing fold.
    AssignedIterator = "assigned-iterator",
    /// A second assignment of a variable outside of folds.
    Reassigned = "reassigned",
    /// A `next` of an outer fold inside an inner one, which starts the inner one again.
    ReentrantFold = "reentrant-fold",
    /// A fold that never goes on to its second value.
    FoldWithoutNext = "fold-without-next",
    /// A stream or map that is read but never written.
    NeverWritten = "never-written",
    /// An instruction that nothing can reach.
    Unreachable = "unreachable",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A second place that explains a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, in a few words.
    pub text: String,
}

/// One finding about a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which rule.
    pub code: Code,
    /// Whether it refuses the script.
    pub severity: Severity,
    /// The place; see [`excerpt`](Self#structfield.excerpt) for the part to underline.
    pub span: Span,
    /// The part of `span` that is best shown to people, such as the header of a long instruction.
    pub excerpt: Span,
    /// What is wrong: lower case, the script's own text in backticks.
    pub message: String,
    /// A few words to set beside the excerpt; may be empty.
    pub caption: String,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            excerpt: span,
            message: message.into(),
            caption: String::new(),
            labels: Vec::new(),
            help: None,
        }
    }

    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn excerpt(mut self, excerpt: Span) -> Self {
        self.excerpt = excerpt;
        self
    }

    pub(crate) fn caption(mut self, text: impl Into<String>) -> Self {
        self.caption = text.into();
        self
    }

    pub(crate) fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}[{}] at byte {}: {}", self.code, self.span.start, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// A text of the script as a message quotes it: its start, if it is long.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    const CHARS_MAX: usize = 40;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Whether one inserted, removed, replaced or swapped character makes the one text of the other.
pub(crate) fn is_one_edit(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (a.get(..a.len() - end).unwrap_or_default(), b.get(..b.len() - end).unwrap_or_default()) {
        ([], [_]) | ([_], []) | ([_], [_]) => true,
        ([x, y], [v, w]) => x == w && y == v,
        _ => false,
    }
}

/// All findings about one script, sorted by place and without duplicates.
///
/// At most [`Diagnostics::CAPACITY`] errors and as many warnings are kept; the others are counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    omitted_errors: usize,
    omitted_warnings: usize,
}

impl Diagnostics {
    /// How many errors, and how many warnings, are kept.
    pub const CAPACITY: usize = 50;

    /// The findings, in the order of their places.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many findings of this severity there are beyond those kept.
    pub fn omitted(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.omitted_errors,
            Severity::Warning => self.omitted_warnings,
        }
    }

    /// How many findings of this severity there are, kept or not.
    pub fn count(&self, severity: Severity) -> usize {
        self.kept(severity) + self.omitted(severity)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn kept(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity).count()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for diagnostic in self {
            write!(f, "{separator}{diagnostic}")?;
            separator = "\n";
        }
        match self.omitted_errors + self.omitted_warnings {
            0 => Ok(()),
            more => write!(f, "{separator}and {more} more"),
        }
    }
}

impl std::error::Error for Diagnostics {}

/// Collects findings while a script is read; formats none that would not be kept.
///
/// Each pass over the script goes through it in textual order, so the first findings of each pass are enough to know the
/// first of all.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    errors: Kept,
    warnings: Kept,
    /// Bytes outside of UTF-8, reported once, in order.
    invalid: Vec<Span>,
}

#[derive(Debug, Default)]
struct Kept {
    list: Vec<Diagnostic>,
    omitted: usize,
    /// Where the findings of the pass at hand begin.
    pass: usize,
}

impl Kept {
    fn push(&mut self, make: impl FnOnce() -> Diagnostic) {
        if self.list.len() < self.pass + Diagnostics::CAPACITY {
            self.list.push(make());
        } else {
            self.omitted += 1;
        }
    }

    /// The first findings in textual order, and how many others there are.
    fn finish(mut self) -> (Vec<Diagnostic>, usize) {
        self.list.sort_by_key(|d| (d.span, d.code));
        self.list.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
        let more = self.list.len().saturating_sub(Diagnostics::CAPACITY);
        self.list.truncate(Diagnostics::CAPACITY);
        (self.list, self.omitted + more)
    }
}

impl Sink {
    pub(crate) fn error(&mut self, make: impl FnOnce() -> Diagnostic) {
        self.errors.push(make);
    }

    pub(crate) fn warning(&mut self, make: impl FnOnce() -> Diagnostic) {
        self.warnings.push(|| make().warning());
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.list.is_empty()
    }

    /// Says that the text is gone through from its start again.
    pub(crate) fn next_pass(&mut self) {
        for kept in [&mut self.errors, &mut self.warnings] {
            kept.pass = kept.list.len();
        }
    }

    /// Reports bytes outside of UTF-8; nothing more is to be said about the characters that stand for them.
    pub(crate) fn invalid_bytes(&mut self, spans: Vec<Span>) {
        for &span in &spans {
            self.error(|| {
                Diagnostic::new(Code::InvalidUtf8, span, "these bytes are not UTF-8")
                    .help("save the script as UTF-8 text")
            });
        }
        self.invalid = spans;
        self.next_pass();
    }

    /// Whether there are such bytes at this place.
    pub(crate) fn is_invalid(&self, offset: u32) -> bool {
        let after = self.invalid.partition_point(|span| span.start <= offset);
        let before = after.checked_sub(1).and_then(|last| self.invalid.get(last));
        before.is_some_and(|span| offset < span.end)
    }

    pub(crate) fn finish(self) -> Diagnostics {
        let (mut list, omitted_errors) = self.errors.finish();
        let (warnings, omitted_warnings) = self.warnings.finish();
        list.extend(warnings);
        list.sort_by_key(|d| (d.span, d.code, d.severity));
        Diagnostics { list, omitted_errors, omitted_warnings }
    }
}
