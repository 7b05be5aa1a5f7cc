//! Data as lines.

/// How deep lists and objects are that have a line for each entry: the envelope, its shared part, its stores.
const DEPTH_MAX: usize = 3;

/// The bytes of data as they are, but for line ends: each entry of a store has its line.
pub fn lines(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    let mut lines = vec![String::new()];
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if let Some(line) = lines.last_mut() {
            line.push(char);
        }
        if in_string {
            in_string = escaped || char != '"';
            escaped = char == '\\' && !escaped;
            continue;
        }
        let mut ends = false;
        match char {
            '"' => in_string = true,
            '{' | '[' => {
                depth += 1;
                ends = depth <= DEPTH_MAX && !matches!(chars.peek(), Some('}' | ']'));
            }
            '}' | ']' => depth -= 1,
            ',' => ends = depth <= DEPTH_MAX,
            _ => {}
        }
        if ends {
            lines.push("  ".repeat(depth));
        }
    }
    lines
}
