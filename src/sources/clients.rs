//! Client families: what a user agent says it is, without its version.
//!
//! All of it is what the client chose to say. A change of family is evidence; a harmless family proves nothing.

/// How a family is told from a user agent.
enum Test {
    /// It begins so.
    Starts(&'static str),
    /// It begins so, whatever the case.
    StartsAnyCase(&'static str),
    /// It has this somewhere.
    Contains(&'static str),
    /// It has this somewhere, whatever the case.
    ContainsAnyCase(&'static str),
    /// It ends so.
    Ends(&'static str),
}

use Test::{Contains, ContainsAnyCase, Ends, Starts, StartsAnyCase};

/// Families in the order in which they are tried.
const FAMILIES: &[(&str, &[Test])] = &[
    (
        "offensive",
        &[
            ContainsAnyCase("distrib#kali"),
            ContainsAnyCase("+kali"),
            ContainsAnyCase("kali-amd64"),
            ContainsAnyCase("kali-arm64"),
            ContainsAnyCase("trufflehog"),
            ContainsAnyCase("pacu"),
            ContainsAnyCase("bav2ropc"),
        ],
    ),
    ("stratus", &[Starts("stratus-red-team_")]),
    (
        "terraform",
        &[
            Contains("HashiCorp Terraform/"),
            Contains("HashiCorp/1.0 Terraform/"),
            Contains("terraform-provider-"),
        ],
    ),
    ("ansible", &[Contains("Ansible")]),
    ("pulumi", &[Contains("Pulumi")]),
    ("rclone", &[StartsAnyCase("rclone/")]),
    ("s5cmd", &[Contains("s5cmd")]),
    ("mc", &[Contains("minio-go/")]),
    ("s3browser", &[Contains("S3 Browser")]),
    ("cyberduck", &[Contains("Cyberduck")]),
    ("winscp", &[ContainsAnyCase("winscp")]),
    ("filezilla", &[ContainsAnyCase("filezilla")]),
    ("mountain-duck", &[ContainsAnyCase("mountain duck")]),
    (
        "s3console",
        &[Starts("S3Console/"), Contains("aws-internal/")],
    ),
    (
        "aws-console",
        &[
            Starts("console.amazonaws.com"),
            Starts("signin.amazonaws.com"),
            Contains(" Console, aws-internal"),
            Contains("AWS-Console"),
        ],
    ),
    (
        "aws-service",
        &[Ends(".amazonaws.com"), Starts("AWS Internal")],
    ),
    ("trusted-advisor", &[Starts("AWS-Support-TrustedAdvisor")]),
    ("aws-cli", &[Starts("aws-cli/")]),
    ("boto3", &[Starts("Boto3/")]),
    ("botocore", &[Starts("Botocore/"), Starts("botocore/")]),
    ("aws-sdk", &[Starts("aws-sdk-")]),
    (
        "python-http",
        &[
            Starts("python-requests/"),
            Starts("aiohttp/"),
            Starts("Python-urllib/"),
            Starts("httpx/"),
            Starts("python/"),
        ],
    ),
    (
        "go-http",
        &[
            Starts("Go-http-client/"),
            Starts("fasthttp"),
            Starts("go-resty"),
        ],
    ),
    ("curl", &[Starts("curl/")]),
    ("wget", &[StartsAnyCase("wget/")]),
    ("node", &[Starts("node")]),
    ("okhttp", &[Starts("okhttp/")]),
    ("axios", &[Starts("axios/")]),
    ("browser", &[Starts("Mozilla/")]),
];

/// Returns the client family of a user agent.
pub fn family(user_agent: &str) -> &'static str {
    let text = stripped(user_agent);
    if text.is_empty() {
        return "empty";
    }
    let sdk = [
        "aws-sdk-go-v2",
        "aws-sdk-go",
        "aws-sdk-java",
        "aws-sdk-js",
        "aws-sdk-nodejs",
        "aws-sdk-ruby",
        "aws-sdk-php",
        "aws-sdk-dotnet",
        "aws-sdk-rust",
        "aws-sdk-cpp",
    ];
    let is = |test: &Test| match test {
        Starts(what) => text.starts_with(what),
        StartsAnyCase(what) => text
            .get(..what.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(what)),
        Contains(what) => text.contains(what),
        ContainsAnyCase(what) => text.to_ascii_lowercase().contains(what),
        Ends(what) => text.ends_with(what),
    };
    let family = FAMILIES
        .iter()
        .find(|(_, tests)| tests.iter().any(is))
        .map_or("other", |(family, _)| family);
    if family == "aws-sdk" {
        return sdk
            .into_iter()
            .find(|name| text.starts_with(name))
            .unwrap_or("aws-sdk");
    }
    family
}

/// Returns a user agent without the brackets and quotes that a service may have put around it.
pub fn stripped(user_agent: &str) -> &str {
    let text = user_agent.trim();
    let text = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text);
    let text = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text);
    text.trim()
}

/// Tells whether a user agent is that of a command line tool or library.
pub fn is_programmatic(family: &str) -> bool {
    matches!(
        family,
        "aws-cli" | "boto3" | "botocore" | "terraform" | "rclone" | "s5cmd" | "ansible" | "pulumi"
    ) || family.starts_with("aws-sdk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_without_their_versions() {
        for (user_agent, expected) in [
            ("[aws-cli/2.13.1 Python/3.11 md/command#s3.sync]", "aws-cli"),
            ("Boto3/1.26.1 md/Botocore#1.29", "boto3"),
            (
                "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488]",
                "s3console",
            ),
            ("rclone/v1.65.0", "rclone"),
            ("aws-sdk-go/1.44.0 (go1.19; linux; amd64)", "aws-sdk-go"),
            ("aws-sdk-go-v2/1.17.1 os/linux", "aws-sdk-go-v2"),
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io)",
                "terraform",
            ),
            ("config.amazonaws.com", "aws-service"),
            ("Mozilla/5.0 (X11)", "browser"),
            ("[]", "empty"),
            ("something of its own", "other"),
            ("aws-cli/2 distrib#kali.2023", "offensive"),
        ] {
            assert_eq!(family(user_agent), expected, "{user_agent}");
        }
    }
}
