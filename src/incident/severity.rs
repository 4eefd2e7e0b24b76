//! How severe an incident is, and what that rests on.

use crate::incident::node::Node;
use crate::incident::stage::Stage;
use crate::stats::Severity;

/// Returns the severity of an incident, and what it rests on in one line. `actors` has the actor of each alert.
///
/// It is that of the severest alert, and one step higher where stages follow one another on the same actors. While scores are
/// provisional it is at most medium, unless it rests on a declared act. Alerts that an approval covers count only if all do.
pub(super) fn severity_of(nodes: &[&Node], actors: &[usize]) -> (Severity, String) {
    let all_suppressed = nodes.iter().all(|node| node.is_suppressed);
    let counted: Vec<(&Node, usize)> = nodes
        .iter()
        .zip(actors)
        .filter(|(node, _)| all_suppressed || !node.is_suppressed)
        .map(|(node, &actor)| (*node, actor))
        .collect();
    let is_higher = |a: &Node, b: &Node| (held(a), a.score) > (held(b), b.score);
    let severest = counted
        .iter()
        .map(|(node, _)| *node)
        .reduce(|best, next| if is_higher(next, best) { next } else { best });
    let Some(severest) = severest else {
        return (Severity::Informational, String::new());
    };
    let mut severity = held(severest);
    let mut reason = format!(
        "{severity} by {} (score {:.1})",
        severest.analytic, severest.score
    );
    if severity < severest.severity {
        reason += ", held at medium while scores are provisional";
    }
    let is_free = counted
        .iter()
        .any(|(node, _)| !node.is_provisional || node.is_declared);
    if let Some(stages) = following(&counted)
        && severity.raised() > severity
    {
        if is_free || severity.raised() <= Severity::Medium {
            severity = severity.raised();
            reason = format!("{severity}: {reason}, raised one step because {stages}");
        } else {
            reason += &format!("; {stages}");
        }
    }
    (severity, reason)
}

/// Returns the severity that an alert brings into an incident.
fn held(node: &Node) -> Severity {
    if node.is_provisional && !node.is_declared {
        node.severity.min(Severity::Medium)
    } else {
        node.severity
    }
}

/// Says which stages follow one another on the same actor, in alerts of more than one analytic: what a single one sees of a sequence is
/// in its own severity.
fn following(nodes: &[(&Node, usize)]) -> Option<&'static str> {
    let with = |stage: Stage| move |node: &&Node| node.stages.contains(&stage);
    let last = nodes.iter().map(|(_, actor)| *actor).max()?;
    let mut of_actors: Vec<Vec<&Node>> = vec![Vec::new(); last + 1];
    for &(node, actor) in nodes {
        of_actors[actor].push(node);
    }
    let follows = |before: &Node, after: &Node| before.start <= after.end;
    for its in &of_actors {
        let blinding = its.iter().copied().find(|node| node.is_blinding);
        let works = [
            Stage::Enumeration,
            Stage::Access,
            Stage::Egress,
            Stage::Impact,
        ];
        let is_work = |node: &&Node| works.iter().any(|stage| node.stages.contains(stage));
        if let Some(blinding) = blinding
            && its
                .iter()
                .copied()
                .filter(is_work)
                .any(|work| work.analytic != blinding.analytic && follows(blinding, work))
        {
            return Some("a log was blinded before the rest");
        }
        for (first, words) in [
            (
                Stage::Enumeration,
                "enumeration, access and egress follow one another",
            ),
            (
                Stage::NewIdentity,
                "a new identity, access and egress follow one another",
            ),
        ] {
            let Some(begin) = its.iter().copied().find(with(first)) else {
                continue;
            };
            let reads = its.iter().copied().filter(with(Stage::Access));
            for read in reads.filter(|read| follows(begin, read)) {
                let mut sends = its.iter().copied().filter(with(Stage::Egress));
                let differs =
                    |send: &Node| send.analytic != read.analytic || begin.analytic != read.analytic;
                if sends.any(|send| follows(read, send) && differs(send)) {
                    return Some(words);
                }
            }
        }
    }
    None
}
