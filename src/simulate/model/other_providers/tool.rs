//! Tools as their servers see them: user agents, and the ids of well-known applications.

use crate::simulate::model::other_providers::principal::Principal;

/// The tool that makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    AzCopy,
    AzureCli,
    AzurePowershell,
    StorageExplorer,
    /// Azure's library for Python.
    AzSdk,
    Portal,
    GraphPowershell,
    /// The retired module for the older graph.
    AzureAdModule,
    ExchangePowershell,
    RoadRecon,
    AzureHound,
    /// Office in a browser or on the desktop.
    Office,
    Gcloud,
    Gsutil,
    /// Google's library for Python, on a machine.
    GcpSdk,
    Terraform,
    Browser,
    Desktop,
    Python,
    Curl,
    Rclone,
}

impl Tool {
    /// Returns the user agent for a command such as `storage.cp`, in the release on the principal's machine.
    pub(crate) fn user_agent(self, principal: &Principal, command: &str) -> String {
        let n = principal.number as usize;
        let system = [
            "Macintosh; Intel Mac OS X 10_15_7",
            "Windows NT 10.0; Win64; x64",
            "X11; Linux x86_64",
        ][n % 3];
        match self {
            Self::AzCopy => format!("AzCopy/10.{}.0 azsdk-go-azblob/v1.6.1 (go1.24.4; linux)", 26 + n % 4),
            Self::AzureCli => format!("AZURECLI/2.{}.0 (DEB) azsdk-python-storage-blob/12.16.0 Python/3.12.9 (Linux-6.8.0-x86_64-with-glibc2.38)", 76 + n % 4),
            Self::AzurePowershell => format!("AzurePowershell/v14.{}.0 PSVersion/v7.4.6 Az.Storage/8.3.0", n % 4),
            Self::StorageExplorer => "Microsoft Azure Storage Explorer, 1.38.0, win32, azcopy-node, 3.1.2, azsdk-js-storageblob/12.26.0".to_owned(),
            Self::AzSdk => format!("azsdk-python-storage-blob/12.{}.1 Python/3.11.9 (Linux-6.1.0-x86_64-with-glibc2.36)", 23 + n % 5),
            Self::GraphPowershell => "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.22631; en-US) PowerShell/7.4.6 Invoke-MgGraphRequest".to_owned(),
            Self::AzureAdModule => "Microsoft.OData.Client/7.12.2".to_owned(),
            Self::ExchangePowershell => "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.4391".to_owned(),
            Self::RoadRecon => "Python/3.11 aiohttp/3.9.5".to_owned(),
            Self::AzureHound => "azurehound/v2.4.1".to_owned(),
            Self::Gcloud => format!("google-cloud-sdk gcloud/5{}.0.0 command/gcloud.{command} invocation-id/{:032x} environment/None \
                 environment-version/None interactive/True from-script/False python/3.12.8 term/xterm-256color (Linux 6.8.0),gzip(gfe)", 40 + n % 9, n as u128 * 0x9e37_79b9_7f4a_7c15),
            Self::Gsutil => format!("apitools Python/3.11.9 gsutil/5.{} (linux) analytics/disabled interactive/True command/{} google-cloud-sdk/540.0.0,gzip(gfe)",
                30 + n % 5, command.rsplit('.').next().unwrap_or(command)),
            Self::GcpSdk => format!("gcloud-python/3.{}.0 gl-python/3.11.9 gax/2.24.0 gccl/3.1.0,gzip(gfe)", n % 5),
            Self::Terraform => "google-api-go-client/0.5 Terraform/1.9.8 (+https://www.terraform.io) Terraform-Plugin-SDK/2.33.0 terraform-provider-google/6.8.0,gzip(gfe)".to_owned(),
            Self::Desktop => format!("com.tinyspeck.slackmacgap/4.{}.0 ({system}) Slack", 40 + n % 6),
            Self::Python => "python-requests/2.32.3".to_owned(),
            Self::Curl => "curl/8.7.1".to_owned(),
            Self::Rclone => "rclone/v1.68.1".to_owned(),
            Self::Portal | Self::Office | Self::Browser => {
                format!("Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36", 139 + n % 4)
            }
        }
    }

    /// Returns the id and name of the application that Entra knows the tool as; for libraries the principal's own.
    pub(crate) fn application(self, principal: &Principal) -> (&str, &str) {
        match self {
            Self::AzureCli => (
                "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
                "Microsoft Azure CLI",
            ),
            Self::AzCopy => ("579a7132-0e58-4d80-b1e1-7a1e2d337859", "AzCopy"),
            Self::AzurePowershell => (
                "1950a258-227b-4e31-a9cf-717495945fc2",
                "Microsoft Azure PowerShell",
            ),
            Self::GraphPowershell => (
                "14d82eec-204b-4c2f-b7e8-296a70dab67e",
                "Microsoft Graph Command Line Tools",
            ),
            Self::AzureAdModule | Self::RoadRecon => (
                "1b730954-1685-4b74-9bfd-dac224a7b894",
                "Azure Active Directory PowerShell",
            ),
            Self::ExchangePowershell => (
                "fb78d390-0c51-40cd-8e17-fdbfab77341b",
                "Microsoft Exchange REST API Based Powershell",
            ),
            Self::Office => (
                "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",
                "Microsoft Teams Web Client",
            ),
            Self::Portal | Self::Browser if principal.is_person() => {
                ("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal")
            }
            Self::StorageExplorer => (
                "9e7f2f3b-0b6e-4e61-8d4e-6a6c7d0c7b52",
                "Microsoft Azure Storage Explorer",
            ),
            Self::AzureHound if principal.is_person() => (
                "14d82eec-204b-4c2f-b7e8-296a70dab67e",
                "Microsoft Graph Command Line Tools",
            ),
            _ => (&principal.app, &principal.name),
        }
    }
}
