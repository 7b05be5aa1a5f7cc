//! Whether the generators reach what they should, at fixed seeds; counts are printed.

use airtight_engine::script::{
    Accessor, Class, Instruction, Kind, LensView, Position, Script, Severity, Tree, Value, print,
};
use airtight_generators::{
    Choices, EditWeights, Features, OperandWeights, Recorder, ScriptConfig, ScriptGenerator, Seeded, ShapeWeights,
    VocabularyWeights, exhaustive, near_valid,
};
use std::collections::{BTreeMap, BTreeSet};

fn trees(config: ScriptConfig, seed: u64, count: usize) -> impl Iterator<Item = Tree> {
    let generator = ScriptGenerator::new(config);
    let mut choices = Seeded::new(seed);
    (0..count).map(move |_| generator.generate(&mut choices))
}

#[test]
fn valid_scripts_are_valid() {
    let (mut clean, mut nodes, mut multi_peer, mut endless) = (0, 0, 0, 0);
    for tree in trees(ScriptConfig::valid(), 1, 20_000) {
        let text = print::compact(&tree);
        match Script::check(tree) {
            Ok(script) => {
                clean += usize::from(script.warnings().is_empty());
                nodes += script.tree().node_count();
                let peers: BTreeSet<_> = script
                    .tree()
                    .node_ids()
                    .flat_map(|node| script.tree().placed_operands(node))
                    .filter(|&(_, position)| position == Position::Peer)
                    .map(|(peer, _)| format!("{:?}", script.tree().operand(peer).value))
                    .collect();
                multi_peer += usize::from(peers.len() > 1);
                endless += usize::from(script.tree().node_ids().any(|node| is_endless(script.tree(), node)));
            }
            Err(errors) => panic!("{text}\n{errors}"),
        }
    }
    println!(
        "of 20,000 valid scripts {clean} have no warning, {multi_peer} several peers, {endless} a fold over a stream \
         or map; {:.1} instructions on average",
        nodes as f64 / 20_000.0
    );
    assert!(clean > 6_000 && multi_peer > 19_000 && endless > 6_000);
}

fn is_endless(tree: &Tree, node: airtight_engine::script::NodeId) -> bool {
    let over = tree.operands(node).first().map(|over| Class::of(&over.value));
    tree.node(node).kind == Kind::Fold && matches!(over, Some(Class::Stream | Class::Map))
}

#[test]
fn scripts_are_unique_and_not_trivial() {
    for (name, config) in [("valid", ScriptConfig::valid()), ("grammatical", ScriptConfig::grammatical())] {
        let texts: Vec<_> = trees(config, 2, 10_000).map(|tree| (tree.node_count(), print::compact(&tree))).collect();
        let leaves = texts.iter().filter(|(nodes, _)| *nodes == 1).count();
        let silent = texts.iter().filter(|(_, text)| !text.contains("(call ")).count();
        let unique = texts.iter().map(|(_, text)| text).collect::<BTreeSet<_>>().len();
        println!("{name}: of 10,000 scripts {unique} are unique, {leaves} single leaves, {silent} without any call");
        assert!(unique >= 9_500 && leaves <= 500);
        // Scripts of the grammar need not do anything.
        assert!(silent <= if name == "valid" { 500 } else { 5_000 });
    }
}

#[test]
fn every_kind_and_operand_is_reached() {
    for (name, config) in [("grammatical", ScriptConfig::grammatical()), ("valid", ScriptConfig::valid())] {
        let mut kinds = BTreeSet::new();
        let mut cells: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for tree in trees(config, 3, 3_000) {
            for node in tree.node_ids() {
                let form = match tree.instruction(node) {
                    Instruction::Call { output, .. } => usize::from(output.is_some()),
                    Instruction::Fold { last, .. } => usize::from(last.is_some()),
                    Instruction::FailLiteral { .. } => 1,
                    _ => 0,
                };
                kinds.insert((tree.node(node).kind as usize, form));
                for (operand, position) in tree.placed_operands(node) {
                    let cell = (position as usize, Class::of(&tree.operand(operand).value) as usize);
                    *cells.entry(cell).or_default() += 1;
                }
            }
        }
        let wanted = Position::ALL.into_iter().flat_map(|p| p.accepts().iter().map(move |c| (p, c)));
        let (wanted, missing): (usize, Vec<_>) = wanted.fold((0, Vec::new()), |(count, mut missing), (p, c)| {
            if !cells.contains_key(&(p as usize, c as usize)) {
                missing.push((p, c));
            }
            (count + 1, missing)
        });
        println!(
            "{name}: {} forms of instructions, {} of {wanted} operand cells, the rarest {:?} times; missing {missing:?}",
            kinds.len(),
            cells.len(),
            cells.values().min()
        );
        assert_eq!((kinds.len(), missing), (Kind::ALL.len() + 3, vec![]));
    }
}

#[test]
fn every_lens_and_odd_literal_is_reached() {
    let mut seen = BTreeSet::new();
    for tree in trees(ScriptConfig::grammatical(), 4, 3_000) {
        for node in tree.node_ids() {
            for operand in tree.operands(node) {
                let text = match operand.value {
                    Value::String(text) => {
                        let text = tree.text(text);
                        for (what, is) in [
                            ("empty", text.is_empty()),
                            ("line feed", text.contains('\n')),
                            ("bracket", text.contains('[')),
                            ("comment", text.contains(';')),
                            ("not ASCII", !text.is_ascii()),
                        ] {
                            if is {
                                seen.insert(what);
                            }
                        }
                        continue;
                    }
                    Value::Integer(i64::MIN) => "least integer",
                    Value::Integer(i64::MAX) => "greatest integer",
                    Value::Float(float) if float == 0.0 && float.is_sign_negative() => "-0.0",
                    Value::Float(9_999_999_999.0) => "9999999999.",
                    Value::Float(0.000_000_001) => "tiny",
                    Value::Variable(variable) => {
                        let name = tree.text(variable.name);
                        let lens = print::descriptor(&tree, node);
                        for (what, is) in [
                            ("index by scalar", lens.contains(".[x]")),
                            ("largest index", lens.contains(".[4294967295]")),
                            ("length", lens.contains(".length ")),
                            ("keyword as field", lens.contains(".call")),
                            ("+ name", name.starts_with('+')),
                            ("- name", name.starts_with('-')),
                            ("digit name", name.starts_with(|c: char| c.is_ascii_digit())),
                            ("Unicode name", !name.is_ascii()),
                            ("#x", name == "#x"),
                            ("#$x", name == "#$x"),
                        ] {
                            if is {
                                seen.insert(what);
                            }
                        }
                        continue;
                    }
                    _ => continue,
                };
                seen.insert(text);
            }
        }
    }
    println!("{seen:?}");
    assert_eq!(seen.len(), 20);
}

#[test]
fn every_pair_of_parent_and_child_is_reached() {
    let parents = Kind::ALL.iter().filter(|kind| kind.arity().end > 1).count();
    for (name, config) in [("grammatical", ScriptConfig::grammatical()), ("valid", ScriptConfig::valid())] {
        let mut pairs = BTreeSet::new();
        for tree in trees(config, 5, 10_000) {
            for node in tree.node_ids() {
                for (place, child) in tree.children(node).enumerate() {
                    pairs.insert((tree.node(node).kind as usize, place, tree.node(child).kind as usize));
                }
            }
        }
        let places = parents + 4;
        println!("{name}: {} of {} pairs of a parent's place and a child", pairs.len(), places * Kind::ALL.len());
        let unplaced: BTreeSet<_> = pairs.iter().map(|&(parent, _, child)| (parent, child)).collect();
        assert_eq!(unplaced.len(), parents * Kind::ALL.len());
        // A `next` after the last item belongs to a fold around, which few valid scripts have room for.
        let missing = if name == "valid" { 1 } else { 0 };
        assert_eq!(pairs.len() + missing, places * Kind::ALL.len(), "with the place of the child");
    }
}

#[test]
fn observed_weights_are_those_of_the_table() {
    let config = ScriptConfig { swarm_percent: 0, ..ScriptConfig::grammatical() };
    let weights = config.instructions;
    let mut counts = [[0_u32; 15]; 2];
    for tree in trees(config, 6, 20_000) {
        for node in tree.node_ids() {
            let size = tree.node(node).end().index() - node.index();
            match size {
                1 => counts[0][tree.node(node).kind as usize] += 1,
                2 => {}
                _ => counts[1][tree.node(node).kind as usize] += 1,
            }
        }
    }
    for (is_leaf, counts) in [(true, counts[0]), (false, counts[1])] {
        let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| (kind.arity().end == 1) == is_leaf).collect();
        let total: u32 = kinds.iter().map(|&kind| weights.of(kind)).sum();
        let observed: u32 = counts.iter().sum();
        for kind in kinds {
            let wanted = f64::from(weights.of(kind)) / f64::from(total);
            let share = f64::from(counts[kind as usize]) / f64::from(observed);
            println!("{kind:?}: {:.1} % wanted, {:.1} % observed", wanted * 100.0, share * 100.0);
            assert!((share / wanted - 1.0).abs() < 0.2);
        }
    }
}

/// The shares of a table's rows, if there are enough to tell, are within a fifth of what it says.
fn assert_shares(of: &str, rows: &[(String, u32, u32)]) {
    let weights: u32 = rows.iter().map(|(_, weight, _)| weight).sum();
    let all: u32 = rows.iter().map(|(.., count)| count).sum();
    for (what, weight, count) in rows {
        let wanted = f64::from(*weight) / f64::from(weights);
        let share = f64::from(*count) / f64::from(all);
        println!("{of}, {what}: {:.1} % wanted, {:.1} % of {all} observed", wanted * 100.0, share * 100.0);
        assert!(wanted * f64::from(all) >= 150.0, "too few to tell");
        assert!((share / wanted - 1.0).abs() < 0.2, "{of}, {what}");
    }
}

#[test]
fn observed_operands_are_those_of_the_table() {
    let config = ScriptConfig { swarm_percent: 0, operands: OperandWeights::usual(), ..ScriptConfig::grammatical() };
    let weights = config.operands.clone();
    let mut counts: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    for tree in trees(config, 21, 80_000) {
        for (operand, position) in tree.node_ids().flat_map(|node| tree.placed_operands(node)) {
            let class = Class::of(&tree.operand(operand).value);
            *counts.entry((position as usize, class as usize)).or_default() += 1;
        }
    }
    for position in Position::ALL {
        let row = |class: Class| {
            let weight = weights.of(position, class);
            let count = counts.get(&(position as usize, class as usize)).copied().unwrap_or_default();
            (weight > 0).then(|| (format!("{class:?}"), weight, count))
        };
        let rows: Vec<_> = Class::ALL.into_iter().filter_map(row).collect();
        assert_shares(&format!("{position:?}"), &rows);
    }
}

/// First steps: a `.length` ends a lens, so later ones are others.
#[test]
fn observed_steps_and_vocabularies_are_those_of_the_tables() {
    let config = ScriptConfig { swarm_percent: 0, ..ScriptConfig::grammatical() };
    let weights = config.lenses;
    let (mut steps, mut foreign, mut named) = ([0_u32; 4], 0, 0);
    for tree in trees(config, 22, 20_000) {
        let mut is_foreign = None;
        for operand in tree.node_ids().flat_map(|node| tree.operands(node)) {
            let Value::Variable(variable) = operand.value else { continue };
            *is_foreign.get_or_insert(false) |= !tree.text(variable.name).is_ascii();
            match tree.lens(variable.lens) {
                LensView::None => {}
                LensView::Length => steps[3] += 1,
                LensView::Path(path) => match path[0] {
                    Accessor::Field(_) => steps[0] += 1,
                    Accessor::Index(_) => steps[1] += 1,
                    Accessor::Scalar(_) => steps[2] += 1,
                },
            }
        }
        foreign += u32::from(is_foreign == Some(true));
        named += u32::from(is_foreign.is_some());
    }
    let names = ["field", "index", "scalar", "length"].map(str::to_owned);
    let rows: Vec<_> = names.into_iter().zip(weights.rows().into_iter().zip(steps)).collect();
    let rows: Vec<_> = rows.into_iter().map(|(name, (weight, count))| (name, weight, count)).collect();
    assert_shares("steps", &rows);
    assert_shares("vocabularies", &[("unicode".into(), 1, foreign), ("others".into(), 3, named - foreign)]);
}

#[test]
fn swarms_turn_features_off() {
    let config = ScriptConfig { features: Features { folds: false, ..Features::default() }, ..ScriptConfig::valid() };
    assert!(trees(config, 7, 3_000).all(|tree| tree.node_ids().all(|node| tree.node(node).kind != Kind::Fold)));
    let swarm = ScriptConfig { swarm_percent: 100, ..ScriptConfig::valid() };
    let without = trees(swarm, 8, 1_000)
        .filter(|tree| tree.node_count() > 12)
        .filter(|tree| tree.node_ids().all(|node| tree.node(node).kind != Kind::Par))
        .count();
    println!("of 1,000 swarmed scripts {without} are long and have no `par`");
    assert!(without > 100);
}

#[test]
fn about_half_of_the_near_valid_is_refused() {
    let mut choices = Seeded::new(9);
    let weights = EditWeights::default();
    let mut refused = 0;
    for tree in trees(ScriptConfig::valid(), 10, 20_000) {
        let text = near_valid(&tree, &weights, &mut choices);
        if let Err(findings) = Script::parse(&text) {
            refused += 1;
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            assert!(errors.clone().count() > 0, "{text}");
            let lies_inside = |start: u32, end: u32| start <= end && text.get(start as usize..end as usize).is_some();
            assert!(errors.clone().all(|error| lies_inside(error.span.start, error.span.end)), "{text}");
        }
    }
    println!("of 20,000 near-valid scripts {refused} are refused");
    assert!((8_000..14_000).contains(&refused));
}

#[test]
fn big_scripts_are_big() {
    let (mut longest, mut deepest) = (0, 0);
    for tree in trees(ScriptConfig::big(), 11, 12) {
        let text = print::compact(&tree);
        longest = longest.max(text.len());
        let mut walk = tree.walk();
        while walk.next().is_some() {
            deepest = deepest.max(walk.ancestors().len());
        }
        if let Err(errors) = Script::check(tree) {
            panic!("{errors}");
        }
    }
    println!("the longest of 12 big scripts has {longest} bytes, the deepest is nested {deepest} times");
    assert!(longest > 5 << 20 && deepest > 100_000);
}

#[test]
fn scripts_replay_and_dry_choices_give_the_smallest_one() {
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    for seed in 0..1_000 {
        let mut recorder = Recorder::new(Seeded::new(seed));
        let tree = generator.generate(&mut recorder);
        assert!(generator.generate(&mut recorder.into_tape()) == tree);
    }
    let smallest = generator.generate(&mut airtight_generators::Tape::default());
    assert_eq!(print::compact(&smallest), "(null)");
}

#[test]
fn all_scripts_of_one_bound_can_be_counted() {
    /// The first three answers to each question only, which keeps the number of scripts small.
    struct Few<'c, C>(&'c mut C);
    impl<C: Choices> Choices for Few<'_, C> {
        fn below(&mut self, n: u32) -> u32 {
            self.0.below(n.min(3))
        }
    }
    let config = ScriptConfig {
        size: 1..=3,
        arguments_max: 0,
        peers: 1,
        swarm_percent: 0,
        odd_literal_percent: 0,
        shapes: ShapeWeights { any: 1, right: 0, left: 0 },
        vocabularies: VocabularyWeights { letters: 1, words: 0, unicode: 0, odd: 0 },
        ..ScriptConfig::valid()
    };
    let generator = ScriptGenerator::new(config);
    let scripts: Vec<_> = exhaustive(|choices| generator.generate(&mut Few(choices))).map(|(_, tree)| tree).collect();
    let different: BTreeSet<_> = scripts.iter().map(print::compact).collect();
    println!("{} tapes make {} scripts", scripts.len(), different.len());
    assert_eq!((scripts.len(), different.len()), (3_587_745, 20));
    assert!(scripts.into_iter().all(|tree| Script::check(tree).is_ok()));
}
