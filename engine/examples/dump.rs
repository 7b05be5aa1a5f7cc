use airtight_engine::script::*;
use std::io::BufRead;
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (id, text) = line.split_once('\t').unwrap();
        let text = text.replace('⏎', "\n");
        let d = match Script::parse(&text) {
            Ok(s) => s.warnings().clone(),
            Err(d) => d,
        };
        let show = |sev| {
            d.iter()
                .filter(|x| x.severity == sev)
                .map(|x| format!("{} {}..{}", x.code, x.span.start, x.span.end))
                .collect::<Vec<_>>()
                .join(", ")
        };
        println!("{id}\t{}\t{}", show(Severity::Error), show(Severity::Warning));
    }
}
