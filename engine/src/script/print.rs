//! A tree as text: canonical, compact, formatted with its comments, for people, and as it stands in error objects.
//!
//! **`parse(print(tree)) == tree`** for [`canonical`], [`compact`] and [`format()`], and printing what was parsed from
//! them prints it again. The other forms are one-way.

use super::{Accessor, Kind, LensView, NodeId, Operand, Span, Tree, Value, VariableKind, Visit, word};
use std::fmt::Write;

/// Indentation stops growing at this depth: it is cosmetic, and would make the output quadratic.
const INDENT_STEPS_MAX: usize = 40;
/// The same for the view for people, in which sequences are not indented.
const HUMAN_INDENT_STEPS_MAX: usize = 128;

/// Canonical AIR: one instruction a line, children indented by two blanks, no comments.
pub fn canonical(tree: &Tree) -> String {
    Printer::new(tree, None, false).print()
}

/// Canonical AIR on one line.
pub fn compact(tree: &Tree) -> String {
    Printer::new(tree, None, true).print()
}

/// Canonical AIR with the comments of the text that the tree was parsed from, and a line feed at the end.
///
/// A comment keeps its place between the tokens, and stays at the end of a line or on a line of its own.
pub fn format(tree: &Tree, text: &str) -> String {
    let mut out = Printer::new(tree, Some(text), false).print();
    out.push('\n');
    out
}

/// Writes canonical AIR; comments go where the places of the tree say.
struct Printer<'t> {
    tree: &'t Tree,
    text: &'t str,
    comments: std::slice::Iter<'t, Span>,
    compact: bool,
    out: String,
    /// The line ends in a comment, so whatever follows needs a new one.
    after_comment: bool,
    /// Where the last token written ends in the parsed text.
    at: usize,
}

#[derive(Clone, Copy)]
enum Gap {
    None,
    Blank,
    Line,
}

impl<'t> Printer<'t> {
    fn new(tree: &'t Tree, text: Option<&'t str>, compact: bool) -> Self {
        let comments = if text.is_some() { tree.comments() } else { &[] };
        let text = text.unwrap_or_default();
        Self { tree, text, comments: comments.iter(), compact, out: String::new(), after_comment: false, at: 0 }
    }

    fn print(mut self) -> String {
        let mut walk = self.tree.walk();
        while let Some(visit) = walk.next() {
            let depth = walk.ancestors().len();
            match visit {
                Visit::Enter(node) => self.header(node, depth - 1),
                Visit::Between(_) => {}
                Visit::Leave(node) => {
                    let end = self.tree.node(node).span.end;
                    self.piece(Gap::None, ")", end.saturating_sub(1), depth + 1);
                }
            }
        }
        self.comments_before(u32::MAX, 0);
        self.out
    }

    /// Writes what stands before the children of an instruction.
    fn header(&mut self, node: NodeId, depth: usize) {
        let tree = self.tree;
        let &super::Node { span, kind, has_output, .. } = tree.node(node);
        let gap = match (depth, self.compact) {
            (0, _) => Gap::None,
            (_, true) => Gap::Blank,
            (_, false) => Gap::Line,
        };
        self.piece(gap, "(", span.start, depth);
        self.token(Gap::None, kind.keyword(), depth);
        let operands = tree.operands(node);
        match (kind, operands) {
            (Kind::Call, [peer, service, function, arguments @ ..]) => {
                self.operand(Gap::Blank, peer, depth);
                self.token(Gap::Blank, "(", depth);
                self.operand(Gap::None, service, depth);
                self.operand(Gap::Blank, function, depth);
                self.token(Gap::None, ")", depth);
                self.token(Gap::Blank, "[", depth);
                let (arguments, output) = match arguments {
                    [arguments @ .., output] if has_output => (arguments, Some(output)),
                    arguments => (arguments, None),
                };
                let mut gap = Gap::None;
                for argument in arguments {
                    self.operand(gap, argument, depth);
                    gap = Gap::Blank;
                }
                self.token(Gap::None, "]", depth);
                if let Some(output) = output {
                    self.operand(Gap::Blank, output, depth);
                }
            }
            (Kind::Insert, [key, value, map]) => {
                self.token(Gap::Blank, "(", depth);
                self.operand(Gap::None, key, depth);
                self.operand(Gap::Blank, value, depth);
                self.token(Gap::None, ")", depth);
                self.operand(Gap::Blank, map, depth);
            }
            _ => {
                for operand in operands {
                    self.operand(Gap::Blank, operand, depth);
                }
            }
        }
    }

    fn operand(&mut self, gap: Gap, operand: &Operand, depth: usize) {
        self.piece(gap, "", operand.span.start, depth + 1);
        write_value(&mut self.out, self.tree, &operand.value, float);
        self.at = operand.span.end as usize;
    }

    /// Writes a keyword or bracket, whose place the tree does not hold: it is the next token of the parsed text.
    fn token(&mut self, gap: Gap, token: &str, depth: usize) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut after = rest;
        loop {
            after = after.trim_start();
            match after.strip_prefix(';') {
                Some(comment) => after = comment.find('\n').and_then(|end| comment.get(end..)).unwrap_or_default(),
                None => break,
            }
        }
        let start = self.at + rest.len() - after.len();
        self.piece(gap, token, start as u32, depth + 1);
    }

    /// Writes a token that stands at this place of the parsed text, after the comments before it.
    fn piece(&mut self, gap: Gap, token: &str, start: u32, depth: usize) {
        self.comments_before(start, depth);
        match gap {
            _ if std::mem::take(&mut self.after_comment) => self.line(depth),
            Gap::None => {}
            Gap::Blank => self.out.push(' '),
            Gap::Line => self.line(depth),
        }
        self.out.push_str(token);
        self.at = start as usize + token.len();
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        indent(&mut self.out, depth.min(INDENT_STEPS_MAX) * 2);
    }

    fn comments_before(&mut self, start: u32, depth: usize) {
        while let Some(&comment) = self.comments.as_slice().first().filter(|comment| comment.start < start) {
            self.comments.next();
            let before = self.text.get(..comment.start as usize).unwrap_or_default();
            let line = before.trim_end_matches(|c: char| c.is_whitespace() && c != '\n');
            if self.out.is_empty() {
            } else if line.is_empty() || line.ends_with('\n') || self.after_comment {
                self.line(depth);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(self.text.get(std::ops::Range::from(comment)).unwrap_or_default().trim_end());
            self.after_comment = true;
        }
    }
}

fn indent(out: &mut String, width: usize) {
    out.extend(std::iter::repeat_n(' ', width));
}

/// A float as AIR reads it back: with a dot, without exponent, as short as possible; `None` if there is no such
/// spelling of at most 11 bytes.
pub(crate) fn spell_float(float: f64) -> Option<String> {
    let mut text = float.to_string();
    if !text.contains('.') {
        text.push('.');
        if text.len() < word::FLOAT_LEN_MAX {
            text.push('0');
        }
    }
    (float.is_finite() && text.len() <= word::FLOAT_LEN_MAX).then_some(text)
}

fn float(out: &mut String, float: f64) {
    out.push_str(&spell_float(float).unwrap_or_default());
}

/// A float as the reference interpreter shows it: integral ones look like integers.
fn float_without_dot(out: &mut String, float: f64) {
    out.push_str(&float.to_string());
}

fn write_value(out: &mut String, tree: &Tree, value: &Value, float: fn(&mut String, f64)) {
    let lens = match value {
        Value::String(text) => {
            out.push('"');
            out.push_str(tree.text(*text));
            return out.push('"');
        }
        Value::Integer(integer) => return write(out, format_args!("{integer}")),
        Value::Float(number) => return float(out, *number),
        Value::Boolean(boolean) => return out.push_str(if *boolean { "true" } else { "false" }),
        Value::EmptyArray => return out.push_str("[]"),
        Value::InitPeerId => return out.push_str("%init_peer_id%"),
        Value::Timestamp => return out.push_str("%timestamp%"),
        Value::Ttl => return out.push_str("%ttl%"),
        Value::LastError(lens) => {
            out.push_str("%last_error%");
            lens
        }
        Value::Error(lens) => {
            out.push_str(":error:");
            lens
        }
        Value::Variable(variable) => {
            out.push_str(tree.text(variable.name));
            &variable.lens
        }
    };
    match tree.lens(*lens) {
        LensView::None => {}
        LensView::Length => out.push_str(".length"),
        LensView::Path(accessors) => {
            out.push_str(".$");
            for accessor in accessors {
                match accessor {
                    Accessor::Index(index) => write(out, format_args!(".[{index}]")),
                    Accessor::Field(name) => write(out, format_args!(".{}", tree.text(*name))),
                    Accessor::Scalar(name) => write(out, format_args!(".[{}]", tree.text(*name))),
                }
            }
        }
    }
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// An instruction without its children, as the `instruction` field of error objects holds it.
///
/// Scripts can read and compare this text, so it is part of the data format: the call without output ends in a blank,
/// and integral floats have no dot.
pub fn descriptor(tree: &Tree, node: NodeId) -> String {
    let mut out = String::new();
    write_descriptor(&mut out, tree, node);
    out
}

fn write_descriptor(out: &mut String, tree: &Tree, node: NodeId) {
    let &super::Node { kind, has_output, .. } = tree.node(node);
    let operands = tree.operands(node);
    out.push_str(kind.keyword());
    match (kind, operands) {
        (Kind::Call, [peer, service, function, arguments @ ..]) => {
            let (arguments, output) = match arguments {
                [arguments @ .., output] if has_output => (arguments, std::slice::from_ref(output)),
                arguments => (arguments, Default::default()),
            };
            shown_list(out, tree, " ", std::slice::from_ref(peer), " ");
            out.push_str(" (");
            shown_list(out, tree, "", &[*service, *function], " ");
            out.push_str(") [");
            shown_list(out, tree, "", arguments, " ");
            out.push_str("] ");
            shown_list(out, tree, "", output, " ");
        }
        (Kind::Insert, [entry @ .., map]) => {
            out.push_str(" (");
            shown_list(out, tree, "", entry, " ");
            out.push(')');
            shown_list(out, tree, " ", std::slice::from_ref(map), " ");
        }
        _ => shown_list(out, tree, " ", operands, " "),
    }
}

/// Operands as the reference interpreter shows them, each after its separator.
fn shown_list(out: &mut String, tree: &Tree, first: &str, operands: &[Operand], others: &str) {
    let mut separator = first;
    for operand in operands {
        out.push_str(separator);
        write_value(out, tree, &operand.value, float_without_dot);
        separator = others;
    }
}

/// How [`human`] prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HumanOptions {
    /// Shows the instructions that only lead the particle over a peer as `hopon peer`.
    pub hopon: bool,
}

/// The script for people: indentation in place of brackets, one-way; every line ends with a line feed.
///
/// It shows a script up to the nesting of its sequences.
pub fn human(tree: &Tree, options: HumanOptions) -> String {
    let mut out = String::new();
    // How far the children of each open node are indented.
    let mut indents = vec![0];
    let mut hop: Option<NodeId> = None;
    for visit in tree.walk() {
        if let Some(hidden) = hop {
            if visit != Visit::Leave(hidden) {
                continue;
            }
            hop = None;
        }
        match visit {
            Visit::Enter(node) => {
                let indent = indents.last().copied().unwrap_or_default();
                let kind = tree.node(node).kind;
                if let Some(peer) = hop_peer(tree, node).filter(|_| options.hopon) {
                    human_line(&mut out, indent, |out| shown_list(out, tree, "hopon ", std::slice::from_ref(peer), ""));
                    hop = Some(node);
                } else if kind != Kind::Seq {
                    human_line(&mut out, indent, |out| human_header(out, tree, node));
                }
                indents.push(indent + usize::from(kind != Kind::Seq));
            }
            Visit::Between(node) => {
                let outer = indents.len().checked_sub(2).and_then(|i| indents.get(i)).copied().unwrap_or_default();
                let divider = match tree.node(node).kind {
                    Kind::Par => "|",
                    Kind::Xor => "catch:",
                    Kind::Fold => "last:",
                    _ => continue,
                };
                human_line(&mut out, outer, |out| out.push_str(divider));
            }
            Visit::Leave(_) => drop(indents.pop()),
        }
    }
    out
}

fn human_line(out: &mut String, steps: usize, line: impl FnOnce(&mut String)) {
    indent(out, steps.min(HUMAN_INDENT_STEPS_MAX) * 4);
    line(out);
    out.push('\n');
}

fn human_header(out: &mut String, tree: &Tree, node: NodeId) {
    let &super::Node { kind, has_output, .. } = tree.node(node);
    match (kind, tree.operands(node)) {
        (Kind::Call, [peer, service, function, arguments @ ..]) => {
            let arguments = match arguments {
                [arguments @ .., output] if has_output => {
                    shown_list(out, tree, "", std::slice::from_ref(output), "");
                    out.push_str(" <- ");
                    arguments
                }
                arguments => arguments,
            };
            out.push_str("call ");
            shown_list(out, tree, "", std::slice::from_ref(peer), "");
            out.push_str(" (");
            shown_list(out, tree, "", &[*service, *function], ", ");
            out.push_str(") [");
            shown_list(out, tree, "", arguments, ", ");
            out.push(']');
        }
        (Kind::Par, _) => out.push_str("par:"),
        (Kind::Xor, _) => out.push_str("try:"),
        (Kind::Match | Kind::Mismatch | Kind::Fold | Kind::New, _) => {
            write_descriptor(out, tree, node);
            out.push(':');
        }
        _ => write_descriptor(out, tree, node),
    }
}

/// The peer of `(new $s (new #c (canon peer $s #c)))`, which leads the particle over a peer and does nothing else.
fn hop_peer(tree: &Tree, outer: NodeId) -> Option<&Operand> {
    let declared = |node: NodeId, kind: VariableKind| {
        let name = tree.operands(node).first().filter(|_| tree.node(node).kind == Kind::New)?.value;
        matches!(name, Value::Variable(v) if v.kind == kind).then_some(name)
    };
    let stream = declared(outer, VariableKind::Stream)?;
    let inner = tree.children(outer).next()?;
    let canon = declared(inner, VariableKind::Canon)?;
    let node = tree.children(inner).next().filter(|&node| tree.node(node).kind == Kind::Canon)?;
    let [peer, source, target] = tree.operands(node) else { return None };
    let uses_canon = matches!((peer.value, canon), (Value::Variable(p), Value::Variable(c)) if p.name == c.name);
    (source.value == stream && target.value == canon && !uses_canon).then_some(peer)
}
