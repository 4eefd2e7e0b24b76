//! Long names, shortened.

/// Cuts a long name in the middle: how it begins and how it ends say more than what is between.
pub fn shorten(name: &str, width: usize) -> String {
    let n = name.chars().count();
    if n <= width {
        return name.to_owned();
    }
    let head = width / 3;
    let tail = width.saturating_sub(head + 1);
    name.chars()
        .take(head)
        .chain(['…'])
        .chain(name.chars().skip(n - tail))
        .collect()
}

/// Cuts a long text at its end.
pub fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.trim_end().to_owned() + "…"
}

/// Returns the last part of a canonical id, as in `etl-media-24` of `arn:aws:iam::333344445555:role/etl-media-24`, in at most
/// so many columns. Of an e-mail address that is too long the domain goes first.
pub fn name_of(id: &str, width: usize) -> String {
    let last = id
        .rsplit(['/', ':'])
        .find(|part| !part.is_empty())
        .unwrap_or(id);
    match last.split_once('@') {
        Some((local, _)) if last.chars().count() > width => shorten(local, width),
        _ => shorten(last, width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shortened_in_the_middle() {
        assert_eq!(shorten("logs/a.json", 40), "logs/a.json");
        let short = shorten(&format!("logs/{}/trail.json.gz", "é".repeat(100)), 40);
        assert_eq!(short.chars().count(), 40);
        assert!(short.starts_with("logs/é") && short.ends_with("é/trail.json.gz"));
        assert_eq!(clip("new user agent python", 12), "new user ag…");
        assert_eq!(
            name_of("arn:aws:iam::333344445555:role/etl-media-24", 16),
            "etl-media-24"
        );
        assert_eq!(
            name_of("gcp:sa:etl@prod.iam.gserviceaccount.com", 16),
            "etl"
        );
        assert_eq!(name_of("ana@example.com", 16), "ana@example.com");
    }
}
