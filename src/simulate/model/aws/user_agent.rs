//! User agents of common tools, and their versions.

use std::fmt::Write as _;

/// A tool or library that calls AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    AwsCli,
    Boto3,
    Java,
    Go,
    Rust,
    JavaScript,
    Terraform,
    S3Console,
    Browser,
    Rclone,
    S3Browser,
    Cyberduck,
    S5cmd,
    PythonRequests,
    Curl,
    /// The step of GitHub Actions that fetches credentials.
    Actions,
}

/// A tool in one version on one platform.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserAgent {
    pub(crate) client: Client,
    /// How many releases it is ahead of the oldest in use, 0 to 3.
    pub(crate) release: usize,
    /// Which machine it runs on; any number.
    pub(crate) platform: usize,
}

impl UserAgent {
    pub(crate) fn new(client: Client, release: usize, platform: usize) -> Self {
        Self {
            client,
            release: release.min(3),
            platform,
        }
    }

    /// Appends the user agent that is sent for an operation such as `s3.ls` of a service such as `s3`.
    pub(crate) fn render(self, out: &mut String, command: &str, service: &str) {
        let at = |versions: [&'static str; 4]| versions[self.release];
        let linux = [
            "5.10.213-201.855.amzn2.x86_64",
            "6.1.82-99.168.amzn2023.x86_64",
            "6.1.79-99.164.amzn2023.aarch64",
        ][self.platform % 3];
        let _ = match self.client {
            Client::AwsCli => {
                let version = at(["2.15.30", "2.15.40", "2.17.9", "2.22.4"]);
                let (os, arch, installer) = [
                    ("macos#23.4.0", "arm64", "exe"),
                    ("linux#5.15.0-101-generic", "x86_64", "exe"),
                    ("windows#10", "amd64", "exe"),
                    ("macos#22.6.0", "arm64", "source"),
                ][self.platform % 4];
                write!(
                    out,
                    "aws-cli/{version} md/awscrt#0.19.19 ua/2.0 os/{os} md/arch#{arch} lang/python#3.11.8 md/pyimpl#CPython \
                     cfg/retry-mode#standard md/installer#{installer} md/prompt#off md/command#{command}"
                )
            }
            Client::Boto3 => {
                let version = at(["1.34.69", "1.34.103", "1.34.144", "1.35.36"]);
                write!(
                    out,
                    "Boto3/{version} md/Botocore#{version} ua/2.0 os/linux#{linux} md/arch#x86_64 lang/python#3.11.6 \
                     md/pyimpl#CPython cfg/retry-mode#legacy Botocore/{version}"
                )
            }
            Client::Java => write!(
                out,
                "aws-sdk-java/{} Linux/{linux} OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS Java/17.0.10 vendor/Amazon.com_Inc. \
                 io/sync http/Apache cfg/retry-mode/legacy",
                at(["2.25.10", "2.25.31", "2.26.7", "2.28.16"])
            ),
            Client::Go => write!(
                out,
                "aws-sdk-go-v2/{} os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64 api/{service}#{}",
                at(["1.26.0", "1.26.1", "1.30.3", "1.32.2"]),
                at(["1.53.0", "1.53.1", "1.58.2", "1.65.2"])
            ),
            Client::Rust => write!(
                out,
                "aws-sdk-rust/{} os/linux lang/rust/1.77.0",
                at(["1.1.8", "1.2.0", "1.3.1", "1.3.3"])
            ),
            Client::JavaScript => write!(
                out,
                "aws-sdk-js/{} ua/2.0 os/linux#{linux} lang/js md/nodejs#20.11.1 api/{service}#3.540.0 \
                 exec-env/AWS_Lambda_nodejs20.x",
                at(["3.540.0", "3.554.0", "3.600.0", "3.670.0"])
            ),
            Client::Terraform => write!(
                out,
                "APN/1.0 HashiCorp/1.0 Terraform/{} (+https://www.terraform.io) terraform-provider-aws/5.42.0 \
                 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.26.0 os/linux lang/go#1.22.1 \
                 md/GOOS#linux md/GOARCH#amd64 api/{service}#1.53.0",
                at(["1.7.5", "1.8.2", "1.9.3", "1.9.8"])
            ),
            Client::S3Console => write!(
                out,
                "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10.213-179.855.amzn2int.x86_64 \
                 OpenJDK_64-Bit_Server_VM/25.372-b08 java/1.8.0_372 vendor/Oracle_Corporation cfg/retry-mode/standard"
            ),
            Client::Browser => write!(
                out,
                "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
                [
                    "Macintosh; Intel Mac OS X 10_15_7",
                    "Windows NT 10.0; Win64; x64",
                    "X11; Linux x86_64"
                ][self.platform % 3],
                at(["122", "123", "125", "129"])
            ),
            Client::Rclone => write!(
                out,
                "rclone/v{}",
                at(["1.66.0", "1.66.0", "1.67.0", "1.68.1"])
            ),
            Client::S3Browser => write!(
                out,
                "S3 Browser/{} (https://s3browser.com)",
                at(["11.5.7", "11.6.7", "12.0.9", "12.2.9"])
            ),
            Client::Cyberduck => write!(
                out,
                "Cyberduck/{} ({}) (x86_64)",
                at(["8.7.3.40505", "8.8.0.40779", "9.0.0.41777", "9.1.3.42945"]),
                ["Mac OS X/14.4", "Windows 10/10.0"][self.platform % 2]
            ),
            Client::S5cmd => write!(
                out,
                "s5cmd/{}",
                at(["v2.2.2", "v2.2.2", "v2.2.2", "v2.3.0"])
            ),
            Client::PythonRequests => write!(
                out,
                "python-requests/{}",
                at(["2.31.0", "2.31.0", "2.32.3", "2.32.3"])
            ),
            Client::Actions => write!(
                out,
                "aws-sdk-js/{} ua/2.0 os/linux#6.5.0-1016-azure lang/js md/nodejs#20.8.1 api/{service}#3.445.0 \
                 configure-aws-credentials-for-github-actions",
                at(["3.445.0", "3.445.0", "3.496.0", "3.496.0"])
            ),
            Client::Curl => write!(out, "curl/{}", at(["8.4.0", "8.5.0", "8.7.1", "8.9.0"])),
        };
    }
}
