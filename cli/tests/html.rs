//! The report of `airtight check --html`: one whole page, that commands the reader's browser nothing.

use html5gum::{Token, Tokenizer};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FIRST_COME: &str = include_str!("../../examples/first_come.air");

/// A page, with the directory it lies in.
struct Page {
    directory: tempfile::TempDir,
    text: String,
}

impl Page {
    fn path(&self) -> PathBuf {
        self.directory.path().join("report.html")
    }
}

/// The report of these scripts.
fn report(files: &[(&str, &str)], more: &[&str]) -> Page {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_airtight"));
    command.current_dir(directory.path()).stdin(Stdio::null()).args(["check", "--html", "report.html"]).args(more);
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).expect("a file can be written there");
        if name.ends_with(".air") {
            command.arg(name);
        }
    }
    let output = command.output().expect("the binary runs");
    let path = directory.path().join("report.html");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("there is a page of UTF-8; {error}"));
    Page { directory, text }
}

/// An element as the text has it.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// Between a style's or script's tags, nothing is markup.
fn without_raw_text(page: &str) -> String {
    let mut page = page.to_owned();
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let (before, rest) = page.split_once(open).expect("it is there");
        let (_, after) = rest.split_once(close).expect("it ends");
        page = format!("{before}{open}{close}{after}");
    }
    page
}

/// All elements, after a look at whether all that is open is closed in order.
fn elements(page: &str) -> Vec<Element> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let page = without_raw_text(page);
    for token in Tokenizer::new(&page) {
        let Ok(token) = token;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is UTF-8");
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                if !["meta", "input", "link", "br"].contains(&name.as_str()) && !tag.self_closing {
                    open.push(name.clone());
                }
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                all.push(Element { name, attributes });
            }
            Token::EndTag(tag) => assert_eq!(open.pop(), Some(text(&tag.name)), "tags are balanced"),
            Token::Error(error) => panic!("{error:?} after {} elements", all.len()),
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new());
    all
}

/// What holds for every page; gives its elements.
fn is_well_made(page: &str) -> Vec<Element> {
    let elements = elements(page);
    let mut ids = BTreeSet::new();
    for element in &elements {
        if let Some(id) = element.attribute("id") {
            assert!(ids.insert(id.to_owned()), "`{id}` is there twice");
        }
    }
    for element in &elements {
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on") && name != "style" && name != "src", "{name}={value}");
            if name == "href" || name.ends_with(":href") {
                let target = value.strip_prefix('#').unwrap_or_else(|| panic!("{value} leads out of the page"));
                assert!(ids.contains(target), "#{target} leads nowhere");
            }
            if ["aria-labelledby", "data-shows"].contains(&name.as_str()) {
                assert!(ids.contains(value), "{name}={value}");
            }
        }
        let allowed = !["iframe", "object", "embed", "img", "base", "link", "form"].contains(&element.name.as_str());
        assert!(allowed, "<{}>", element.name);
    }
    assert_eq!(elements.iter().filter(|element| element.name == "script").count(), 1);
    assert_eq!(elements.iter().filter(|element| element.name == "style").count(), 1);
    let policy = elements.iter().find(|element| element.attribute("http-equiv") == Some("Content-Security-Policy"));
    let policy = policy.and_then(|element| element.attribute("content")).expect("it has a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let invisible = |c: &char| {
        (c.is_control() && *c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(c)
            || ('\u{2066}'..='\u{2069}').contains(c)
            || ['\u{200b}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{feff}'].contains(c)
    };
    assert_eq!(page.chars().find(invisible), None, "everything can be seen");
    elements
}

fn count(elements: &[Element], class: &str) -> usize {
    let has = |element: &&Element| element.attribute("class").is_some_and(|all| all.split(' ').any(|it| it == class));
    elements.iter().filter(has).count()
}

#[test]
fn a_page_has_everything() {
    let page = report(
        &[
            ("first_come.air", FIRST_COME),
            ("two.air", "(seq (call %init_peer_id% (\"s\" \"f\") [] x) (canon %init_peer_id% $s #s))"),
        ],
        &[],
    );
    let elements = is_well_made(&page.text);
    assert!(!page.text.contains("http://") && !page.text.contains("https://") && !page.text.contains("url("));
    assert_eq!(count(&elements, "chapter"), 2);
    assert_eq!(count(&elements, "film"), 2);
    assert_eq!(count(&elements, "laws"), 3, "of all together, and of each");
    assert!(count(&elements, "step") > 10 && count(&elements, "trace") > 5 && count(&elements, "message") > 5);
    for origin in ["new", "came", "both", "had", "open"] {
        assert!(count(&elements, origin) > 1, "{origin}");
    }
    assert_eq!(elements.iter().filter(|element| element.name == "article").count(), 1, "the order of delivery decides");
    assert!(page.text.contains("<span class=\"k order\">canon</span>"), "and the script says where");
    assert!(page.text.contains("Never used") && page.text.contains("never-written"), "other findings are there");
    assert!(!page.text.contains("sentBy"), "nothing is shown as a runner has it");
}

#[test]
fn names_and_values_are_text() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>&lt;\u{202e}\u{7}\u{200b}\u{1b}[2J";
    let quoted = hostile.replace('\u{7}', "");
    let script = format!(
        "; {hostile}\n(seq\n (par\n  (call \"{quoted}\" (\"{quoted}\" \"{quoted}\") [\"{quoted}\"] $s)\n  \
         (call \"b\" (\"s\" \"f\") [] $s))\n (seq (canon %init_peer_id% $s #c) (call %init_peer_id% (\"u\" \"v\") [#c])))"
    );
    let answer = serde_json::json!({"answers": [{"result": {"value": {hostile: [hostile, "\"'><b>"]}}}]}).to_string();
    let name = "\"'><script>alert(3)<.air";
    let page = report(&[(name, &script), ("services.json", &answer)], &["--services", "services.json"]);
    let elements = is_well_made(&page.text);
    assert!(count(&elements, "trace") > 0, "it was played");
    assert!(page.text.contains("&lt;/script&gt;&lt;script&gt;alert(1)"), "and is shown");
    assert!(!page.text.contains("alert(2)'>") && !page.text.contains("<b>\n"));
}

#[test]
fn invalid_scripts_are_told_with_their_errors() {
    let page = report(&[("bad.air", "(seq\n  (ap 1 x)\n  (ap <b>nope y))"), ("good.air", "(null)")], &["--runs", "2"]);
    let elements = is_well_made(&page.text);
    assert!(page.text.contains("is invalid") && page.text.contains("href=\"#s1-L3\""));
    assert_eq!(count(&elements, "chapter"), 2);
}

#[test]
#[cfg(unix)]
fn counterexamples_have_both_sides_their_history_and_a_command() {
    use std::os::unix::fs::PermissionsExt;
    // Our own engine, which merges the wrong way round.
    let swap = r#"/"method":"merge"/s/"prevData":"([^"]*)"(.*)"data":"([^"]*)"/"prevData":"\3"\2"data":"\1"/
        /"method":"merge"/s/"data":"([^"]*)"(.*)"prevData":"([^"]*)"/"data":"\3"\2"prevData":"\1"/"#;
    let script = format!("#!/bin/sh\nsed -u -E '{swap}' | '{}' serve\n", env!("CARGO_BIN_EXE_airtight"));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let runner = folder.path().join("runner");
    std::fs::write(&runner, script).expect("it can be written");
    std::fs::set_permissions(&runner, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    let runner = runner.display().to_string();
    let page = report(&[("a.air", FIRST_COME)], &["--runs", "4", "--runner", &runner, "--compare", "bytes"]);
    let elements = is_well_made(&page.text);
    assert!(count(&elements, "counterexample") > 0, "{}", page.text);
    assert!(count(&elements, "sides") > 0 && count(&elements, "part") > 0, "both sides, and where they part");
    assert!((1..=3).contains(&count(&elements, "film")), "there is a history");
    assert!(page.text.contains("airtight replay --runner"), "it says how to play it again");
    let saved = std::fs::read_dir(page.directory.path().join("counterexamples")).expect("they are saved");
    assert_eq!(saved.count(), count(&elements, "counterexample"));
}

#[test]
fn pages_are_bounded() {
    let lines: String = (0..20_000).map(|n| format!("(seq (ap {n} x{n})\n")).collect();
    let calls: String = (0..40).map(|n| format!("(par (call \"p{n}\" (\"s\" \"f\") [] $s)\n")).collect();
    let script = format!("{lines}{calls}(null){}", ")".repeat(20_040));
    let page = report(&[("large.air", &script)], &["--runs", "1"]);
    is_well_made(&page.text);
    assert!(page.text.len() < 4_000_000, "{}", page.text.len());
    assert!(page.text.contains(" more</p>"), "it says that there is more");
}

/// A browser that runs without a window.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut all = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    all.find(|file| file.is_file())
}

/// The page after its script ran, and what was written to the console.
fn look(browser: &Path, folder: &Path, address: &str) -> (String, String) {
    let file = |name: &str| std::fs::File::create(folder.join(name)).expect("a file can be made");
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(address)
        .stdin(Stdio::null())
        .stdout(file("dom"))
        .stderr(file("log"))
        .spawn()
        .expect("the browser starts");
    let end = Instant::now() + Duration::from_secs(90);
    while child.try_wait().expect("it is there").is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the browser does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let read =
        |name: &str| String::from_utf8_lossy(&std::fs::read(folder.join(name)).expect("it is there")).into_owned();
    let log = read("log");
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    (read("dom"), console.join("\n"))
}

#[test]
fn the_slider_shows_one_step() {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED: no chromium, chromium-browser or google-chrome on PATH; nothing looked at the report");
        return;
    };
    let page = report(&[("first_come.air", FIRST_COME)], &["--runs", "16"]);
    let folder = page.directory.path();
    let address = format!("file://{}", page.path().display());
    let shown = |dom: &str| -> Vec<String> {
        let has = |element: &Element, class| count(std::slice::from_ref(element), class) == 1;
        let elements = elements(dom);
        assert_eq!(count(&elements, "live"), 1, "the script ran");
        let now = elements.iter().filter(|element| has(element, "step") && has(element, "now"));
        now.map(|element| element.attribute("id").unwrap_or_default().to_owned()).collect()
    };
    let (dom, console) = look(&browser, folder, &address);
    assert_eq!(console, "", "nothing is wrong");
    assert_eq!(shown(&dom).len(), 1);
    let elements = elements(&dom);
    assert_eq!(count(&elements, "base"), 1, "it shows what a peer knows");
    let range = elements.iter().find(|element| element.attribute("type") == Some("range")).expect("there is a slider");
    assert!(range.attribute("aria-valuetext").is_some_and(|text| text.starts_with("step ")));
    let controls = elements.iter().find(|element| element.attribute("class") == Some("controls"));
    assert!(controls.is_some_and(|element| element.attribute("hidden").is_none()));

    // An address of a step shows that step.
    let (dom, console) = look(&browser, folder, &format!("{address}#s1f-3"));
    assert_eq!((shown(&dom), console.as_str()), (vec!["s1f-3".to_owned()], ""));

    // What is looked for would be seen: the policy stops a script that is not the page's own.
    let foreign = page.text.replacen("</main>", "</main><script>document.title = 'taken'</script>", 1);
    std::fs::write(page.path(), foreign).expect("a file can be written there");
    let (dom, console) = look(&browser, folder, &address);
    assert!(console.contains("Content Security Policy"), "{console}");
    assert!(!dom.contains("<title>taken"));
}
