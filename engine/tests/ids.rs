//! What ids are hashes of, computed here once more by hand: two engines agree on a format only if they agree on this.

use std::collections::BTreeSet;
use std::sync::Arc;

use airtight_engine::data::{
    ArgumentHash, Branch, ContentId, Draft, EventResult, Outcome, OutputKind, ScriptHash, SegmentId, ValueId,
};
use airtight_engine::value::{Json, Tetraplet};

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    *blake3::hash(&parts.concat()).as_bytes()
}

fn half(parts: &[&[u8]]) -> [u8; 16] {
    *hash(parts).first_chunk().unwrap()
}

/// The id that data give a result.
fn id(result: &EventResult) -> ContentId {
    let mut draft = Draft::new();
    let root = draft.root();
    draft.claim(root, 0, result, 0);
    draft.finish().events().next().unwrap().result
}

#[test]
fn paths() {
    let root = SegmentId::root();
    assert_eq!(*root.as_bytes(), half(&[&[0]]));
    let step = 3_u64.to_le_bytes();
    assert_eq!(*root.place(3).as_bytes(), half(&[&[2], root.as_bytes(), &step]));
    let value = ValueId::from(root.place(3));
    assert_eq!(value.as_bytes(), root.place(3).as_bytes());
    for (branch, tail) in [
        (Branch::Left, vec![0]),
        (Branch::Right, vec![1]),
        (Branch::Iteration(value), [&[2], &value.as_bytes()[..]].concat()),
        (Branch::Last(value), [&[3], &value.as_bytes()[..]].concat()),
    ] {
        assert_eq!(*root.branch(3, branch).as_bytes(), half(&[&[1], root.as_bytes(), &step, &tail]));
    }
}

#[test]
fn contents() {
    let value = ContentId::of_value("[1]");
    assert_eq!(*value.as_bytes(), hash(&[&[16], b"[1]"]));
    let tetraplet = Tetraplet { lens: ".$.x".into(), ..Tetraplet::call("A", "db", "get") };
    let len = |text: &str| (text.len() as u64).to_le_bytes();
    let parts = ["A", "db", "get", ".$.x"];
    let texts: Vec<u8> = parts.iter().flat_map(|text| [&len(text)[..], text.as_bytes()].concat()).collect();
    let origin = ContentId::of_tetraplet(&tetraplet);
    assert_eq!(*origin.as_bytes(), hash(&[&[17], &texts]));

    let (json, tetraplet) = (Json::parse(b"[1]").unwrap(), Arc::new(tetraplet));
    let arguments = ArgumentHash::of([&json]);
    assert_eq!(*arguments.as_bytes(), hash(&[b"[[1]]"]));
    for (output, tag) in [(OutputKind::Scalar, 0), (OutputKind::Stream, 1), (OutputKind::Unused, 2)] {
        for (outcome, kind) in [(Outcome::Value(json.clone()), 0), (Outcome::Failure(json.clone()), 1)] {
            let call = EventResult::Call { outcome, tetraplet: Arc::clone(&tetraplet), arguments, output };
            let parts: [&[u8]; 5] = [&[18, tag, kind], value.as_bytes(), origin.as_bytes(), arguments.as_bytes(), &[]];
            assert_eq!(*id(&call).as_bytes(), hash(&parts));
        }
    }
    let canon = |elements| id(&EventResult::Canon { tetraplet: Arc::clone(&tetraplet), elements });
    let element = || (json.clone(), Arc::clone(&tetraplet));
    let (by, element_id) = (origin.as_bytes(), [*value.as_bytes(), *origin.as_bytes()].concat());
    assert_eq!(*canon(vec![]).as_bytes(), hash(&[&[19], by]));
    assert_eq!(*canon(vec![element(), element()]).as_bytes(), hash(&[&[19], by, &element_id, &element_id]));
    assert_eq!(*ScriptHash::of(b"(null)").as_bytes(), hash(&[b"(null)"]));
}

/// Where one string ends and the next begins makes a difference.
#[test]
fn tetraplets_do_not_run_together() {
    let tetraplets = [("ab", "", ""), ("a", "b", ""), ("a", "", "b"), ("", "ab", ""), ("", "", "ab")];
    let ids: BTreeSet<_> = tetraplets.map(|(a, b, c)| ContentId::of_tetraplet(&Tetraplet::call(a, b, c))).into();
    assert_eq!(ids.len(), tetraplets.len());
}

/// Short contents are hashed in another way than long ones.
#[test]
fn contents_of_any_length() {
    for bytes in 0..600 {
        let text = "x".repeat(bytes);
        assert_eq!(*ContentId::of_value(&text).as_bytes(), hash(&[&[16], text.as_bytes()]));
        let tetraplet = Tetraplet::call(text.as_str(), "db", "get");
        let parts: Vec<u8> = [&text, "db", "get", ""]
            .iter()
            .flat_map(|text| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat())
            .collect();
        assert_eq!(*ContentId::of_tetraplet(&tetraplet).as_bytes(), hash(&[&[17], &parts]));
    }
}
