//! Subjects of workload identity federation: what an outside identity provider calls the workload that it vouches for.
//!
//! A pipeline's subject names the branch, the environment or the phase of each run as well. The identity is what these belong
//! to: one repository, one pipeline, one workspace.

use crate::sources::parts::text::is_guid;

/// How a provider's subjects begin, and from which of these texts on they name a single run.
#[rustfmt::skip]
const RUNS: &[(&str, &[&str])] = &[
    // GitHub Actions: repo:OWNER/NAME:ref:refs/heads/main, :environment:prod, :pull_request.
    ("repo:", &[":"]),
    // GitLab: project_path:GROUP/PROJECT:ref_type:branch:ref:main.
    ("project_path:", &[":"]),
    // Terraform Cloud and Buildkite.
    ("organization:", &[":run_phase:", ":ref:"]),
];

/// The parts of a subject of CircleCI, each before an id: `org/ID/project/ID/user/ID`, and what may follow.
const CIRCLE: [&str; 3] = ["org/", "/project/", "/user/"];
/// How long a UUID is.
const UUID_LEN: usize = 36;

/// Returns the organisation and the project of a subject as CircleCI writes it. All are UUIDs, so no other provider's subject, whose
/// users may be persons, is taken for one.
fn project(subject: &str) -> Option<&str> {
    let mut rest = subject;
    for part in CIRCLE {
        let (id, after) = rest.strip_prefix(part)?.split_at_checked(UUID_LEN)?;
        let is_hex = |byte: u8| byte == b'-' || byte.is_ascii_hexdigit();
        if !is_guid(id) || !id.bytes().all(is_hex) {
            return None;
        }
        rest = after;
    }
    let end = 2 * UUID_LEN + CIRCLE[0].len() + CIRCLE[1].len();
    (rest.is_empty() || rest.starts_with('/')).then(|| &subject[..end])
}

/// Returns the part of a workload's subject that is the same for all runs; the whole subject of a workload that is no pipeline, as
/// `system:serviceaccount:NAMESPACE:NAME`. A person has no runs.
pub fn stable_part(subject: &str) -> &str {
    if let Some(project) = project(subject) {
        return project;
    }
    let of_run = RUNS.iter().find_map(|(start, marks)| {
        let rest = subject.strip_prefix(start)?;
        let ends = marks.iter().filter_map(|mark| rest.find(mark));
        Some(start.len() + ends.min()?)
    });
    match of_run {
        // A name of nothing but separators is left as it is.
        Some(end) if subject[..end].contains('/') || subject.starts_with("organization:") => {
            &subject[..end]
        }
        _ => subject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_repository_are_one_workload() {
        for (subject, expected) in [
            ("repo:acme/shop:ref:refs/heads/main", "repo:acme/shop"),
            ("repo:acme/shop:environment:prod", "repo:acme/shop"),
            ("repo:acme/shop:pull_request", "repo:acme/shop"),
            (
                "repo:acme@12/shop@34:ref:refs/tags/v1",
                "repo:acme@12/shop@34",
            ),
            (
                "project_path:acme/web/shop:ref_type:branch:ref:main",
                "project_path:acme/web/shop",
            ),
            (
                "organization:acme:project:core:workspace:prod:run_phase:plan",
                "organization:acme:project:core:workspace:prod",
            ),
            (
                "organization:acme:pipeline:shop:ref:refs/heads/main:commit:1:step:build",
                "organization:acme:pipeline:shop",
            ),
            (
                "org/11111111-aaaa-4000-8000-000000000001/project/22222222-aaaa-4000-8000-000000000002/user/\
                 33333333-aaaa-4000-8000-000000000003/vcs-origin/github.com/acme/shop/vcs-ref/refs/heads/main",
                "org/11111111-aaaa-4000-8000-000000000001/project/22222222-aaaa-4000-8000-000000000002",
            ),
            // What another provider calls its users.
            ("org/team-a/user/ana", "org/team-a/user/ana"),
            ("org/1/project/2/user/3", "org/1/project/2/user/3"),
            (
                "org/11111111-aaaa-4000-8000-000000000001/user/ana",
                "org/11111111-aaaa-4000-8000-000000000001/user/ana",
            ),
            (
                "system:serviceaccount:shop:cart",
                "system:serviceaccount:shop:cart",
            ),
            ("ns/shop/sa/cart", "ns/shop/sa/cart"),
            ("repo:acme/shop", "repo:acme/shop"),
            ("repo::", "repo::"),
            ("110248495921238986420", "110248495921238986420"),
        ] {
            assert_eq!(stable_part(subject), expected, "{subject}");
        }
    }
}
