//! Smaller scripts that still have what was looked for.
//!
//! Shrinking choices alone seldom reaches the smallest script, because a lost choice shifts the meaning of all later
//! ones. So what it leaves is reduced as a tree: an instruction gives way to one inside of it, to `(null)`, or loses an
//! operand that it can do without; operands give way to simpler ones.

use airtight_engine::script::{
    Accessor, Builder, Class, Instruction, Item, Kind, LensView, NodeId, OperandId, Position, SpellingError, Step,
    Tree, Value,
};

/// The smallest script that can be reached from this one by single cuts, such that each on the way is kept.
///
/// `keeps` says whether a script still has what was looked for; it is asked for scripts that break static rules too.
///
/// # Example
/// ```
/// use airtight_engine::script::{Tree, print};
/// use airtight_generators::reduce;
///
/// let tree = Tree::parse("(seq (call \"a\" (\"b\" \"c\") [1 2] x) (xor (par (null) (never)) (ap x y)))")?;
/// let smallest = reduce(tree, |tree| print::compact(tree).contains("never"));
/// assert_eq!(print::compact(&smallest), "(never)");
/// # Ok::<(), airtight_engine::script::Diagnostics>(())
/// ```
pub fn reduce(tree: Tree, mut keeps: impl FnMut(&Tree) -> bool) -> Tree {
    let mut smallest = tree;
    // Where the last cut was made: cuts before it were tried in vain.
    let mut from = 0;
    loop {
        let cuts = cuts(&smallest);
        let order = (from..cuts.len()).chain(0..from.min(cuts.len()));
        let cut = order.into_iter().find_map(|i| {
            let tree = rebuild(&smallest, cuts[i]).ok()?;
            (tree != smallest && keeps(&tree)).then_some((i, tree))
        });
        match cut {
            Some((i, tree)) => (from, smallest) = (i, tree),
            None => return smallest,
        }
    }
}

/// All scripts that one cut makes of this one, the big cuts first; none is the script itself, and some break static rules.
pub fn smaller(tree: Tree) -> impl Iterator<Item = Tree> {
    cuts(&tree).into_iter().filter_map(move |cut| rebuild(&tree, cut).ok().filter(|smaller| *smaller != tree))
}

/// One way to make a script smaller.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// An instruction gives way to one inside of it.
    Hoist(NodeId, NodeId),
    /// An instruction gives way to `(null)`.
    Null(NodeId),
    /// A fold loses its last instruction.
    Last(NodeId),
    /// A fold loses its body, and its last instruction takes that place.
    Body(NodeId),
    /// A call loses its output or an argument.
    Operand(OperandId),
    /// A lens loses all of its steps, or all but the first.
    Steps(OperandId, usize),
    /// An operand gives way to `"a"`, `0` or `[]`.
    Simpler(OperandId, Class),
}

/// The cuts of a script, the big ones first. All of them lead to a smaller script, in an order without cycles.
fn cuts(tree: &Tree) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = tree.node_ids().skip(1).map(|node| Cut::Hoist(NodeId::ROOT, node)).collect();
    let large = |node: &NodeId| tree.node(*node).end().index() > node.index() + 1;
    cuts.extend(tree.node_ids().filter(large).map(Cut::Null));
    for node in tree.node_ids().skip(1) {
        cuts.extend(tree.children(node).map(|child| Cut::Hoist(node, child)));
    }
    cuts.extend(tree.node_ids().filter(|&node| tree.node(node).kind != Kind::Null).map(Cut::Null));
    for node in tree.node_ids() {
        match tree.instruction(node) {
            Instruction::Fold { last: Some(_), .. } => cuts.extend([Cut::Last(node), Cut::Body(node)]),
            Instruction::Call { arguments, output, .. } => {
                cuts.extend(output.into_iter().chain(arguments).map(Cut::Operand))
            }
            _ => {}
        }
        for (operand, position) in tree.placed_operands(node) {
            let value = &tree.operand(operand).value;
            if let LensView::Path(_) | LensView::Length = tree.lens(lens(value)) {
                cuts.extend([Cut::Steps(operand, 0), Cut::Steps(operand, 1)]);
            }
            let rank = |class| SIMPLE.iter().position(|&simple| simple == class).unwrap_or(SIMPLE.len());
            let simpler = SIMPLE.into_iter().filter(|&class| rank(class) < rank(Class::of(value)));
            if position != Position::FailText {
                cuts.extend(simpler.map(|class| Cut::Simpler(operand, class)));
            }
        }
    }
    cuts
}

/// Operands from the simplest on.
const SIMPLE: [Class; 3] = [Class::EmptyArray, Class::String, Class::Integer];

const fn lens(value: &Value) -> airtight_engine::script::Lens {
    match value {
        Value::LastError(lens) | Value::Error(lens) => *lens,
        Value::Variable(variable) => variable.lens,
        _ => airtight_engine::script::Lens::NONE,
    }
}

enum Task {
    Node(NodeId),
    Close,
}

/// The tree after a cut.
fn rebuild(tree: &Tree, cut: Cut) -> Result<Tree, SpellingError> {
    let mut builder = Builder::default();
    let mut work = vec![Task::Node(NodeId::ROOT)];
    while let Some(task) = work.pop() {
        let Task::Node(node) = task else {
            builder.close()?;
            continue;
        };
        match cut {
            Cut::Hoist(outer, inner) if outer == node => {
                work.push(Task::Node(inner));
                continue;
            }
            Cut::Null(cut) if cut == node => {
                builder.leaf(Kind::Null, &[])?;
                continue;
            }
            _ => {}
        }
        builder.open(tree.node(node).kind)?;
        for (operand, position) in tree.placed_operands(node) {
            if matches!(cut, Cut::Operand(cut) if cut == operand) {
                continue;
            }
            write(&mut builder, tree, operand, position, cut)?;
        }
        work.push(Task::Close);
        let kept = match cut {
            Cut::Last(fold) if fold == node => 0..1,
            Cut::Body(fold) if fold == node => 1..2,
            _ => 0..2,
        };
        let children: Vec<_> = tree.children(node).take(kept.end).skip(kept.start).collect();
        work.extend(children.into_iter().rev().map(Task::Node));
    }
    builder.finish()
}

fn write(
    builder: &mut Builder,
    tree: &Tree,
    operand: OperandId,
    position: Position,
    cut: Cut,
) -> Result<(), SpellingError> {
    let value = &tree.operand(operand).value;
    let mut steps: Vec<Step<'_>> = match tree.lens(lens(value)) {
        LensView::None => Vec::new(),
        LensView::Length => vec![Step::Length],
        LensView::Path(accessors) => accessors
            .iter()
            .map(|accessor| match *accessor {
                Accessor::Index(index) => Step::Index(index),
                Accessor::Field(name) => Step::Field(tree.text(name)),
                Accessor::Scalar(name) => Step::Scalar(tree.text(name)),
            })
            .collect(),
    };
    if let Cut::Steps(cut, kept) = cut
        && cut == operand
    {
        steps.truncate(kept);
    }
    let item = match (cut, value) {
        (Cut::Simpler(cut, Class::EmptyArray), _) if cut == operand => Item::EmptyArray,
        (Cut::Simpler(cut, Class::String), _) if cut == operand => Item::String("a"),
        (Cut::Simpler(cut, _), _) if cut == operand => Item::Integer(1),
        (_, Value::String(text)) => Item::String(tree.text(*text)),
        (_, Value::Integer(integer)) => Item::Integer(*integer),
        (_, Value::Float(float)) => Item::Float(*float),
        (_, Value::Boolean(boolean)) => Item::Boolean(*boolean),
        (_, Value::EmptyArray) => Item::EmptyArray,
        (_, Value::InitPeerId) => Item::InitPeerId,
        (_, Value::Timestamp) => Item::Timestamp,
        (_, Value::Ttl) => Item::Ttl,
        (_, Value::LastError(_)) => Item::LastError(&steps),
        (_, Value::Error(_)) => Item::Error(&steps),
        (_, Value::Variable(variable)) => Item::Variable(tree.text(variable.name), &steps),
    };
    if position == Position::Output { builder.output(item) } else { builder.operand(item) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ScriptConfig, ScriptGenerator, Seeded};
    use airtight_engine::script::{Script, print};

    #[test]
    fn reduction_ends_at_the_poison() {
        let generator = ScriptGenerator::new(ScriptConfig::valid());
        let mut choices = Seeded::new(1);
        let mut found = 0;
        for _ in 0..500 {
            let tree = generator.generate(&mut choices);
            let poisoned = |tree: &Tree| {
                let mut nodes = tree.node_ids();
                Script::check(tree.clone()).is_ok() && nodes.any(|node| tree.node(node).kind == Kind::Next)
            };
            if poisoned(&tree) {
                found += 1;
                let smallest = print::compact(&reduce(tree, poisoned));
                assert!(smallest.starts_with("(fold [] ") && smallest.matches('(').count() == 2, "{smallest}");
            }
        }
        assert!(found > 50);
    }
}
