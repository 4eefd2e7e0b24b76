//! Names of buckets: in ARNs, in host names, and encoded in requests.

use crate::sources::parts::percent::percent_decoded;

/// Returns the name of a bucket from its ARN, or the text as it is. An access point stays an ARN, because its name
/// does not show its bucket.
pub fn bucket_name(text: &str) -> &str {
    let Some(arn) = text.strip_prefix("arn:") else {
        return text;
    };
    if let Some((_, path)) = arn.split_once(":s3:::") {
        return path.split('/').next().unwrap_or(path);
    }
    // Directory and table buckets: `…:bucket/NAME`; Outposts: `…:outpost/ID/bucket/NAME`.
    let (_, resource) = arn
        .match_indices(':')
        .nth(3)
        .map_or(("", ""), |(at, _)| (&arn[..at], &arn[at + 1..]));
    let name = resource
        .strip_prefix("bucket/")
        .or_else(|| Some(resource.strip_prefix("outpost/")?.split_once("/bucket/")?.1));
    match name {
        Some(name) => name.split('/').next().unwrap_or(name),
        None => text.split("/object/").next().unwrap_or(text),
    }
}

/// Returns whether a text in a bucket's place names an access point, by its ARN or its alias.
pub fn is_access_point(text: &str) -> bool {
    (text.starts_with("arn:") && text.contains(":accesspoint"))
        || text.contains("/accesspoint/")
        || ["-s3alias", "--op-s3", "--ol-s3"]
            .iter()
            .any(|suffix| text.ends_with(suffix))
}

/// Removes the suffix of AWS's host names.
fn stem(host: &str) -> Option<&str> {
    let host = host.split(':').next().unwrap_or(host);
    host.strip_suffix(".cn")
        .unwrap_or(host)
        .strip_suffix(".amazonaws.com")
}

/// Returns the position in a host name of the label that names the service: `s3`, `s3-eu-west-1`, `s3express-euw1-az1`, ….
///
/// It is the last such label, because a bucket's own name may contain dots and such labels.
fn service_label(stem: &str) -> Option<(usize, &str)> {
    let mut end = stem.len();
    loop {
        let start = stem[..end].rfind('.').map_or(0, |dot| dot + 1);
        let label = &stem[start..end];
        let is_service =
            label == "s3" || label.starts_with("s3-") || label.starts_with("s3express");
        if is_service {
            return Some((start, label));
        }
        end = start.checked_sub(1)?;
    }
}

/// Returns the bucket, or the access point, that a host name begins with.
///
/// ```text
/// my.b.s3.eu-west-1.amazonaws.com                               my.b
/// b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com  b--euw1-az1--x-s3
/// ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com        arn:aws:s3:eu-west-1:111122223333:accesspoint/ap
/// b.bucket.vpce-0a1b.s3.eu-west-1.vpce.amazonaws.com            b
/// 111122223333.s3-control.eu-west-1.amazonaws.com               none
/// ```
pub fn bucket_of_host(host: &str) -> Option<String> {
    let stem = stem(host)?;
    let stem = stem.strip_suffix(".vpce").unwrap_or(stem);
    let (at, service) = service_label(stem)?;
    let before = stem[..at].strip_suffix('.')?;
    if service.starts_with("s3-control") || service.starts_with("s3express-control") {
        return None;
    }
    // VPC endpoints: `b.bucket.vpce-0a1b` names the bucket, `bucket.vpce-0a1b` leaves it to the path.
    if let Some(vpce) = before
        .find("vpce-")
        .filter(|at| *at == 0 || before.as_bytes()[at - 1] == b'.')
    {
        let name = before[..vpce].strip_suffix('.')?;
        if let Some(bucket) = name.strip_suffix(".bucket") {
            return Some(bucket.to_owned());
        }
        let point = name.strip_suffix(".accesspoint")?;
        return Some(access_point(host, "s3", point));
    }
    match service {
        "s3-accesspoint" | "s3-accesspoint-fips" => Some(access_point(host, "s3", before)),
        "s3-object-lambda" => Some(access_point(host, service, before)),
        // A multi-region access point, `ALIAS.mrap.accesspoint.s3-global`.
        "s3-global" => Some(
            before
                .strip_suffix(".accesspoint")
                .unwrap_or(before)
                .to_owned(),
        ),
        _ => Some(before.to_owned()),
    }
}

/// Returns the ARN of the access point `NAME-ACCOUNT`, or the text as it is.
fn access_point(host: &str, service: &str, text: &str) -> String {
    let is_account = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    let partition = if host.ends_with(".cn") {
        "aws-cn"
    } else {
        "aws"
    };
    match (text.rsplit_once('-'), region_of_host(host)) {
        (Some((name, account)), Some(region)) if is_account(account) => {
            format!("arn:{partition}:{service}:{region}:{account}:accesspoint/{name}")
        }
        _ => text.to_owned(),
    }
}

/// Returns the region that a host name of S3 states; the global endpoint states none.
pub fn region_of_host(host: &str) -> Option<&str> {
    let stem = stem(host)?;
    let stem = stem.strip_suffix(".vpce").unwrap_or(stem);
    let (at, label) = service_label(stem)?;
    // In a label after the service, `s3.dualstack.eu-west-1`, or in the same label, `s3-website-eu-west-1`.
    let after = stem[at + label.len()..].rsplit('.').next();
    let own = label.match_indices('-').map(|(dash, _)| &label[dash + 1..]);
    after.into_iter().chain(own).find(|text| is_region(text))
}

/// Returns whether a text has the shape of a region: `eu-west-1`, `us-gov-west-1`, `ap-southeast-2`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    (3..=4).contains(&parts.len())
        && parts[0].len() == 2
        && parts[..parts.len() - 1].iter().all(is_word)
        && parts[parts.len() - 1].len() == 1
        && parts[parts.len() - 1].bytes().all(|b| b.is_ascii_digit())
}

/// Decodes the encoding of forms and queries, where a plus is a blank.
pub fn form_decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_bucket_and_region() {
        let point = Some("arn:aws:s3:eu-west-1:111122223333:accesspoint/my-ap");
        for (host, bucket, region) in [
            ("b.s3.eu-west-1.amazonaws.com", Some("b"), Some("eu-west-1")),
            ("my.s3.b.s3.amazonaws.com:443", Some("my.s3.b"), None),
            ("s3.eu-west-1.amazonaws.com", None, Some("eu-west-1")),
            ("s3-eu-west-1.amazonaws.com", None, Some("eu-west-1")),
            (
                "b.s3.dualstack.us-gov-west-1.amazonaws.com",
                Some("b"),
                Some("us-gov-west-1"),
            ),
            (
                "b.s3-website-us-east-1.amazonaws.com",
                Some("b"),
                Some("us-east-1"),
            ),
            (
                "b.s3.cn-north-1.amazonaws.com.cn",
                Some("b"),
                Some("cn-north-1"),
            ),
            (
                "b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com",
                Some("b--euw1-az1--x-s3"),
                Some("eu-west-1"),
            ),
            (
                "s3express-control.eu-west-1.amazonaws.com",
                None,
                Some("eu-west-1"),
            ),
            (
                "111122223333.s3-control.eu-west-1.amazonaws.com",
                None,
                Some("eu-west-1"),
            ),
            (
                "my-ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com",
                point,
                Some("eu-west-1"),
            ),
            (
                "abc.mrap.accesspoint.s3-global.amazonaws.com",
                Some("abc.mrap"),
                None,
            ),
            (
                "b.bucket.vpce-0a1b-c2.s3.eu-west-1.vpce.amazonaws.com",
                Some("b"),
                Some("eu-west-1"),
            ),
            (
                "bucket.vpce-0a1b-c2.s3.eu-west-1.vpce.amazonaws.com",
                None,
                Some("eu-west-1"),
            ),
            (
                "my-ap-111122223333.accesspoint.vpce-0a.s3.eu-west-1.vpce.amazonaws.com",
                point,
                Some("eu-west-1"),
            ),
            (
                "control.vpce-0a.s3.eu-west-1.vpce.amazonaws.com",
                None,
                Some("eu-west-1"),
            ),
            ("storage.example.com", None, None),
            ("", None, None),
        ] {
            assert_eq!(bucket_of_host(host).as_deref(), bucket, "{host}");
            assert_eq!(region_of_host(host), region, "{host}");
        }
    }

    #[test]
    fn arns_name_buckets_and_access_points() {
        let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap";
        for (text, name) in [
            ("b", "b"),
            ("arn:aws:s3:::b/k", "b"),
            ("arn:aws-cn:s3:::b", "b"),
            (
                "arn:aws:s3express:eu-west-1:111122223333:bucket/b--euw1-az1--x-s3",
                "b--euw1-az1--x-s3",
            ),
            (
                "arn:aws:s3tables:eu-west-1:111122223333:bucket/t/table/1",
                "t",
            ),
            (
                "arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/bucket/b",
                "b",
            ),
            (point, point),
            (
                "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/k",
                point,
            ),
            ("arn:", "arn:"),
        ] {
            assert_eq!(bucket_name(text), name);
        }
        assert!(
            is_access_point(point) && is_access_point("ap-9x8y-s3alias") && !is_access_point("b")
        );
    }
}
