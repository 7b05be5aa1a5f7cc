//! Every small script, every short schedule, every triple of data: nothing is left out, so the counts are exact.

use airtight_properties::scope::{Bounds, Verdict, search};

/// The whole scope holds, and is as large as it was.
fn holds(instructions: u32, expected: &str) {
    let line = certificate(instructions);
    println!("{line}");
    assert_eq!(line, expected);
}

fn certificate(instructions: u32) -> String {
    match search(Bounds::instructions(instructions), &|_| {}).expect("our engine can be had") {
        Verdict::Holds(certificate) => {
            // What is never so in the whole scope is not looked at there.
            let vacuous: Vec<_> = certificate.laws.iter().filter(|(_, held)| *held == 0).collect();
            println!("{:?}", certificate.laws);
            assert!(vacuous.is_empty() && certificate.laws.len() > 4, "{vacuous:?}");
            certificate.to_string()
        }
        Verdict::Fails(counterexample) => panic!("{}", counterexample.to_text()),
        Verdict::FailsToMerge(script, violation) => panic!("{script}\n{violation}"),
    }
}

/// A changed number is a changed meaning.
#[test]
fn scripts_of_up_to_four_instructions() {
    holds(4, FOUR);
}

const FOUR: &str = "exhaustive: 724 scripts, 1000 histories, 1620 data, 38268 triples, hash \
                    blake3:d0e775762200e396be8aa439fb199cb240fd8b05957649e7ad152f446c24e03d";

#[test]
fn scripts_of_up_to_five_instructions() {
    holds(5, FIVE);
}

const FIVE: &str = "exhaustive: 9312 scripts, 17690 histories, 24365 data, 979199 triples, hash \
                    blake3:975c12b92e46d4ae84cf1334cbae2b9a1be1b1462ce48acc451debf160fa98d9";

#[test]
#[ignore = "takes a minute on two cores; `.ci/run` runs it"]
fn scripts_of_up_to_six_instructions() {
    holds(6, SIX);
}

const SIX: &str = "exhaustive: 57061 scripts, 111278 histories, 179699 data, 115697681 triples, hash \
                   blake3:159d158ae732e1e2455708f6d894d25ae57342f0776d88fca54e8eb8b4e628df";
