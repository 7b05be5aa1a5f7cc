//! Scripts of a few forms: around a fold, about stream maps, about errors, about what is not known yet. They use a service with answers of its own.
//!
//! What goes wrong shows only where several things meet: at least two items, of one batch or of two; an instruction that leaves
//! something behind, and one that would see it; an error in a handler. Scripts of all kinds seldom have all of that; these mostly
//! do.

use airtight_generators::Choices;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A script, by choices; not each of them passes the static rules.
pub fn draw(choices: &mut dyn Choices) -> String {
    let mut forms = Forms { choices, functions: 0 };
    match forms.below(6) {
        0 => forms.map(),
        1 => forms.errors(),
        2 => forms.early(),
        _ => fold(&mut forms),
    }
}

/// The service whose functions answer with what `fail` is given.
pub const RAISERS: &str = "errors";

/// What it answers: errors with codes of all sizes, and what is no error.
const ERRORS: [&str; 10] = [
    r#"{"error_code":7,"message":"no"}"#,
    r#"{"error_code":-9223372036854775808,"message":"no","more":[1]}"#,
    r#"{"error_code":9223372036854775807,"message":""}"#,
    r#"{"error_code":9223372036854775808,"message":"no"}"#,
    r#"{"error_code":18446744073709551615,"message":"no"}"#,
    r#"{"error_code":0,"message":"no"}"#,
    r#"{"error_code":1.5,"message":"no"}"#,
    r#"{"error_code":"7","message":"no"}"#,
    r#"{"error_code":7}"#,
    "7",
];

/// A function of it that fails.
const FAILS: &str = "fails";

/// A function of it with an answer that is no JSON.
pub const BABBLES: &str = "babbles";

/// The answers of that service, as a file that fixes answers has them.
pub static ANSWERS: LazyLock<Value> = LazyLock::new(|| {
    let errors = ERRORS
        .iter()
        .enumerate()
        .map(|(number, text)| json!({"service": RAISERS, "function": number.to_string(), "text": text}));
    let fails = json!({"service": RAISERS, "function": FAILS, "error": {"ret_code": 5, "message": "no"}});
    let babbles = json!({"service": RAISERS, "function": BABBLES, "text": "[1"});
    json!({"answers": errors.chain([fails, babbles]).collect::<Vec<_>>()})
});

fn fold(forms: &mut Forms<'_>) -> String {
    let (prelude, iterable) = forms.iterable();
    let body = forms.body(matches!(iterable, "$s" | "%m"));
    let last = forms.pick(&["", " (null)", "@"]);
    let last = if last == "@" { format!(" {}", forms.call("[i]", "")) } else { last.into() };
    let fold = format!("(fold {iterable} i {body}{last})");
    let after = forms.call("[%last_error%.$.error_code]", "");
    let handler = forms.call("[:error:.$.error_code]", "");
    let peer = forms.peer();
    let canon = format!("(canon {peer} $out #out)");
    let show = forms.call("[#out #out.length]", "");
    let end = match forms.below(3) {
        0 => format!("(seq {fold} {after})"),
        1 => format!("(xor (seq {fold} {after}) {handler})"),
        _ => format!("(seq (par {fold} (null)) (seq {canon} {show}))"),
    };
    format!("(seq (ap \"first\" $out) (seq {prelude} {end}))")
}

struct Forms<'c> {
    choices: &'c mut dyn Choices,
    functions: u32,
}

impl Forms<'_> {
    fn below(&mut self, n: u32) -> u32 {
        self.choices.below(n)
    }

    fn pick(&mut self, texts: &[&'static str]) -> &'static str {
        texts.get(self.below(texts.len() as u32) as usize).copied().unwrap_or_default()
    }

    fn peer(&mut self) -> &'static str {
        self.pick(&["%init_peer_id%", "%init_peer_id%", "\"other\""])
    }

    /// A call of a function of its own.
    fn call(&mut self, arguments: &str, output: &str) -> String {
        self.functions += 1;
        format!("(call {} (\"s\" \"f{}\") {arguments}{output})", self.peer(), self.functions)
    }

    /// Entries of a stream map, and looks at what its canon holds.
    fn map(&mut self) -> String {
        const PARTS: [&str; 9] = [
            "#%m",
            "#%m.length",
            "#%m.$.a",
            "#%m.$.[1]",
            "#%m.$.a.[0]",
            "#%m.$.a.[1]",
            "#%m.$.[1].[0]",
            "#%m.$.none",
            "o",
        ];
        let (one, other) = (self.all(Self::insert), self.all(Self::insert));
        let canons = format!("(seq (canon {} %m #%m) (canon {} %m o))", self.peer(), self.peer());
        let (first, second) = (self.pick(&PARTS), self.pick(&PARTS));
        let (show, handler) = (self.call(&format!("[{first} {second}]"), ""), self.call("[:error:.$.error_code]", ""));
        format!("(seq (seq {one} {other}) (seq {canons} (xor {show} {handler})))")
    }

    /// Something is used that another branch may not have brought yet, and an error of that would be caught; or something that
    /// nobody brings.
    fn early(&mut self) -> String {
        const USES: [&str; 15] = [
            "(match w 1 (null))",
            "(mismatch w 1 (null))",
            "(ap w y)",
            "(ap (w 1) %m)",
            "(ap (w.$.a 1) %m)",
            "(ap (1 w) %m)",
            "(ap w.$.none y)",
            "(canon w $t #d)",
            "(call w (\"s\" \"g\") [])",
            "(call %init_peer_id% (\"s\" \"g\") [w])",
            "(fold w i (next i))",
            "(fold #c i (next i))",
            "(fold $t i (next i))",
            "(canon %init_peer_id% $nobody #e)",
            "(seq (canon %init_peer_id% $nobody #e) (fold #e i (next i)))",
        ];
        let brought = match self.below(4) {
            0 => self.call("[]", " w"),
            1 => format!("(seq {} (ap w $t))", self.call("[]", " w")),
            _ => format!("(seq (seq {} (ap w $t)) (canon {} $t #c))", self.call("[]", " w"), self.peer()),
        };
        let (used, after) = (self.pick(&USES), self.call("[]", ""));
        let handler = self.call("[:error:.$.error_code]", "");
        format!("(par {brought} (xor (seq {used} {after}) {handler}))")
    }

    /// Errors, handlers, and looks at the registers.
    fn errors(&mut self) -> String {
        let (one, other) = (self.trouble(3), self.trouble(2));
        let (handler, end) = (self.look(), self.look());
        format!("(seq (xor {one} {handler}) (seq (xor {other} (null)) {end}))")
    }

    fn look(&mut self) -> String {
        self.call("[:error:.$.error_code %last_error%.$.error_code]", "")
    }

    /// What may fail, at most so deep.
    fn trouble(&mut self, depth: u32) -> String {
        match self.below(if depth == 0 { 8 } else { 13 }) {
            0 => self.look(),
            1 => self.pick(&["(fail 3 \"no\")", "(fail 4 \"never\")"]).into(),
            2 => format!("(match 1 2 {})", self.look()),
            3 => "(fail :error:)".into(),
            4 => "(fail %last_error%)".into(),
            5 => self.raise(),
            6 => self.service([FAILS, FAILS, BABBLES]),
            7 => format!("(seq {} {})", self.missing("%last_error%", "$out"), self.call("[]", "")),
            8 => format!("(par {} {})", self.trouble(depth - 1), self.trouble(depth - 1)),
            9 => format!("(seq {} {})", self.look(), self.trouble(depth - 1)),
            10 => format!("(seq {} {})", self.trouble(depth - 1), self.look()),
            _ => format!("(xor {} {})", self.trouble(depth - 1), self.trouble(depth - 1)),
        }
    }

    /// An error made from an answer, which may be none.
    fn raise(&mut self) -> String {
        let which = self.below(ERRORS.len() as u32);
        format!("(new e (seq (call {} (\"{RAISERS}\" \"{which}\") [] e) (fail e)))", self.peer())
    }

    /// A call of one of the functions that have answers of their own.
    fn service(&mut self, functions: [&str; 3]) -> String {
        let function = functions[self.below(3) as usize];
        format!("(call {} (\"{RAISERS}\" \"{function}\") [])", self.peer())
    }

    /// An `ap` of a part that is not there, tried.
    fn missing(&mut self, of: &str, to: &str) -> String {
        format!("(xor (ap {of}.$.none {to}) (null))")
    }

    /// What makes something to fold over, and that.
    fn iterable(&mut self) -> (String, &'static str) {
        let peer = self.peer();
        match self.below(8) {
            0 => (self.call("[]", " xs"), "xs"),
            1..=3 => (self.all(Self::write), "$s"),
            4 => (format!("(seq {} (canon {peer} $s #c))", self.all(Self::write)), "#c"),
            5 => (self.all(Self::insert), "%m"),
            6 => (format!("(seq {} (canon {peer} %m #%m))", self.all(Self::insert)), "#%m"),
            _ => (format!("(seq {} (canon {peer} %m #%m))", self.all(Self::insert)), "#%m.$.a"),
        }
    }

    /// Two or three instructions of a kind, after or beside each other.
    fn all(&mut self, one: fn(&mut Self) -> String) -> String {
        let mut all = one(self);
        for _ in 0..1 + self.below(2) {
            all = format!("({} {all} {})", self.pick(&["seq", "par"]), one(self));
        }
        all
    }

    fn write(&mut self) -> String {
        match self.below(2) {
            0 => format!("(ap {} $s)", self.pick(&["1", "2", "\"a\""])),
            _ => self.call("[]", " $s"),
        }
    }

    fn insert(&mut self) -> String {
        let key = self.pick(&["\"a\"", "\"b\"", "1", "\"1\""]);
        match self.below(3) {
            0 => {
                let call = self.call("[]", " v");
                format!("(new v (seq {call} (ap ({key} v) %m)))")
            }
            _ => format!("(ap ({key} {}) %m)", self.pick(&["1", "2", "\"a\""])),
        }
    }

    /// The body of the fold: something for each item, and its `next`.
    fn body(&mut self, is_endless: bool) -> String {
        let part = self.part();
        let caught = self.call("[i]", "");
        match self.below(8) {
            0 | 1 => format!("(seq {part} (next i))"),
            2..=4 => format!("(par {part} (next i))"),
            5 => format!("(xor (seq {part} (next i)) {caught})"),
            6 => format!("(seq (xor {part} {caught}) (next i))"),
            // Of streams and maps this is refused.
            _ => format!("({} (next i) {part})", if is_endless { "xor" } else { "seq" }),
        }
    }

    /// What is done for an item.
    fn part(&mut self) -> String {
        let peer = self.peer();
        match self.below(17) {
            0 => self.call("[i]", ""),
            1 => format!("(par {} {})", self.call("[i]", " x"), self.call("[x i]", "")),
            2 => format!("(seq {} {})", self.call("[i]", " x"), self.call("[x]", "")),
            3 => "(ap i $out)".into(),
            4 => {
                let (write, show) = (self.call("[i]", " $s"), self.call("[#n]", ""));
                format!("(new $s (seq {write} (seq (canon {peer} $s #n) {show})))")
            }
            5 => format!("(xor (match i 1 {}) {})", self.call("[]", ""), self.call("[%last_error%.$.error_code]", "")),
            6 => format!("(xor {} {})", self.call("[i.$.key]", ""), self.call("[:error:.$.error_code i]", "")),
            7 => format!("(xor (match i.$.key \"a\" {}) (null))", self.call("[i.$.value]", "")),
            8 => format!("(mismatch i 1 {})", self.call("[i]", "")),
            9 | 14 | 15 => self.service([FAILS, FAILS, BABBLES]),
            10 => self.missing("i", "$out"),
            11 => format!("(seq (xor (match i 1 (ap i x)) (null)) (par {} (null)))", self.call("[x]", "")),
            12 => {
                let call = self.call("[]", " ys");
                format!("(new ys (seq {call} (xor (fold ys j (seq (ap j $out) (fail 3 \"no\"))) (null))))")
            }
            _ => format!(
                "(xor (new $out (seq (ap i $out) (fail 3 \"no\"))) (seq (canon {peer} $out #n) {}))",
                self.call("[#n]", "")
            ),
        }
    }
}
