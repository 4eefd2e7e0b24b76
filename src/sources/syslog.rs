//! Lines of logging daemons whose message is the JSON text of a record.
//!
//! The header of RFC 5424 or RFC 3164, the time, host and program that daemons write into files, or the time, stream and mark of a whole
//! line that container runtimes write, must be all that comes before the text. A line in which an application quotes JSON after words of its own is not read.

/// Marks before the JSON text that say that it is JSON.
const COOKIES: [&str; 2] = ["@cee:", "@json:"];

/// Returns the JSON text that is the whole message of a line.
pub fn json_of(line: &str) -> Option<&str> {
    let end = line.trim_end();
    if !end.ends_with(['}', ']']) {
        return None;
    }
    let rest = without_length(end);
    let (has_priority, rest) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
        Some((priority, rest)) if is_number(priority, 3) => (true, rest),
        _ => (false, rest),
    };
    let message = match rest.strip_prefix("1 ") {
        Some(rest) if has_priority => message_of_5424(rest)?,
        _ => message_of_3164(rest)?,
    };
    let message = message.trim_start().trim_start_matches('\u{feff}');
    let message = COOKIES
        .iter()
        .find_map(|cookie| message.strip_prefix(cookie))
        .unwrap_or(message)
        .trim_start();
    message.starts_with(['{', '[']).then_some(message)
}

/// Removes the length by which lines are framed on a connection.
fn without_length(line: &str) -> &str {
    match line.split_once(' ') {
        Some((length, rest)) if is_number(length, 7) && rest.starts_with('<') => rest,
        _ => line,
    }
}

fn is_number(text: &str, digits_max: usize) -> bool {
    (1..=digits_max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Skips time, host, application, process, kind of message and structured data.
fn message_of_5424(rest: &str) -> Option<&str> {
    let mut rest = rest;
    for _ in 0..5 {
        rest = rest.split_once(' ')?.1;
    }
    if let Some(after) = rest.strip_prefix('-') {
        return Some(after);
    }
    // Elements follow one another without blanks between them; a bracket in a value is escaped.
    let mut is_escaped = false;
    let mut is_in_quotes = false;
    let mut bytes = rest.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let next = bytes.peek().map(|(_, next)| *next);
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_quotes => is_escaped = true,
            b'"' => is_in_quotes = !is_in_quotes,
            b']' if !is_in_quotes && next != Some(b'[') => return Some(&rest[at + 1..]),
            _ if at == 0 && byte != b'[' => return None,
            _ => {}
        }
    }
    None
}

/// Skips time, host and program: `Mar 16 04:11:09 host program[7]: `, or with an ISO time.
fn message_of_3164(rest: &str) -> Option<&str> {
    let rest = match rest.as_bytes().first()? {
        b'0'..=b'9' => {
            let (time, rest) = rest.split_once(' ')?;
            let is_time = time.len() >= 19 && time.as_bytes()[4] == b'-' && time.contains('T');
            is_time.then_some(rest)?
        }
        _ => {
            let is_boundary = rest.is_char_boundary(15) && rest.len() > 16;
            let (time, rest) = is_boundary.then(|| rest.split_at(15))?;
            let b = time.as_bytes();
            let is_time = b[..3].iter().all(u8::is_ascii_alphabetic)
                && b[3] == b' '
                && b[6] == b' '
                && b[9] == b':'
                && b[12] == b':';
            is_time.then(|| rest.trim_start())?
        }
    };
    if let Some((_, message)) = rest.split_once(" F ")
        && (rest.starts_with("stdout F ") || rest.starts_with("stderr F "))
    {
        return Some(message);
    }
    let (host, rest) = rest.split_once(' ')?;
    let (program, message) = rest.split_once(':')?;
    let is_word = |text: &str| !text.is_empty() && !text.contains([' ', '{', '"']);
    (is_word(host) && is_word(program)).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_json_or_nothing() {
        const JSON: &str = r#"{"a":"b: c"}"#;
        for header in [
            "<134>1 2026-03-16T04:11:09Z host cloudtrail - - - ",
            "<134>1 2026-03-16T04:11:09.123+01:00 host app 77 ID47 [x@1 a=\"]\\\"\"][y@2 b=\"c\"] \u{feff}",
            "312 <134>1 2026-03-16T04:11:09Z host app - - - ",
            "<134>Mar 16 04:11:09 host cloudtrail: ",
            "Mar  6 04:11:09 host cloudtrail[7]: @cee: ",
            "2026-03-16T04:11:09.123456+00:00 host cloudtrail:",
            "2026-03-16T04:11:09.123456789Z stdout F ",
        ] {
            let line = format!("{header}{JSON}\r");
            assert_eq!(json_of(&line), Some(JSON), "{line}");
        }
        for header in [
            "INFO got ",
            "Mar 16 04:11:09 host app: user said ",
            "2026-03-16T04:11:09Z INFO received event ",
            "2026-03-16T04:11:09.123456789Z stdout P ",
            "2026-03-16T04:11:09.123456789Z stdout F got ",
            "<134>1 2026-03-16T04:11:09Z host app - - x ",
            "<134>1 2026-03-16T04:11:09Z host app - - [open ",
            "",
        ] {
            let line = format!("{header}{JSON}");
            assert_eq!(json_of(&line), None, "{line}");
        }
    }
}
