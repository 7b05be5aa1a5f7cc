//! Instructions that nothing can reach, because what comes before them waits for ever.

use super::Checked;
use crate::script::diagnostic::Sink;
use crate::script::{Code, Diagnostic, Kind, Visit};

/// How an instruction can end, as far as that can be told from the script.
#[derive(Clone, Copy, Default)]
struct Ends {
    /// It may complete or fail, rather than wait for ever.
    ends: bool,
    /// Something inside was reported.
    reported: bool,
}

pub(super) fn check(checked: &Checked<'_>, sink: &mut Sink) {
    let tree = checked.tree;
    if !checked.mistakes.nodes.is_empty() || !tree.nodes.iter().any(|node| node.kind == Kind::Never) {
        return;
    }
    let mut ended: Vec<Ends> = Vec::new();
    for visit in tree.walk() {
        let Visit::Leave(node) = visit else { continue };
        let mut children = [Ends::default(); 2];
        let count = tree.children(node).count();
        for child in children.iter_mut().take(count).rev() {
            *child = ended.pop().unwrap_or_default();
        }
        let [left, right] = children;
        let mut reported = left.reported || right.reported;
        // What stands after a `fail` is not reported: compilers leave the way back from another peer there.
        let ends = match tree.node(node).kind {
            Kind::Never => false,
            Kind::Seq => left.ends && right.ends,
            Kind::Par | Kind::Xor => left.ends || right.ends,
            Kind::New => left.ends,
            _ => true,
        };
        let mut parts = tree.children(node);
        if tree.node(node).kind == Kind::Seq
            && !left.ends
            && !left.reported
            && let (Some(before), Some(unreachable)) = (parts.next(), parts.next())
        {
            reported = true;
            sink.warning(|| {
                let span = tree.node(unreachable).span;
                Diagnostic::new(Code::Unreachable, span, "nothing reaches this instruction")
                    .excerpt(tree.header(unreachable))
                    .label(tree.header(before), "this waits for ever")
                    .help("remove it, or run it beside the other with `par`")
            });
        }
        ended.push(Ends { ends, reported });
    }
}
