//! The keys of a profile in the files of the AWS command line, which `object_store` does not read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A larger file is none of these.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Adds the keys and the region of the profile that is asked for, or of the default one, to settings that have no keys of their own.
///
/// # Errors
///
/// Fails if a profile is asked for that has no keys.
pub fn complete(settings: &mut BTreeMap<String, String>) -> Result<()> {
    let asked = settings.get("AWS_PROFILE").cloned();
    let name = asked.as_deref().unwrap_or("default");
    let has_region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .any(|key| settings.contains_key(*key));
    let config = file(settings, "AWS_CONFIG_FILE", "config");
    let credentials = file(settings, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
    // In the file of the configuration all but the default are called `profile NAME`.
    let heading = format!("profile {name}");
    let mut found = section(
        config.as_deref(),
        if asked.is_some() && name != "default" {
            &heading
        } else {
            name
        },
    );
    found.extend(section(credentials.as_deref(), name));
    if !has_region && let Some(region) = found.get("region") {
        settings.insert("AWS_REGION".to_owned(), region.clone());
    }
    let keys = [
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    ];
    let has_keys =
        |found: &BTreeMap<String, String>| keys[..2].iter().all(|key| found.contains_key(*key));
    if has_keys(&found) {
        for key in keys {
            if let Some(value) = found.remove(key) {
                settings.insert(key.to_ascii_uppercase(), value);
            }
        }
        return Ok(());
    }
    match asked {
        Some(name) => Err(Error::failed(format!("the AWS profile `{name}` has no keys that can be read here")).hint_by_command(format!(
            "where it signs in or assumes a role, export what it comes to: eval \"$(aws configure export-credentials --profile {name} --format env)\""
        ))),
        None => Ok(()),
    }
}

/// Returns the path of one of the files.
fn file(settings: &BTreeMap<String, String>, variable: &str, name: &str) -> Option<PathBuf> {
    let named = settings.get(variable).map(PathBuf::from);
    named.or_else(|| Some(Path::new(settings.get("HOME")?).join(".aws").join(name)))
}

/// Returns the values of one section of a file; none if it cannot be read.
fn section(path: Option<&Path>, name: &str) -> BTreeMap<String, String> {
    let is_small =
        |path: &&Path| std::fs::metadata(path).is_ok_and(|file| file.len() <= FILE_BYTES_MAX);
    let text = path
        .filter(is_small)
        .and_then(|path| std::fs::read_to_string(path).ok());
    let mut values = BTreeMap::new();
    let mut is_within = false;
    for line in text.as_deref().unwrap_or_default().lines() {
        if let Some(heading) = line
            .trim()
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            is_within = heading.trim() == name;
        } else if is_within
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            values.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    values
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_gives_its_keys_and_its_region() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(home.path().join(".aws").join(name), text).unwrap()
        };
        write(
            "config",
            "[default]\nregion = eu-west-1\n[profile audit]\nregion=eu-north-1\nsso_session = x\n",
        );
        write(
            "credentials",
            "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key = B\n[job]\naws_access_key_id=C\naws_secret_access_key=D=\naws_session_token=E\n",
        );
        let completed = |profile: Option<&str>| {
            let home = home.path().display().to_string();
            let mut settings = BTreeMap::from([("HOME".to_owned(), home)]);
            settings.extend(profile.map(|name| ("AWS_PROFILE".to_owned(), name.to_owned())));
            complete(&mut settings).map(|()| {
                let of = |key: &str| settings.get(key).cloned().unwrap_or_default();
                [
                    "AWS_ACCESS_KEY_ID",
                    "AWS_SECRET_ACCESS_KEY",
                    "AWS_SESSION_TOKEN",
                    "AWS_REGION",
                ]
                .map(of)
            })
        };
        assert_eq!(completed(None).unwrap(), ["A", "B", "", "eu-west-1"]);
        assert_eq!(completed(Some("job")).unwrap(), ["C", "D=", "E", ""]);
        let told = completed(Some("audit")).unwrap_err().to_string();
        assert!(
            told.contains("`audit`") && told.contains("export-credentials"),
            "{told}"
        );
    }
}
