//! Results that nobody uses: names that a call, `ap` or canon writes, and no instruction reads.
//!
//! Left out is what is written for its effect only. A canon of a stream that nothing writes moves the particle to a peer;
//! compilers write `(new $hop (new #hop (canon peer $hop #hop)))` for each hop, and nothing reads `#hop`. They also ask for
//! `-relay-` whether or not the script needs it, and copy what a `join` waited for into a name that few scripts read: an
//! `ap` of a variable to a scalar is no result, since what it copies has a name already. Nor are iterators of folds.

use super::Place;
use super::outline::Outline;
use super::uses::{Use, uses};
use airtight_engine::script::{Binding, Instruction, NodeId, StreamId, Value};
use serde::Serialize;
use std::collections::BTreeSet;

/// What compilers ask for in any script.
const ALWAYS_ASKED: &str = "-relay-";

/// A name that is written and never read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unused {
    /// The instruction that writes it; of a stream, the first one.
    pub place: Place,
    /// Its keyword.
    pub instruction: &'static str,
    /// The name.
    pub name: String,
    /// How many instructions write it, if it is a stream or map.
    pub writes: usize,
}

/// Looks for such names, in textual order.
pub(super) fn find(outline: &Outline<'_>) -> Vec<Unused> {
    let (tree, bindings) = (outline.tree(), outline.script.bindings());
    let definitions = bindings.definitions();
    let scalars = definitions.iter().zip(uses(outline)).filter(|(definition, how)| {
        *how == Use::Nothing
            && outline.output(definition.node).is_some()
            && !outline.is_hop(definition.node)
            && !is_copy(outline, definition.node)
    });
    let scalars = scalars.map(|(definition, _)| (definition.node, tree.text(definition.name), 1));
    let mut seen: BTreeSet<StreamId> = BTreeSet::new();
    let streams = outline.nodes.iter().filter_map(|&node| {
        let Binding::Stream(stream) = bindings.operand(outline.output(node)?) else { return None };
        let scope = bindings.streams().get(stream.index())?;
        let is_unused = scope.reads == 0 && seen.insert(stream);
        is_unused.then(|| (node, tree.text(scope.name), scope.writes as usize))
    });
    let mut unused: Vec<_> = scalars.chain(streams).filter(|(_, name, _)| *name != ALWAYS_ASKED).collect();
    unused.sort_by_key(|(node, ..)| *node);
    unused
        .into_iter()
        .map(|(node, name, writes)| Unused {
            place: outline.header(node),
            instruction: outline.kind(node).keyword(),
            name: name.to_owned(),
            writes,
        })
        .collect()
}

/// Whether an instruction gives another name to a value.
fn is_copy(outline: &Outline<'_>, node: NodeId) -> bool {
    let Instruction::Assign { source, .. } = outline.tree().instruction(node) else { return false };
    matches!(outline.tree().operand(source).value, Value::Variable(_) | Value::LastError(_) | Value::Error(_))
}
