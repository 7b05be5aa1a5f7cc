use airtight_properties::{Plan, Subject, campaign, laws};
use std::collections::BTreeSet;
fn cpu() -> std::time::Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    std::time::Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
}
fn main() {
    let mut rows = Vec::new();
    for law in laws() {
        let plan = Plan {
            seed: 3,
            cases: 200,
            clock: cpu,
            laws: Some(BTreeSet::from([law.name.to_owned()])),
            threads: Some(1),
            ..Plan::default()
        };
        let r = campaign(&plan, &|| Ok(Subject::own()), &|_| {}).unwrap();
        rows.push((r.elapsed.as_secs_f64() * 1e6 / r.cases as f64, law.name, r.instances as f64 / r.cases as f64));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (t, n, i) in rows {
        println!("{t:8.0} us/case {n:24} {i:.1} instances");
    }
}
