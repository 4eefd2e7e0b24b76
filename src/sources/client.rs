//! The family of the client program that a user agent names, without its version.
//!
//! The client chooses its user agent. A family that changes is evidence; a harmless family proves nothing.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::event::Untrusted;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::parts::placeholder::is_placeholder;
use crate::sources::recent::{self, Recent};
use crate::vocab::Str;

/// A test of a user agent.
enum Test {
    /// It begins with this.
    Starts(&'static str),
    /// It contains this.
    Has(&'static str),
    /// It contains this, ignoring case; written in lower case.
    HasAnyCase(&'static str),
    /// It begins with this, ignoring case; written in lower case.
    StartsAnyCase(&'static str),
    /// It ends with this.
    Ends(&'static str),
    /// It begins with the first and contains the second, in lower case and whatever the case.
    StartsAndHas(&'static str, &'static str),
    /// It begins with the first and ends with the second.
    StartsAndEnds(&'static str, &'static str),
}
use Test::{Ends, Has, HasAnyCase, Starts, StartsAndEnds, StartsAndHas, StartsAnyCase};

/// Families and their tests; the first that passes wins.
#[rustfmt::skip]
const FAMILIES: &[(&str, &[Test])] = &[
    ("offensive", &[HasAnyCase("distrib#kali"), HasAnyCase("+kali"), HasAnyCase("kali-amd64"), HasAnyCase("kali-arm64"),
        HasAnyCase("trufflehog"), HasAnyCase("pacu"), HasAnyCase("bav2ropc")]),
    ("stratus", &[Starts("stratus-red-team_")]),
    ("terraform", &[Has("HashiCorp Terraform/"), Has("HashiCorp/1.0 Terraform/"), Has("terraform-provider-")]),
    ("ansible", &[Has("Ansible")]),
    ("pulumi", &[Has("Pulumi")]),
    ("aws-cli", &[Starts("aws-cli/")]),
    ("boto3", &[Starts("Boto3/")]),
    ("botocore", &[Starts("Botocore/"), Starts("botocore/")]),
    ("aws-sdk", &[Starts("aws-sdk-")]),
    ("s3console", &[Starts("S3Console/")]),
    ("aws-console", &[Starts("console.amazonaws.com"), Starts("signin.amazonaws.com"), StartsAndEnds("console.", ".amazonaws.com"),
        Has(" Console, aws-internal/"), Has("ConsoleFrontend"), Has("AWS-Console")]),
    ("trusted-advisor", &[Starts("AWS-Support-TrustedAdvisor")]),
    // The console of some service: only that of S3 names itself.
    ("aws-console", &[Has("aws-internal/")]),
    ("aws-service", &[Ends(".amazonaws.com"), Starts("AWS Internal")]),
    ("rclone", &[StartsAnyCase("rclone/")]),
    ("s5cmd", &[Has("s5cmd")]),
    ("mc", &[Starts("MinIO (")]),
    ("s3browser", &[Has("S3 Browser")]),
    ("mountain duck", &[HasAnyCase("mountain duck")]),
    ("cyberduck", &[Has("Cyberduck")]),
    ("winscp", &[HasAnyCase("winscp")]),
    ("filezilla", &[HasAnyCase("filezilla")]),
    ("azcopy", &[StartsAnyCase("azcopy/")]),
    ("azure-cli", &[HasAnyCase("azurecli/"), Has("azure-cli/")]),
    ("azure-powershell", &[HasAnyCase("azurepowershell/"), Starts("Az.")]),
    ("storage-explorer", &[Has("Microsoft Azure Storage Explorer")]),
    ("azsdk", &[Starts("azsdk-"), Starts("Azure-Storage/"), Starts("Azure.Storage/"), Starts("Microsoft.Azure.Storage/"),
        Starts("Microsoft.Azure-Storage/")]),
    ("gke-metadata", &[Has("gke-metadata-server")]),
    ("graph-powershell", &[HasAnyCase("mggraph"), HasAnyCase("graph-powershell")]),
    ("msol-powershell", &[HasAnyCase("msol"), HasAnyCase("azuread")]),
    ("graph-sdk", &[HasAnyCase("graph-dotnet/"), HasAnyCase("graph-python/"), HasAnyCase("graph-java/"),
        HasAnyCase("graph-go/"), HasAnyCase("graph-javascript/")]),
    ("aadinternals", &[HasAnyCase("aadinternals")]),
    ("azurehound", &[HasAnyCase("azurehound/"), HasAnyCase("sharphound/"), HasAnyCase("bloodhound/")]),
    ("exo-powershell", &[StartsAndHas("Client=REST", "powershell"), Starts("Client=WebServices;")]),
    ("pnp-powershell", &[Has("PnPPS"), Has("PnPCoreSDK"), Has("SharePointPnP")]),
    ("gsutil", &[Has(" gsutil/")]),
    ("gcloud", &[Has("gcloud/"), Has("google-cloud-sdk")]),
    ("gcp-sdk", &[Has("gcloud-python/"), Has("gcloud-golang/"), Has("gcloud-java/"), Has("google-api-python-client/"),
        Has("google-api-go-client/"), Has("google-api-java-client/"), Has("apitools"), Has("Google-HTTP-Java-Client"), Has("gcloud-node"),
        Has("gccl/")]),
    ("okta-integrations", &[Has("Okta-Integrations")]),
    ("python-http", &[Has("python-requests/"), Has("aiohttp/"), Has("Python-urllib/"), Has("httpx/"), Starts("python/")]),
    ("go-http", &[Has("Go-http-client/"), Has("fasthttp"), Has("go-resty")]),
    ("curl", &[Starts("curl/")]),
    ("wget", &[StartsAnyCase("wget")]),
    ("node", &[Starts("node")]),
    ("okhttp", &[Starts("okhttp")]),
    ("axios", &[Starts("axios")]),
    ("powershell", &[HasAnyCase("powershell/")]),
    ("browser", &[Starts("Mozilla/")]),
];

/// Families that are programs at a command line or in code, not a web console.
const PROGRAMS: &[&str] = &[
    "aws-cli",
    "boto3",
    "botocore",
    "aws-sdk",
    "terraform",
    "ansible",
    "pulumi",
    "rclone",
    "s5cmd",
    "mc",
    "python-http",
    "go-http",
    "curl",
    "stratus",
    "azcopy",
    "azure-cli",
    "azure-powershell",
    "azsdk",
    "graph-powershell",
    "powershell",
    "gsutil",
    "gcloud",
    "gcp-sdk",
    "gke-metadata",
];

/// Removes what S3 puts around a user agent: one pair of brackets, quotes, blanks.
pub fn stripped(user_agent: &str) -> &str {
    let text = user_agent.trim();
    let text = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text)
        .trim();
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text)
        .trim()
}

/// Returns the family of a stripped user agent: `empty` if there is none, `other` if it is not known.
pub fn family(user_agent: &str) -> &'static str {
    if is_placeholder(user_agent) {
        return "empty";
    }
    let lower = user_agent.to_ascii_lowercase();
    let fits = |test: &Test| match test {
        Starts(mark) => user_agent.starts_with(mark),
        Has(mark) => user_agent.contains(mark),
        HasAnyCase(mark) => lower.contains(mark),
        StartsAnyCase(mark) => lower.starts_with(mark),
        Ends(mark) => user_agent.ends_with(mark),
        StartsAndHas(start, mark) => user_agent.starts_with(start) && lower.contains(mark),
        StartsAndEnds(start, end) => user_agent.starts_with(start) && user_agent.ends_with(end),
    };
    FAMILIES
        .iter()
        .find(|(_, tests)| tests.iter().any(fits))
        .map_or("other", |(family, _)| family)
}

/// What is known about a user agent.
#[derive(Debug, Clone)]
pub struct Client {
    /// The stripped user agent; `None` if there is none.
    pub user_agent: Option<Untrusted>,
    /// Its family.
    pub family: Str,
    /// Whether a web console made the call, whatever the address.
    pub is_console: bool,
    /// Whether it is a browser. For AWS calls that means the web console; for other providers it means nothing.
    pub is_browser: bool,
    /// Whether it is one of AWS's own programs. With an IP address, a web console made the call.
    pub is_aws_internal: bool,
    /// Whether it is a program, not a console.
    pub is_program: bool,
    /// Whether it runs as a Lambda function or a Fargate task.
    pub is_workload: bool,
    /// Whether it is the browser's shell.
    pub is_cloudshell: bool,
}

impl Client {
    fn new(raw: &str, interner: &mut Interner) -> Self {
        let text = stripped(raw);
        let family = family(text);
        let console = [
            "S3Console/",
            "RDS Console",
            "console.amazonaws.com",
            "signin.amazonaws.com",
            "Coral/Netty",
            "AWSCloudTrail, aws-internal",
        ];
        Self {
            user_agent: (family != "empty").then(|| interner.untrusted(text)),
            family: interner.share(family),
            is_console: family == "aws-console" && !text.contains("aws-internal/")
                || console.iter().any(|start| text.starts_with(start)),
            is_browser: family == "browser",
            is_aws_internal: text.contains("aws-internal/"),
            is_program: PROGRAMS.contains(&family) && !text.contains("aws-internal/"),
            is_workload: text.contains("exec-env/AWS_Lambda_")
                || text.contains("exec-env/AWS_ECS_FARGATE"),
            is_cloudshell: text.contains("exec-env/CloudShell")
                || text.contains("environment/devshell"),
        }
    }

    /// Returns whether a call that CloudTrail records came from a web console; `None` if that is unknown.
    pub fn aws_console(&self, ip: Option<IpAddr>, is_stated: bool) -> Option<bool> {
        if is_stated || self.is_browser {
            return Some(!self.is_cloudshell);
        }
        self.console(ip)
    }

    /// Returns whether the call came from a web console; `None` if that is unknown, as for any browser.
    pub fn console(&self, ip: Option<IpAddr>) -> Option<bool> {
        if self.is_cloudshell {
            return Some(false);
        }
        if self.is_console || (self.is_aws_internal && ip.is_some()) {
            return Some(true);
        }
        self.is_program.then_some(false)
    }
}

/// Clients by user agent. Bounded: it is emptied when it is full.
#[derive(Debug, Default)]
pub struct ClientCache {
    known: FxHashMap<Box<str>, Client>,
    /// By the value that states the user agent, as it is written.
    recent: Recent<(Box<[u8]>, Client)>,
}

impl ClientCache {
    /// The most user agents that are kept.
    const CLIENTS_MAX: usize = 8_192;

    /// Returns what is known of the user agent that a value states, or of none.
    pub fn of_value(&mut self, value: Value<'_>, interner: &mut Interner) -> &Client {
        let inner = match value {
            Value::Text(inner) if inner.len() <= Untrusted::BYTES_MAX => inner,
            _ => return self.of(&value.text().unwrap_or_default(), interner),
        };
        let Self { known, recent } = self;
        let is_right = |(text, _): &(Box<[u8]>, Client)| **text == *inner;
        let found = recent.get_or(recent::hash(inner), is_right, || {
            let text = value.text().unwrap_or_default();
            (inner.into(), Self::look_up(known, &text, interner).clone())
        });
        &found.1
    }

    /// Returns what is known of a user agent as it was written.
    pub fn of(&mut self, raw: &str, interner: &mut Interner) -> &Client {
        Self::look_up(&mut self.known, raw, interner)
    }

    fn look_up<'a>(
        known: &'a mut FxHashMap<Box<str>, Client>,
        raw: &str,
        interner: &mut Interner,
    ) -> &'a Client {
        let raw = crate::event::cut(raw, Untrusted::BYTES_MAX);
        if !known.contains_key(raw) {
            if known.len() >= Self::CLIENTS_MAX {
                known.clear();
            }
            known.insert(raw.into(), Client::new(raw, interner));
        }
        &known[raw]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_recognised() {
        for (user_agent, expected) in [
            (
                "[aws-cli/2.15.0 md/command#s3.sync exec-env/CloudShell]",
                "aws-cli",
            ),
            ("aws-cli/2.1 distrib#kali.2024", "offensive"),
            ("Boto3/1.28.1 md/Botocore#1.31 Botocore/1.31", "boto3"),
            (
                "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12]",
                "s3console",
            ),
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.5.2 aws-sdk-go/1.44",
                "terraform",
            ),
            ("aws-sdk-go-v2/1.17 os/linux", "aws-sdk"),
            ("config.amazonaws.com", "aws-service"),
            ("console.amazonaws.com", "aws-console"),
            ("console.ec2.amazonaws.com", "aws-console"),
            (
                "[EC2ConsoleFrontend, aws-internal/3 aws-sdk-java/1.12]",
                "aws-console",
            ),
            ("aws-internal/3 aws-sdk-java/1.12", "aws-console"),
            ("\"rclone/v1.65\"", "rclone"),
            ("Mozilla/5.0 (X11; Linux)", "browser"),
            (
                "apitools Python/3.9 gsutil/5.11 (darwin) command/cp google-cloud-sdk/394.0.0",
                "gsutil",
            ),
            (
                "google-cloud-sdk gcloud/548.0.0 command/gcloud.storage.cp",
                "gcloud",
            ),
            (
                "google-api-go-client/0.5 gke-metadata-server",
                "gke-metadata",
            ),
            ("gcloud-python/2.14.0 gl-python/3.11 gccl/2.14.0", "gcp-sdk"),
            ("[]", "empty"),
            ("hand-made/1", "other"),
        ] {
            assert_eq!(family(stripped(user_agent)), expected, "{user_agent}");
        }
    }

    #[test]
    fn consoles_and_programs_are_distinguished() {
        let mut interner = Interner::default();
        let ip = Some(IpAddr::from([198, 51, 100, 7]));
        for (user_agent, ip, is_stated, expected) in [
            ("[S3Console/0.4, aws-internal/3]", ip, false, Some(true)),
            ("aws-sdk-java/1 aws-internal/3", ip, false, Some(true)),
            ("aws-sdk-java/1 aws-internal/3", None, false, None),
            ("aws-sdk-java/1", ip, true, Some(true)),
            ("aws-cli/2 exec-env/CloudShell", ip, true, Some(false)),
            ("aws-cli/2", ip, false, Some(false)),
            ("Mozilla/5.0", ip, false, Some(true)),
            ("hand-made/1", ip, false, None),
        ] {
            assert_eq!(
                Client::new(user_agent, &mut interner).aws_console(ip, is_stated),
                expected,
                "{user_agent}"
            );
        }
        // A browser that reads public data, or a portal of another provider, is not a console.
        let browser = Client::new("Mozilla/5.0", &mut interner);
        assert_eq!(browser.console(ip), None);
        let own = Client::new("[S3Console/0.4, aws-internal/3]", &mut interner);
        assert_eq!(own.console(ip), Some(true));
    }
}
