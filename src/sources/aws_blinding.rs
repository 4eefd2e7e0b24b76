//! The AWS calls that stop, delete or narrow a log, a recorder or a detector.
//!
//! Most do so by their name. Of the others the request's parameters decide: a call that switches on, widens, or whose
//! parameters are not recorded, is none of them.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::event::{Blinding, Source, Untrusted};
use crate::sources::json::Value;

/// How a call blinds.
#[derive(Clone, Copy)]
pub enum When {
    /// Whatever it asks for.
    Always,
    /// If its parameters do.
    If(fn(Value<'_>) -> bool),
}

/// A call that blinds.
#[derive(Clone, Copy)]
pub struct Row {
    /// The service's short name.
    pub service: &'static str,
    /// The operation.
    pub op: &'static str,
    /// How.
    pub when: When,
    logs: &'static [Source],
    /// Where the parameters name what is stopped: names with dots between them, the best first.
    target: &'static [&'static str],
}

/// The longest retention of a log group that counts as narrowed, in days.
const RETENTION_DAYS_FEW: u64 = 3;
/// The longest retention of an event data store that counts as narrowed, in days: the shortest that there is.
const STORE_DAYS_FEW: u64 = 7;
/// The most elements of a list that are looked at.
const ELEMENTS_MAX: usize = 1_000;

/// Logs that lose records.
const TRAIL: &[Source] = &[Source::AwsCloudTrail];
/// A flow log of a transit gateway is deleted by the same call, which names only the flow log.
const FLOWS: &[Source] = &[Source::AwsVpcFlow];
const ACCESS: &[Source] = &[Source::AwsS3Access];
const TRAIL_AND_FLOWS: &[Source] = &[Source::AwsCloudTrail, Source::AwsVpcFlow];
/// Findings, alarms, or a log that is not read here.
const NONE: &[Source] = &[];

use When::{Always, If};

/// Service, operation, when, logs that lose records, name of what is stopped.
type Line = (
    &'static str,
    &'static str,
    When,
    &'static [Source],
    &'static [&'static str],
);

#[rustfmt::skip]
const LINES: &[Line] = &[
    // Trails and event data stores.
    ("cloudtrail", "StopLogging", Always, TRAIL, &["name"]),
    ("cloudtrail", "DeleteTrail", Always, TRAIL, &["name"]),
    ("cloudtrail", "UpdateTrail", If(trail_narrowed), TRAIL, &["name"]),
    ("cloudtrail", "PutEventSelectors", If(selectors_narrowed), TRAIL, &["trailName"]),
    ("cloudtrail", "PutInsightSelectors", If(no_insights), NONE, &["trailName", "eventDataStore"]),
    ("cloudtrail", "DeleteEventDataStore", Always, TRAIL, &["eventDataStore"]),
    ("cloudtrail", "StopEventDataStoreIngestion", Always, TRAIL, &["eventDataStore"]),
    ("cloudtrail", "UpdateEventDataStore", If(store_narrowed), TRAIL, &["eventDataStore", "name"]),
    ("organizations", "LeaveOrganization", Always, TRAIL, &[]),
    ("organizations", "DisableAWSServiceAccess", If(of_a_detector), NONE, &["servicePrincipal"]),
    ("organizations", "DeregisterDelegatedAdministrator", If(of_a_detector), NONE, &["servicePrincipal"]),
    ("securitylake", "DeleteDataLake", Always, TRAIL_AND_FLOWS, &[]),
    ("securitylake", "DeleteAwsLogSource", Always, NONE, &["sources.sourceName"]),
    // Other logs.
    ("ec2", "DeleteFlowLogs", Always, FLOWS, &["DeleteFlowLogsRequest.FlowLogId.content", "DeleteFlowLogsRequest.FlowLogId", "flowLogIds", "flowLogId"]),
    ("s3", "PutBucketLogging", If(bucket_logging_off), ACCESS, &["bucketName"]),
    ("route53resolver", "DeleteResolverQueryLogConfig", Always, NONE, &["resolverQueryLogConfigId"]),
    ("route53resolver", "DisassociateResolverQueryLogConfig", Always, NONE, &["resolverQueryLogConfigId"]),
    ("route53", "DeleteQueryLoggingConfig", Always, NONE, &["id"]),
    ("wafv2", "DeleteLoggingConfiguration", Always, NONE, &["resourceArn"]),
    ("waf", "DeleteLoggingConfiguration", Always, NONE, &["resourceArn"]),
    ("waf-regional", "DeleteLoggingConfiguration", Always, NONE, &["resourceArn"]),
    ("network-firewall", "UpdateLoggingConfiguration", If(firewall_logging_off), NONE, &["firewallName", "firewallArn"]),
    ("elasticloadbalancing", "ModifyLoadBalancerAttributes", If(balancer_logging_off), NONE, &["loadBalancerArn", "loadBalancerName"]),
    ("rds", "ModifyDBInstance", If(database_exports_off), NONE, &["dBInstanceIdentifier"]),
    ("rds", "ModifyDBCluster", If(database_exports_off), NONE, &["dBClusterIdentifier"]),
    ("rds", "StopActivityStream", Always, NONE, &["resourceArn"]),
    ("redshift", "DisableLogging", Always, NONE, &["clusterIdentifier"]),
    ("eks", "UpdateClusterConfig", If(cluster_logging_off), NONE, &["name"]),
    ("bedrock", "DeleteModelInvocationLoggingConfiguration", Always, NONE, &[]),
    // CloudWatch and EventBridge, where the name says that it is about a log or a detector: any application has groups,
    // filters and rules of its own.
    ("logs", "DeleteLogGroup", If(is_of_an_audit), NONE, &["logGroupName"]),
    ("logs", "DeleteLogStream", If(is_of_an_audit), NONE, &["logStreamName", "logGroupName"]),
    ("logs", "DeleteSubscriptionFilter", If(is_of_an_audit), NONE, &["filterName", "logGroupName"]),
    ("logs", "DeleteMetricFilter", If(is_of_an_audit), NONE, &["filterName", "logGroupName"]),
    ("logs", "PutRetentionPolicy", If(retention_short), NONE, &["logGroupName"]),
    ("monitoring", "DeleteAlarms", If(is_of_an_audit), NONE, &["alarmNames"]),
    ("monitoring", "DisableAlarmActions", If(is_of_an_audit), NONE, &["alarmNames"]),
    ("events", "DisableRule", If(is_of_an_audit), NONE, &["name"]),
    ("events", "DeleteRule", If(is_of_an_audit), NONE, &["name"]),
    ("events", "RemoveTargets", If(is_of_an_audit), NONE, &["rule"]),
    ("events", "PutRule", If(rule_off), NONE, &["name"]),
    // Config.
    ("config", "StopConfigurationRecorder", Always, NONE, &["configurationRecorderName"]),
    ("config", "DeleteConfigurationRecorder", Always, NONE, &["configurationRecorderName"]),
    ("config", "DeleteDeliveryChannel", Always, NONE, &["deliveryChannelName"]),
    ("config", "DeleteConfigRule", Always, NONE, &["configRuleName"]),
    ("config", "DeleteOrganizationConfigRule", Always, NONE, &["organizationConfigRuleName"]),
    ("config", "DeleteConformancePack", Always, NONE, &["conformancePackName"]),
    ("config", "DeleteOrganizationConformancePack", Always, NONE, &["organizationConformancePackName"]),
    ("config", "DeleteConfigurationAggregator", Always, NONE, &["configurationAggregatorName"]),
    ("config", "DeleteRemediationConfiguration", Always, NONE, &["configRuleName"]),
    ("config", "DeleteRetentionConfiguration", Always, NONE, &["retentionConfigurationName"]),
    // GuardDuty. A list of trusted addresses silences findings.
    ("guardduty", "DeleteDetector", Always, NONE, &["detectorId"]),
    ("guardduty", "UpdateDetector", If(detector_off), NONE, &["detectorId"]),
    ("guardduty", "UpdateMemberDetectors", If(detector_off), NONE, &["detectorId"]),
    ("guardduty", "UpdateOrganizationConfiguration", If(organization_off), NONE, &["detectorId"]),
    ("guardduty", "CreateFilter", If(archives), NONE, &["name", "filterName"]),
    ("guardduty", "UpdateFilter", If(archives), NONE, &["filterName", "name"]),
    ("guardduty", "ArchiveFindings", Always, NONE, &["detectorId"]),
    ("guardduty", "CreateIPSet", If(is_active), NONE, &["name", "ipSetId"]),
    ("guardduty", "UpdateIPSet", If(is_active), NONE, &["ipSetId", "name"]),
    ("guardduty", "CreateTrustedEntitySet", If(is_active), NONE, &["name"]),
    ("guardduty", "UpdateTrustedEntitySet", If(is_active), NONE, &["trustedEntitySetId", "name"]),
    ("guardduty", "DeleteThreatIntelSet", Always, NONE, &["threatIntelSetId"]),
    ("guardduty", "DeleteThreatEntitySet", Always, NONE, &["threatEntitySetId"]),
    ("guardduty", "DeletePublishingDestination", Always, NONE, &["destinationId", "detectorId"]),
    ("guardduty", "DisassociateMembers", Always, NONE, &["detectorId"]),
    ("guardduty", "StopMonitoringMembers", Always, NONE, &["detectorId"]),
    ("guardduty", "DeleteMembers", Always, NONE, &["detectorId"]),
    ("guardduty", "DisassociateFromAdministratorAccount", Always, NONE, &["detectorId"]),
    ("guardduty", "DisassociateFromMasterAccount", Always, NONE, &["detectorId"]),
    ("guardduty", "DisableOrganizationAdminAccount", Always, NONE, &["adminAccountId"]),
    ("guardduty", "DeleteMalwareProtectionPlan", Always, NONE, &["malwareProtectionPlanId"]),
    // Other detectors.
    ("securityhub", "DisableSecurityHub", Always, NONE, &[]),
    ("securityhub", "BatchDisableStandards", Always, NONE, &["standardsSubscriptionArns"]),
    ("securityhub", "DisableImportFindingsForProduct", Always, NONE, &["productSubscriptionArn"]),
    ("securityhub", "UpdateStandardsControl", If(control_off), NONE, &["standardsControlArn"]),
    ("securityhub", "BatchUpdateStandardsControlAssociations", If(associations_off), NONE, &["standardsControlAssociationUpdates.securityControlId"]),
    ("securityhub", "BatchUpdateFindings", If(findings_hidden), NONE, &["findingIdentifiers.id"]),
    ("securityhub", "UpdateFindings", If(findings_hidden), NONE, &[]),
    ("securityhub", "CreateAutomationRule", If(findings_hidden), NONE, &["ruleName"]),
    ("securityhub", "DeleteInsight", Always, NONE, &["insightArn"]),
    ("securityhub", "DeleteFindingAggregator", Always, NONE, &["findingAggregatorArn"]),
    ("securityhub", "DisassociateMembers", Always, NONE, &["accountIds"]),
    ("securityhub", "DeleteMembers", Always, NONE, &["accountIds"]),
    ("securityhub", "DisassociateFromAdministratorAccount", Always, NONE, &[]),
    ("securityhub", "DisassociateFromMasterAccount", Always, NONE, &[]),
    ("securityhub", "DisableOrganizationAdminAccount", Always, NONE, &["adminAccountId"]),
    ("macie2", "DisableMacie", Always, NONE, &[]),
    ("macie2", "UpdateMacieSession", If(macie_paused), NONE, &[]),
    ("macie2", "UpdateAutomatedDiscoveryConfiguration", If(macie_paused), NONE, &[]),
    ("macie2", "CreateFindingsFilter", If(archives), NONE, &["name"]),
    ("macie2", "UpdateFindingsFilter", If(archives), NONE, &["id", "name"]),
    ("macie2", "DisassociateMember", Always, NONE, &["id"]),
    ("macie2", "DisassociateFromAdministratorAccount", Always, NONE, &[]),
    ("macie2", "DisassociateFromMasterAccount", Always, NONE, &[]),
    ("inspector2", "Disable", Always, NONE, &["accountIds"]),
    ("inspector2", "CreateFilter", If(archives), NONE, &["name"]),
    ("inspector2", "UpdateFilter", If(archives), NONE, &["filterArn", "name"]),
    ("inspector2", "DisassociateMember", Always, NONE, &["accountId"]),
    ("inspector2", "DisableDelegatedAdminAccount", Always, NONE, &["delegatedAdminAccountId"]),
    ("access-analyzer", "DeleteAnalyzer", Always, NONE, &["analyzerName"]),
    ("access-analyzer", "CreateArchiveRule", Always, NONE, &["ruleName"]),
    ("access-analyzer", "UpdateArchiveRule", Always, NONE, &["ruleName"]),
    ("access-analyzer", "ApplyArchiveRule", Always, NONE, &["ruleName"]),
    ("access-analyzer", "UpdateFindings", If(analyzer_archives), NONE, &["analyzerArn"]),
    ("detective", "DeleteGraph", Always, NONE, &["graphArn"]),
    ("detective", "DeleteMembers", Always, NONE, &["graphArn"]),
    ("detective", "DisassociateMembership", Always, NONE, &["graphArn"]),
];

/// The rows.
pub fn rows() -> impl Iterator<Item = Row> {
    LINES.iter().map(|&(service, op, when, logs, target)| Row {
        service,
        op,
        when,
        logs,
        target,
    })
}

static ROWS: LazyLock<FxHashMap<(&'static str, &'static str), Row>> =
    LazyLock::new(|| rows().map(|row| ((row.service, row.op), row)).collect());

/// Returns the row of a call.
pub fn row(service: &str, op: &str) -> Option<Row> {
    let rows: &FxHashMap<(&str, &str), Row> = &ROWS;
    rows.get(&(service, op)).copied()
}

/// Returns what a call blinds by its name alone, for records that have no parameters.
pub fn by_name(service: &str, op: &str) -> Option<Blinding> {
    let always = row(service, op).filter(|row| matches!(row.when, Always));
    always.map(|row| row.blinding(Value::Null))
}

impl Row {
    /// Returns whether a call with these parameters blinds.
    pub fn blinds(&self, parameters: Value<'_>) -> bool {
        match self.when {
            Always => true,
            If(narrows) => narrows(parameters),
        }
    }

    /// Returns what it blinds.
    pub fn blinding(&self, parameters: Value<'_>) -> Blinding {
        let named = self.target.iter().find_map(|path| {
            let names: Vec<&str> = path.split('.').collect();
            first_text(parameters.path(&names)?)
        });
        Blinding {
            logs: self.logs.to_vec(),
            target: named.map(|name| Untrusted::new(last_part(&name))),
        }
    }
}

/// Returns a text, or the first of a list.
fn first_text(value: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    value.elements().find_map(Value::text)
}

/// Returns the last part of an ARN; any other name as it is.
pub fn last_part(name: &str) -> &str {
    if !name.starts_with("arn:") {
        return name;
    }
    let last = name.rsplit(['/', ':']).find(|part| !part.is_empty());
    last.unwrap_or(name)
}

fn at<'a>(p: Value<'a>, path: &[&str]) -> Value<'a> {
    p.path(path).unwrap_or(Value::Null)
}

fn is_false(p: Value<'_>, path: &[&str]) -> bool {
    at(p, path).truth() == Some(false)
}

fn is_word(p: Value<'_>, path: &[&str], words: &[&str]) -> bool {
    let text = at(p, path).text();
    text.is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
}

fn list<'a>(p: Value<'a>, path: &[&str]) -> impl Iterator<Item = Value<'a>> {
    at(p, path).elements().take(ELEMENTS_MAX)
}

/// Fewer regions, events or accounts, no proof that files are unchanged, no copy in CloudWatch, or delivery to a bucket: a
/// request states a bucket only to change it.
fn trail_narrowed(p: Value<'_>) -> bool {
    const SWITCHES: [&str; 4] = [
        "isMultiRegionTrail",
        "includeGlobalServiceEvents",
        "enableLogFileValidation",
        "isOrganizationTrail",
    ];
    let is_empty = |name| at(p, &[name]) == Value::Text(b"");
    SWITCHES.iter().any(|switch| is_false(p, &[switch]))
        || at(p, &["s3BucketName"]).is_present()
        || is_empty("cloudWatchLogsLogGroupArn")
}

/// Anything but all management events, reads and writes, without exclusions. What is recorded of data events before is not
/// known.
fn selectors_narrowed(p: Value<'_>) -> bool {
    let (plain, advanced) = (
        at(p, &["eventSelectors"]),
        at(p, &["advancedEventSelectors"]),
    );
    if !plain.is_present() && !advanced.is_present() {
        // The parameters are not recorded, or both are empty: the latter removes every selector.
        return matches!(plain, Value::Array(_)) || matches!(advanced, Value::Array(_));
    }
    let (mut reads, mut writes, mut data) = (false, false, false);
    for selector in plain.elements().take(ELEMENTS_MAX) {
        data |= at(selector, &["dataResources"]).is_present();
        let excludes = at(selector, &["excludeManagementEventSources"]).is_present();
        if is_false(selector, &["includeManagementEvents"]) || excludes {
            continue;
        }
        let kind = at(selector, &["readWriteType"]).text();
        let kind = kind.as_deref().unwrap_or("All").to_ascii_lowercase();
        reads |= matches!(&*kind, "all" | "readonly");
        writes |= matches!(&*kind, "all" | "writeonly");
    }
    for selector in advanced.elements().take(ELEMENTS_MAX) {
        let mut fields = list(selector, &["fieldSelectors"]);
        let (only, rest) = (fields.next(), fields.next());
        let is_all = only.is_some_and(|field| {
            is_word(field, &["field"], &["eventCategory"])
                && is_word(field, &["equals"], &["Management"])
        });
        if is_all && rest.is_none() {
            (reads, writes) = (true, true);
        }
        data |= list(selector, &["fieldSelectors"]).any(|field| {
            is_word(field, &["field"], &["eventCategory"]) && is_word(field, &["equals"], &["Data"])
        });
    }
    // Without data events nothing is seen of objects, whatever was recorded before.
    !(reads && writes && data)
}

fn no_insights(p: Value<'_>) -> bool {
    p.get_any_case("insightSelectors")
        .is_some_and(|selectors| !selectors.is_present())
}

fn store_narrowed(p: Value<'_>) -> bool {
    let kept = at(p, &["retentionPeriod"]).amount();
    is_false(p, &["multiRegionEnabled"])
        || is_false(p, &["organizationEnabled"])
        || kept.is_some_and(|days| days <= STORE_DAYS_FEW)
        || p.get_any_case("advancedEventSelectors").is_some() && selectors_narrowed(p)
}

fn of_a_detector(p: Value<'_>) -> bool {
    const SERVICES: [&str; 9] = [
        "cloudtrail",
        "guardduty",
        "config",
        "securityhub",
        "macie",
        "inspector2",
        "access-analyzer",
        "detective",
        "securitylake",
    ];
    let service = at(p, &["servicePrincipal"]).text();
    service.is_some_and(|name| {
        let name = name.split('.').next().unwrap_or_default();
        SERVICES.contains(&name)
    })
}

fn bucket_logging_off(p: Value<'_>) -> bool {
    p.get_any_case("BucketLoggingStatus")
        .is_some_and(|status| status.get_any_case("LoggingEnabled").is_none())
}

fn firewall_logging_off(p: Value<'_>) -> bool {
    p.get_any_case("loggingConfiguration")
        .is_some_and(|it| !at(it, &["logDestinationConfigs"]).is_present())
}

fn balancer_logging_off(p: Value<'_>) -> bool {
    let classic = at(p, &["loadBalancerAttributes", "accessLog"]);
    let mut attributes = list(p, &["attributes"]);
    is_false(classic, &["enabled"])
        || attributes.any(|it| {
            is_word(it, &["key"], &["access_logs.s3.enabled"]) && is_false(it, &["value"])
        })
}

fn database_exports_off(p: Value<'_>) -> bool {
    at(p, &["cloudwatchLogsExportConfiguration", "disableLogTypes"]).is_present()
}

fn cluster_logging_off(p: Value<'_>) -> bool {
    list(p, &["logging", "clusterLogging"]).any(|it| is_false(it, &["enabled"]))
}

fn retention_short(p: Value<'_>) -> bool {
    let days = at(p, &["retentionInDays"]).amount();
    days.is_some_and(|days| days <= RETENTION_DAYS_FEW) && is_of_an_audit(p)
}

/// Whether the name of what a call is about is that of a log or a detector of the account.
fn is_of_an_audit(p: Value<'_>) -> bool {
    const WORDS: [&str; 9] = [
        "cloudtrail",
        "trail",
        "audit",
        "flow-log",
        "flowlog",
        "vpc-flow",
        "guardduty",
        "securityhub",
        "security",
    ];
    let named = |value: Value<'_>| {
        let name = value.text().unwrap_or_default().to_ascii_lowercase();
        WORDS.iter().any(|word| name.contains(word))
    };
    ["logGroupName", "name", "rule", "filterName"]
        .iter()
        .any(|key| named(at(p, &[key])))
        || list(p, &["alarmNames"]).any(named)
}

fn rule_off(p: Value<'_>) -> bool {
    is_word(p, &["state"], &["DISABLED"]) && is_of_an_audit(p)
}

/// The whole detector, one of its data sources, or one of its features.
fn detector_off(p: Value<'_>) -> bool {
    is_false(p, &["enable"])
        || at(p, &["dataSources"])
            .members()
            .take(ELEMENTS_MAX)
            .any(|(_, source)| {
                is_false(source, &["enable"])
                    || source
                        .members()
                        .take(ELEMENTS_MAX)
                        .any(|(_, inner)| is_switched_off(inner))
            })
        || list(p, &["features"]).any(|it| is_word(it, &["status"], &["DISABLED"]))
}

/// As in `"auditLogs": {"enable": false}`, and `"ebsVolumes": false` in a request that scans instances with findings.
fn is_switched_off(value: Value<'_>) -> bool {
    let inner = [value, at(value, &["enable"]), at(value, &["ebsVolumes"])];
    inner.iter().any(|it| it.truth() == Some(false))
}

fn organization_off(p: Value<'_>) -> bool {
    is_false(p, &["autoEnable"])
        || is_word(p, &["autoEnableOrganizationMembers"], &["NONE"])
        || list(p, &["features"]).any(|it| is_word(it, &["autoEnable"], &["NONE"]))
}

/// A filter that archives or suppresses what it matches.
fn archives(p: Value<'_>) -> bool {
    is_word(p, &["action"], &["ARCHIVE", "SUPPRESS"])
        || is_word(p, &["filterAction"], &["SUPPRESS"])
}

/// A list that is not left inactive.
fn is_active(p: Value<'_>) -> bool {
    p.is_present() && !is_false(p, &["activate"])
}

fn control_off(p: Value<'_>) -> bool {
    is_word(p, &["controlStatus"], &["DISABLED"])
}

fn associations_off(p: Value<'_>) -> bool {
    list(p, &["standardsControlAssociationUpdates"])
        .any(|it| is_word(it, &["associationStatus"], &["DISABLED"]))
}

/// Findings suppressed or archived, now or by a rule.
fn findings_hidden(p: Value<'_>) -> bool {
    let by_rule = list(p, &["actions"]).any(|it| {
        is_word(
            it,
            &["findingFieldsUpdate", "workflow", "status"],
            &["SUPPRESSED"],
        )
    });
    by_rule
        || is_word(p, &["workflow", "status"], &["SUPPRESSED"])
        || is_word(p, &["recordState"], &["ARCHIVED"])
}

fn macie_paused(p: Value<'_>) -> bool {
    is_word(p, &["status"], &["PAUSED", "DISABLED"])
}

fn analyzer_archives(p: Value<'_>) -> bool {
    is_word(p, &["status"], &["ARCHIVED"])
}
