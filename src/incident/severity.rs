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
    let why = match &*severest.severity_reason {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let mut reason = format!(
        "{severity} by {} (score {:.1}{why})",
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
/// in its own severity. Stages follow by their beginnings: what was going on already follows nothing.
fn following(nodes: &[(&Node, usize)]) -> Option<&'static str> {
    let last = nodes.iter().map(|(_, actor)| *actor).max()?;
    let mut of_actors: Vec<Vec<&Node>> = vec![Vec::new(); last + 1];
    for &(node, actor) in nodes {
        of_actors[actor].push(node);
    }
    of_actors.iter().find_map(|its| {
        if is_blinded_first(its) {
            return Some("a log was blinded before the rest");
        }
        let firsts = [
            (
                Stage::Enumeration,
                "enumeration, access and egress follow one another",
            ),
            (
                Stage::NewIdentity,
                "a new identity, access and egress follow one another",
            ),
        ];
        let mut told = firsts.into_iter();
        told.find_map(|(first, words)| are_in_order(its, first).then_some(words))
    })
}

fn is_blinded_first(its: &[&Node]) -> bool {
    let works = [
        Stage::Enumeration,
        Stage::Access,
        Stage::Egress,
        Stage::Impact,
    ];
    let is_work = |node: &&&Node| works.iter().any(|stage| node.stages.contains(stage));
    let mut blindings = its.iter().filter(|node| node.is_blinding);
    blindings.any(|blinding| {
        let mut work = its.iter().filter(is_work);
        work.any(|work| work.analytic != blinding.analytic && blinding.start <= work.start)
    })
}

/// Returns whether a stage, then access and then egress begin in this order.
fn are_in_order(its: &[&Node], first: Stage) -> bool {
    let with = |stage: Stage| its.iter().filter(move |node| node.stages.contains(&stage));
    with(Stage::Access).any(|read| {
        let before = || with(first).filter(|begin| begin.start <= read.start);
        let after = || with(Stage::Egress).filter(|send| read.start <= send.start);
        let differs = |node: &&Node| node.analytic != read.analytic;
        let is_of_several = || before().any(differs) || after().any(differs);
        before().next().is_some() && after().next().is_some() && is_of_several()
    })
}
