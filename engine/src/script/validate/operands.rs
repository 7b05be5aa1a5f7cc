//! Rule 6: the code of a literal `fail` is not zero; and lenses that other interpreters do not take.

use super::Checked;
use crate::script::diagnostic::{Sink, short};
use crate::script::{Accessor, Code, Diagnostic, Instruction, Operand, Value, VariableKind};

pub(super) fn check_codes(checked: &Checked<'_>, sink: &mut Sink) {
    let tree = checked.tree;
    for node in tree.node_ids().filter(|&node| tree.node(node).kind == crate::script::Kind::Fail) {
        if let Instruction::FailLiteral { code, .. } = tree.instruction(node)
            && let &Operand { span, value: Value::Integer(0) } = tree.operand(code)
        {
            sink.error(|| {
                Diagnostic::new(Code::FailCodeZero, tree.node(node).span, "code 0 means no error")
                    .excerpt(span)
                    .help("use any other integer")
            });
        }
    }
}

pub(super) fn check_lenses(checked: &Checked<'_>, sink: &mut Sink) {
    for operand in &checked.tree.operands {
        lens(checked, operand, sink);
    }
}

/// The reference interpreter refuses a lens on a canon of one letter, and stops for good at some names in lenses.
fn lens(checked: &Checked<'_>, operand: &Operand, sink: &mut Sink) {
    let tree = checked.tree;
    let lens = match operand.value {
        Value::LastError(lens) | Value::Error(lens) => lens,
        Value::Variable(variable) => {
            let name = tree.text(variable.name);
            if variable.kind == VariableKind::Canon && !variable.lens.is_none() && name.len() == 2 {
                sink.warning(|| {
                    let letter = name.trim_start_matches('#');
                    Diagnostic::new(
                        Code::UnportableLens,
                        operand.span,
                        format!("other interpreters refuse a lens on `{name}`"),
                    )
                    .help(format!("write `#${letter}` everywhere, or give it a longer name"))
                });
            }
            variable.lens
        }
        _ => return,
    };
    for accessor in tree.accessors.get(lens.accessors()).unwrap_or_default() {
        let (Accessor::Field(name) | Accessor::Scalar(name)) = *accessor else { continue };
        let name = tree.text(name);
        if !name.ends_with(|c: char| c.is_ascii()) {
            sink.warning(|| {
                Diagnostic::new(
                    Code::UnportableLens,
                    operand.span,
                    format!("other interpreters stop at a lens name that ends like `{}`", short(name)),
                )
                .help("let the names of fields and scalars in lenses end in an ASCII letter")
            });
        }
    }
}
