//! Subjects of workload identity federation: what an outside identity provider calls the workload that it vouches for.
//!
//! A pipeline's subject names the branch, the environment or the phase of each run as well. The identity is what these belong
//! to: one repository, one pipeline, one workspace.

/// How a provider's subjects begin, and from which of these texts on they name a single run.
#[rustfmt::skip]
const RUNS: &[(&str, &[&str])] = &[
    // GitHub Actions: repo:OWNER/NAME:ref:refs/heads/main, :environment:prod, :pull_request.
    ("repo:", &[":"]),
    // GitLab: project_path:GROUP/PROJECT:ref_type:branch:ref:main.
    ("project_path:", &[":"]),
    // Terraform Cloud and Buildkite.
    ("organization:", &[":run_phase:", ":ref:"]),
    // CircleCI: org/ID/project/ID/user/ID.
    ("org/", &["/user/", "/vcs-origin/", "/vcs-ref/"]),
];

/// Returns the part of a subject that is the same for all runs; the whole subject of a workload that is no pipeline, as
/// `system:serviceaccount:NAMESPACE:NAME`.
pub fn stable_part(subject: &str) -> &str {
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
            ("org/1/project/2/user/3", "org/1/project/2"),
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
