//! The tree of places, with what is claimed at each.
//!
//! ```text
//! places
//!   0 left
//!     0  call attic thermometer.read = 20      block 0
//!   0 right
//!     0  call cellar thermometer.read = 18     block 1
//!   1  call A log.put = true                   block 2
//! ```

use super::stores;
use crate::source::brief;
use airtight_engine::data::{Branch, ContentId, Outcome, PlaceId, Segment, SegmentId, Shared, ValueId};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Indentation stops growing at this depth.
const INDENT_STEPS_MAX: usize = 30;
/// Blocks are written in one column, but no farther right than here.
const BLOCK_COLUMN_MAX: usize = 100;
/// More lines than these are only counted.
const LINES_MAX: usize = 10_000;
/// Values of iterations are cut.
const VALUE_CHARS_MAX: usize = 32;

struct Line {
    text: String,
    block: Option<usize>,
}

/// A segment being walked.
struct Open<'t> {
    segment: Segment<'t>,
    id: SegmentId,
    step: usize,
    /// What leads to it, written before its first place.
    title: Option<String>,
}

pub(super) fn write(out: &mut impl Write, shared: &Shared) -> io::Result<()> {
    if shared.is_empty() {
        return Ok(());
    }
    let values = values(shared);
    let mut lines: Vec<Line> = Vec::new();
    let mut omitted = 0;
    let root = Open { segment: shared.trace().root(), id: SegmentId::root(), step: 0, title: None };
    // The segments on the way to the place at hand, each with what is still to come of its children.
    let mut open: Vec<Vec<Open<'_>>> = vec![vec![root]];
    loop {
        let depth = open.len();
        let Some(siblings) = open.last_mut() else { break };
        let Some(current) = siblings.last_mut() else {
            open.pop();
            continue;
        };
        if let Some(title) = current.title.take() {
            push(&mut lines, &mut omitted, Line { text: indent(depth - 1) + &title, block: None });
        }
        let Some(place) = current.segment.next() else {
            siblings.pop();
            continue;
        };
        let (id, step) = (current.id, current.step);
        current.step += 1;
        for claim in place.claims() {
            let text = format!("{}{step}  {}", indent(depth), stores::result(shared.stores(), claim.result));
            push(&mut lines, &mut omitted, Line { text, block: Some(claim.at) });
        }
        let children = place.children().map(|(branch, segment)| {
            let title = Some(format!("{step} {}", title(branch, &values)));
            Open { segment, id: id.branch(step, branch), step: 0, title }
        });
        let mut children: Vec<_> = children.collect();
        children.reverse();
        if !children.is_empty() {
            open.push(children);
        }
    }
    let widths = lines.iter().filter(|line| line.block.is_some()).map(|line| line.text.chars().count());
    let column = widths.max().unwrap_or_default().min(BLOCK_COLUMN_MAX);
    writeln!(out, "\nplaces")?;
    for Line { text, block } in &lines {
        match block {
            Some(block) => writeln!(out, "{text:<column$}  block {block}")?,
            None => writeln!(out, "{text}")?,
        }
    }
    if omitted > 0 {
        writeln!(out, "  and {omitted} more lines")?;
    }
    Ok(())
}

fn push(lines: &mut Vec<Line>, omitted: &mut usize, line: Line) {
    if lines.len() < LINES_MAX { lines.push(line) } else { *omitted += 1 }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth.min(INDENT_STEPS_MAX))
}

fn title(branch: Branch, values: &BTreeMap<ValueId, String>) -> String {
    // A value that an `ap` put into its stream is not in the data.
    let shown = |value: ValueId| match values.get(&value) {
        Some(text) => text.clone(),
        None => format!("the value of place {value}"),
    };
    match branch {
        Branch::Left => "left".into(),
        Branch::Right => "right".into(),
        Branch::Iteration(value) => format!("iteration for {}", shown(value)),
        Branch::Last(value) => format!("last instruction after {}", shown(value)),
    }
}

/// The results of calls, by the value they are in a stream.
fn values(shared: &Shared) -> BTreeMap<ValueId, String> {
    let stores = shared.stores();
    let text = |place: PlaceId, result: ContentId| {
        let (Outcome::Value(value) | Outcome::Failure(value)) = stores.calls.get(stores.calls.find(&result)?).outcome;
        Some((ValueId::from(place), brief(stores.values.get(value).text(), VALUE_CHARS_MAX)))
    };
    shared.events().filter_map(|event| text(event.place, event.result)).collect()
}
