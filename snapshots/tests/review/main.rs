//! Snapshots: what a reviewer reads when behaviour changes. A snapshot that changes is no failure in itself; see
//! `README.md` for when it is a breaking change.

/// Compares a text, or what serializes, with the snapshot of a name in a folder. Further settings, such as filters and
/// redactions of what is no behaviour, go last.
macro_rules! review {
    ($folder:expr, $name:expr, text $text:expr $(, $setting:ident => $to:expr)*) => {
        insta::with_settings!({
            snapshot_path => airtight_snapshots::root().join($folder),
            snapshot_suffix => "",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            $($setting => $to,)*
        }, { insta::assert_snapshot!($name, $text) })
    };
    ($folder:expr, $name:expr, json $value:expr $(, $setting:ident => $to:expr)*) => {
        insta::with_settings!({
            snapshot_path => airtight_snapshots::root().join($folder),
            snapshot_suffix => "",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            $($setting => $to,)*
        }, { insta::assert_json_snapshot!($name, $value) })
    };
}

mod command;
mod data;
mod diagnostics;
mod format;
mod outcomes;
mod page;
mod printing;
mod traces;
