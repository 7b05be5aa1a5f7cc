//! Which operands each position takes, and the builder, which must agree with the parser about it.

mod golden;

use airtight_engine::script::{Builder, Class, Item, Kind, Position, SpellingError, Step, Tree, print};

/// For each column of the table, scripts with a gap for the operand.
fn templates(column: &str) -> &'static [&'static str] {
    match column {
        "peer" => &["(call _ (\"s\" \"f\") [])", "(canon _ $s #c)", "(canon _ %m #%c)", "(canon _ %m x)"],
        "name" => &["(call \"p\" (_ \"f\") [])", "(call \"p\" (\"s\" _) [])"],
        "arg" => &["(call \"p\" (\"s\" \"f\") [1 _ 2])", "(match _ 1 (null))", "(mismatch 1 _ (null))"],
        "src" => &["(ap _ x)", "(ap _ $s)", "(ap (\"k\" _) %m)"],
        "key" => &["(ap (_ 1) %m)"],
        "out" => &["(call \"p\" (\"s\" \"f\") [] _)", "(ap 1 _)"],
        "map" => &["(ap (\"k\" 1) _)"],
        "to$" => &["(canon \"p\" $s _)"],
        "to%" => &["(canon \"p\" %m _)"],
        "over" => &["(fold _ i (null))"],
        "iter" => &["(fold [] _ (null))", "(next _)"],
        "new" => &["(new _ (null))"],
        "fail" => &["(fail _)"],
        "code" => &["(fail _ \"text\")"],
        "text" => &["(fail 1 _)"],
        _ => panic!("unknown column {column}"),
    }
}

/// The columns of the table, and its rows.
fn table() -> (Vec<&'static str>, impl Iterator<Item = &'static str>) {
    let mut lines = include_str!("syntax/operands.tsv").lines().filter(|line| !line.starts_with("# What"));
    (lines.next().expect("there is a head").split('\t').skip(1).collect(), lines)
}

#[test]
fn each_position_takes_what_the_table_says() {
    let (columns, lines) = table();
    let mut cells = 0;
    for line in lines {
        let (sample, marks) = line.split_once('\t').expect("a row has columns");
        for (column, mark) in columns.iter().zip(marks.split('\t')) {
            let accepts = |template: &str| Tree::parse(template.replace('_', sample)).is_ok();
            if *column == "from" {
                assert_eq!(accepts("(canon \"p\" _ #c)"), mark == "S", "canon of {sample}");
                assert_eq!(accepts("(canon \"p\" _ #%c)"), mark == "M", "canon of {sample}");
            } else {
                for template in templates(column) {
                    assert_eq!(accepts(template), mark == "+", "{sample} in {template}");
                }
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 30 * 16, "no cell is lost");
}

/// What is said of operands that a position does not take: what was found, what is expected there, and what to write.
#[test]
fn refused_operands_are_explained() {
    let (columns, lines) = table();
    let samples: Vec<_> = lines.map(|line| line.split('\t').next().unwrap_or_default()).collect();
    let mut text = String::new();
    for template in columns.into_iter().filter(|column| *column != "from").flat_map(templates) {
        text.push_str(template);
        text.push('\n');
        let (mut caption, mut help) = (String::new(), String::new());
        for sample in samples.iter().copied().chain(["[1]", ")", "]", "(null)"]) {
            let found = Tree::parse(template.replace('_', sample)).err();
            // The same words are not said again and again.
            for finding in found.iter().flatten() {
                text.push_str(&format!("  {sample}: {}\n", finding.message));
                for (word, last, now) in [
                    ("", &mut caption, finding.caption.as_str()),
                    ("help: ", &mut help, finding.help.as_deref().unwrap_or("none")),
                ] {
                    if *last != now {
                        text.push_str(&format!("    {word}{now}\n"));
                        now.clone_into(last);
                    }
                }
            }
        }
    }
    golden::holds("syntax/operands.txt", &text);
}

fn item(class: Class) -> Item<'static> {
    const PATH: &[Step<'static>] = &[Step::Index(0)];
    match class {
        Class::String => Item::String("text"),
        Class::Integer => Item::Integer(7),
        Class::Float => Item::Float(2.5),
        Class::Boolean => Item::Boolean(true),
        Class::EmptyArray => Item::EmptyArray,
        Class::InitPeerId => Item::InitPeerId,
        Class::Clock => Item::Timestamp,
        Class::LastError => Item::LastError(&[]),
        Class::LastErrorLens => Item::LastError(PATH),
        Class::Error => Item::Error(&[]),
        Class::ErrorLens => Item::Error(PATH),
        Class::Scalar => Item::Variable("x", &[]),
        Class::ScalarLens => Item::Variable("x", PATH),
        Class::Stream => Item::Variable("$x", &[]),
        Class::Map => Item::Variable("%x", &[]),
        Class::StreamLens => Item::Variable("$x", PATH),
        Class::Canon => Item::Variable("#x", &[]),
        Class::CanonLens => Item::Variable("#$x", PATH),
        Class::CanonMap => Item::Variable("#%x", &[]),
        Class::CanonMapLens => Item::Variable("#%x", &[Step::Length]),
    }
}

/// The instruction of a position, and the operands before it.
fn before(position: Position) -> (Kind, Vec<Item<'static>>) {
    let (text, stream, map) = (Item::String("p"), Item::Variable("$s", &[]), Item::Variable("%m", &[]));
    match position {
        Position::Peer => (Kind::Call, vec![]),
        Position::Service => (Kind::Call, vec![text]),
        Position::Function => (Kind::Call, vec![text, text]),
        Position::Argument | Position::Output => (Kind::Call, vec![text, text, text]),
        Position::Comparand => (Kind::Match, vec![]),
        Position::Source => (Kind::Assign, vec![]),
        Position::Target => (Kind::Assign, vec![text]),
        Position::Key => (Kind::Insert, vec![]),
        Position::MapValue => (Kind::Insert, vec![text]),
        Position::MapTarget => (Kind::Insert, vec![text, text]),
        Position::CanonSource => (Kind::Canon, vec![text]),
        Position::CanonTarget => (Kind::Canon, vec![text, stream]),
        Position::CanonMapTarget => (Kind::Canon, vec![text, map]),
        Position::Iterable => (Kind::Fold, vec![]),
        Position::Iterator => (Kind::Next, vec![]),
        Position::New => (Kind::New, vec![]),
        Position::Fail => (Kind::Fail, vec![]),
        Position::FailText => (Kind::Fail, vec![Item::Integer(1)]),
    }
}

#[test]
fn the_builder_takes_what_each_position_accepts() {
    for position in Position::ALL {
        for class in Class::ALL {
            let (kind, operands) = before(position);
            let mut builder = Builder::default();
            builder.open(kind).expect("the first instruction");
            for operand in operands {
                builder.operand(operand).expect("an operand before the one in question");
            }
            let written = match position {
                Position::Output => builder.output(item(class)),
                _ => builder.operand(item(class)),
            };
            let expected = match position.accepts().contains(class) {
                true => Ok(()),
                false => Err(SpellingError::NotAccepted { class, position }),
            };
            assert_eq!(written, expected, "{class:?} as {position:?}");
        }
    }
}

/// What has no spelling cannot be built, so that every tree can be printed.
#[test]
fn the_builder_refuses_what_has_no_spelling() {
    let ap = |source: Item<'_>| Builder::default().leaf(Kind::Assign, &[source, Item::Variable("x", &[])]);
    assert_eq!(ap(Item::String("a\"b")), Err(SpellingError::QuoteInString));
    for name in ["", "$", "12", "-3", "1.5", "true", "null", "%ttl%", "a b", "a.b", "x.$.a", "k%x", "+", "(", ":error:"]
    {
        assert_eq!(ap(Item::Variable(name, &[])), Err(SpellingError::BadName(name.into())));
    }
    for name in ["", "1a", "$s", "a.b", "a b", "["] {
        assert_eq!(ap(Item::Variable("x", &[Step::Field(name)])), Err(SpellingError::BadField(name.into())));
        assert_eq!(ap(Item::Variable("x", &[Step::Scalar(name)])), Err(SpellingError::BadField(name.into())));
    }
    let beside = [Step::Index(0), Step::Length];
    assert_eq!(ap(Item::Variable("x", &beside)), Err(SpellingError::LengthNotAlone));
    for float in [f64::INFINITY, f64::NEG_INFINITY, 1e11, 0.123_456_789_01, -1e-10, f64::MIN_POSITIVE] {
        assert_eq!(ap(Item::Float(float)), Err(SpellingError::BadFloat(float)));
    }
    assert!(matches!(ap(Item::Float(f64::NAN)), Err(SpellingError::BadFloat(_))));
    for name in ["+q", "2nd", "7-8", "--x", "3e4", "ключ", "-1x"] {
        assert_eq!(ap(Item::Variable(name, &[Step::Field("null"), Step::Scalar("-1")])), Ok(()), "{name}");
    }
}

#[test]
fn the_builder_counts_operands_and_children() {
    let mut builder = Builder::default();
    assert_eq!(builder.close(), Err(SpellingError::NotOneRoot));
    builder.open(Kind::Seq).expect("a root");
    assert_eq!(builder.operand(Item::Integer(1)), Err(SpellingError::TooManyOperands(Kind::Seq)));
    builder.leaf(Kind::Null, &[]).expect("a left part");
    assert_eq!(
        builder.leaf(Kind::Assign, &[Item::Integer(1)]),
        Err(SpellingError::TooFewOperands(Kind::Assign)),
        "an instruction that lacks operands cannot be closed"
    );
    let mut builder = Builder::default();
    builder.open(Kind::Seq).expect("a root");
    builder.leaf(Kind::Null, &[]).expect("a left part");
    assert_eq!(builder.close(), Err(SpellingError::WrongArity { kind: Kind::Seq, children: 1 }));
    let mut builder = Builder::default();
    builder.leaf(Kind::Null, &[]).expect("a root");
    assert_eq!(builder.open(Kind::Null), Err(SpellingError::NotOneRoot));
    let mut builder = Builder::default();
    builder.open(Kind::Call).expect("a root");
    builder.operand(Item::InitPeerId).expect("a peer");
    assert_eq!(builder.output(Item::Variable("x", &[])), Err(SpellingError::TooFewOperands(Kind::Call)));
    assert_eq!(builder.open(Kind::Null), Err(SpellingError::TooFewOperands(Kind::Call)));
    assert!(Builder::default().finish().is_err());
}

#[test]
fn a_built_tree_is_the_parsed_one() {
    let mut builder = Builder::default();
    let build = |b: &mut Builder| -> Result<(), SpellingError> {
        b.open(Kind::Fold)?;
        b.operand(Item::Variable("$s", &[]))?;
        b.operand(Item::Variable("i", &[]))?;
        b.open(Kind::Par)?;
        b.open(Kind::Call)?;
        for operand in
            [Item::InitPeerId, Item::String("s"), Item::String("f"), Item::Variable("i", &[Step::Field("a")])]
        {
            b.operand(operand)?;
        }
        b.output(Item::Variable("$t", &[]))?;
        b.close()?;
        b.leaf(Kind::Next, &[Item::Variable("i", &[])])?;
        b.close()?;
        b.leaf(Kind::Fail, &[Item::Integer(3), Item::String("done")])?;
        b.close()
    };
    build(&mut builder).expect("the tree is grammatical");
    let tree = builder.finish().expect("the tree is whole");
    let text = "(fold $s i (par (call %init_peer_id% (\"s\" \"f\") [i.$.a] $t) (next i)) (fail 3 \"done\"))";
    assert_eq!(print::compact(&tree), text);
    assert_eq!(Tree::parse(text).as_ref(), Ok(&tree));
}
