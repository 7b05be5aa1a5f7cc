//! What is measured: scripts of any size, and the services that answer them.

use super::Asked;
use airtight_engine::data::Answer;
use airtight_engine::value::Json;

/// Which runs of a particle the clock is on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timed {
    /// The first run, with no data.
    First,
    /// The second run, which takes the answers to all calls that the first one asked for.
    Second,
    /// The last run that takes an answer.
    Last,
    /// All runs of all peers.
    All,
    /// The run at C, which has the half of A and receives the one of B.
    Merge,
}

/// A kind of script, and what is timed of it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in results.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What a size counts.
    pub unit: &'static str,
    /// The sizes, ascending.
    pub sizes: &'static [usize],
    /// What is timed.
    pub timed: Timed,
    /// The peer that begins.
    pub first: &'static str,
    /// The script of a size.
    pub air: fn(usize) -> String,
    /// What a service answers at a peer, for a size; names of peers are names here.
    pub answer: fn(usize, &str, &Asked) -> Answer,
}

/// Whatever is measured, in the order of the table.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "parse",
        title: "1 parse N bytes",
        unit: "bytes",
        sizes: &[1 << 10, 100 << 10, 5 << 20],
        timed: Timed::First,
        first: "I",
        air: parsed,
        ..SEQUENCE
    },
    Scenario { id: "sequence-total", title: "2 sequence of N calls, all runs", ..SEQUENCE },
    Scenario { id: "sequence-last", title: "2 sequence of N calls, last run", timed: Timed::Last, ..SEQUENCE },
    Scenario { id: "fan-out-emit", title: "3 fan-out of N calls, emit", timed: Timed::First, ..FAN_OUT },
    Scenario { id: "fan-out-consume", title: "3 fan-out of N calls, consume", ..FAN_OUT },
    Scenario {
        id: "merge",
        title: "4 merge of two halves of N calls",
        timed: Timed::Merge,
        air: |n| tree("par", &calls(n, |i| if i % 2 == 0 { "A" } else { "B" })),
        ..FAN_OUT
    },
    Scenario { id: "fold-stream-emit", title: "5 fold over a stream of N, emit", timed: Timed::First, ..FOLD_STREAM },
    Scenario { id: "fold-stream-consume", title: "5 fold over a stream of N, consume", ..FOLD_STREAM },
    Scenario {
        id: "fold-canon",
        title: "6 fold over a canon of N, all runs",
        unit: "values",
        sizes: &[100, 300, 1_000],
        air: |n| {
            let fold = r#"(fold #can it (seq (call "A" ("srv" "fn") [it] r) (next it)))"#;
            format!(r#"(seq {} (seq (canon "A" $st #can) {fold}))"#, values(n))
        },
        ..SEQUENCE
    },
    Scenario {
        id: "big-value",
        title: "7 value of N bytes, all runs",
        unit: "bytes",
        sizes: &[100 << 10, 1 << 20, 10 << 20],
        air: |_| {
            let lengths = r#"(par (call "B" ("srv" "len") [v] b) (call "C" ("srv" "len") [v] c))"#;
            format!(r#"(seq (call "A" ("srv" "big") [] v) {lengths})"#)
        },
        answer: big,
        ..SEQUENCE
    },
    Scenario {
        id: "ping-pong",
        title: "8 ping-pong of N hops, all runs",
        unit: "hops",
        sizes: &[50, 100, 200],
        air: |hops| {
            let call = |i: usize| {
                let peer = if i.is_multiple_of(2) { "A" } else { "B" };
                let argument = i.checked_sub(1).map(|before| format!("v{before}")).unwrap_or_default();
                format!(r#"(call "{peer}" ("srv" "fn") [{argument}] v{i})"#)
            };
            tree("seq", &(0..hops).map(call).collect::<Vec<_>>())
        },
        ..SEQUENCE
    },
    Scenario {
        id: "par-map",
        title: "`par_map`",
        air: |_| include_str!("../../../examples/par_map.air").into(),
        ..PATTERN
    },
    Scenario {
        id: "quorum",
        title: "`quorum`",
        air: |_| include_str!("../../../examples/quorum.air").into(),
        ..PATTERN
    },
    Scenario {
        id: "failover",
        title: "`failover`",
        air: |_| include_str!("../../../examples/failover.air").into(),
        ..PATTERN
    },
    Scenario {
        id: "gossip",
        title: "`gossip`",
        air: |_| include_str!("../../../examples/gossip.air").into(),
        ..PATTERN
    },
    Scenario { id: "race", title: "`race`", air: |_| include_str!("../../../examples/race.air").into(), ..PATTERN },
];

const SEQUENCE: Scenario = Scenario {
    id: "",
    title: "",
    unit: "calls",
    sizes: &[100, 1_000, 5_000],
    timed: Timed::All,
    first: "A",
    air: |n| tree("seq", &calls(n, |_| "A")),
    answer: record,
};

const FAN_OUT: Scenario = Scenario {
    sizes: &[100, 1_000, 10_000],
    timed: Timed::Second,
    air: |n| tree("par", &calls(n, |_| "A")),
    ..SEQUENCE
};

const FOLD_STREAM: Scenario = Scenario {
    unit: "values",
    // The reference allows no more than 1,023.
    sizes: &[100, 300, 1_000],
    air: |n| format!(r#"(seq {} (fold $st it (par (call "A" ("srv" "fn") [it] r) (next it))))"#, values(n)),
    ..FAN_OUT
};

/// The scripts of `examples/patterns.aqua`, with the peers that their arguments name.
const PATTERN: Scenario = Scenario { unit: "", sizes: &[1], first: "I", answer: pattern, ..SEQUENCE };

/// One item is itself, more are two halves under an operator.
fn tree(operator: &str, items: &[String]) -> String {
    match items {
        [] => "(null)".into(),
        [one] => one.clone(),
        _ => {
            let (left, right) = items.split_at(items.len() / 2);
            format!("({operator} {} {})", tree(operator, left), tree(operator, right))
        }
    }
}

fn calls(n: usize, peer: impl Fn(usize) -> &'static str) -> Vec<String> {
    (0..n).map(|i| format!(r#"(call "{}" ("srv" "fn") ["arg" {i}] v{i})"#, peer(i))).collect()
}

fn values(n: usize) -> String {
    tree("seq", &(0..n).map(|i| format!("(ap {i} $st)")).collect::<Vec<_>>())
}

/// Blocks of about so many bytes in a balanced tree, `seq` and `par` alternating, of which nothing is executed.
fn parsed(bytes: usize) -> String {
    let mut level = Vec::new();
    let mut size = 0;
    while size < bytes.saturating_sub(200) {
        let i = level.len();
        let each = format!(r#"(call %init_peer_id% ("srv" "each") [it{i} %timestamp%])"#);
        let block = format!(
            r#"(seq (call "A" ("srv" "fn{i}") ["literal {i}" {i} true] v{i}) (par (call "A" ("srv" "op") [v{i} v{i}.$.field.[0]] $st) (xor (fold v{i} it{i} (seq {each} (next it{i}))) (null))))"#
        );
        size += block.len() + "(seq )".len();
        level.push(block);
    }
    let mut operators = ["seq", "par"].into_iter().cycle();
    while level.len() > 1 {
        let operator = operators.next().unwrap_or("seq");
        level = level.chunks(2).map(|pair| tree(operator, pair)).collect();
    }
    format!("(xor (null) {})", level.concat())
}

fn success(result: impl Into<String>) -> Answer {
    Answer { ret_code: 0, result: result.into().into() }
}

/// A small object with the last number among the arguments, or one more than the number in it.
fn record(_: usize, _: &str, asked: &Asked) -> Answer {
    let n = match asked.arguments.last() {
        Some(Json::Object(object)) => {
            let before = object.iter().find(|(key, _)| &***key == "n").map(|(_, value)| value.to_text());
            before.and_then(|text| text.parse::<u64>().ok()).map_or(0, |n| n + 1).to_string()
        }
        Some(number) => number.to_text(),
        None => "0".into(),
    };
    success(format!(r#"{{"n":{n},"s":"result"}}"#))
}

/// An array of records of about so many bytes, or how many there are.
fn big(bytes: usize, _: &str, asked: &Asked) -> Answer {
    let record = |i: usize| format!(r#"{{"id":{i},"name":"name {i}","tags":["a","b"],"val":{i}.5,"ok":true}}"#);
    match asked.arguments.first() {
        Some(array) => success(array.as_array().map_or(0, |array| array.len()).to_string()),
        None => {
            let mut text = String::from("[");
            for i in 0.. {
                let next = record(i);
                if text.len() + next.len() + 1 > bytes {
                    break;
                }
                if i > 0 {
                    text.push(',');
                }
                text.push_str(&next);
            }
            success(text + "]")
        }
    }
}

/// Three peers do what they are asked for; of a failover the primary does not. In a race both say the same, since who is
/// first depends on the order of delivery, and that on whom an engine tells.
fn pattern(_: usize, peer: &str, asked: &Asked) -> Answer {
    let argument = |at: usize| asked.arguments.get(at).map(Json::to_text).unwrap_or_else(|| "null".into());
    match (asked.service.as_str(), asked.function.as_str()) {
        ("getDataSrv", "-relay-") => success(r#""R""#),
        ("getDataSrv", "peers") | ("kv", "peers") => success(r#"["A","B","C"]"#),
        ("getDataSrv", "primary" | "seed" | "a") => success(r#""A""#),
        ("getDataSrv", "backup" | "b") => success(r#""B""#),
        ("getDataSrv", "coordinator") => success(r#""C""#),
        ("getDataSrv", name) => success(format!(r#""some {name}""#)),
        ("kv", "get") if peer == "A" => Answer { ret_code: 1, result: r#""it is down""#.into() },
        ("kv", "get") => success(r#"["a value"]"#),
        ("kv", "put") => success("true"),
        ("vote", "cast") => success("1"),
        ("vote", "tally") => success(r#""it is so""#),
        ("op", _) => success(argument(0)),
        _ => success("null"),
    }
}
