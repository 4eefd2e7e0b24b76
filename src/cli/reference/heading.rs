//! The beginning of a page.

/// Returns what stands above a page.
pub(super) fn heading(title: &str, subject: &str) -> String {
    format!(
        "# {title}\n\n<!-- Written by `plimsoll reference {subject}`. To change it, change the code and run that again. -->\n\n"
    )
}
