//! Why a text of JSON could not be read, and where.

/// What the library says of a text that it could not read: the place apart from the words.
pub(crate) struct NotRead {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in bytes, from 1.
    pub(crate) column: usize,
    /// What was expected and found; the library quotes what it found, however long that is, so this is shortened.
    pub(crate) message: String,
}

const MESSAGE_CHARS_MAX: usize = 200;

impl NotRead {
    pub(crate) fn new(error: &serde_json::Error) -> Self {
        let (line, column, said) = (error.line(), error.column(), error.to_string());
        let place = format!(" at line {line} column {column}");
        let message = said.strip_suffix(&place).unwrap_or(&said).chars().take(MESSAGE_CHARS_MAX).collect();
        // The library has column 0 for what stands before the first byte of a line.
        Self { line: line.max(1), column: column.max(1), message }
    }
}
