//! The machine that a call to Compute Engine makes or changes, and the service account that it works under.
//!
//! A flow log names only the machine. These calls tell whose machine it is.

use crate::event::Assignment;
use crate::sources::gcpaudit::caller::identity_of;
use crate::sources::gcpaudit::record::Record;
use crate::sources::interner::Interner;
use crate::sources::parts::loose;
use crate::vocab::Str;

/// Stands for the project's default account in a request.
const DEFAULT: &str = "default";

/// Reads the service account that a call gives to an instance.
pub fn assigned(r: &Record<'_>, plain_name: &str, interner: &mut Interner) -> Option<Assignment> {
    let email = match plain_name {
        "compute.instances.insert" => {
            // An instance has at most one account.
            let accounts = loose::path(r.request, &["serviceAccounts"]);
            loose::path(accounts.elements().next()?, &["email"])
        }
        "compute.instances.setserviceaccount" => loose::path(r.request, &["email"]),
        _ => return None,
    };
    let name = r.resource_name.text()?;
    let machine = Machine::of(&name)?;
    let identity = account(&email.text()?, machine.project, interner)?;
    let project = loose::path(r.labels, &["project_id"]).text();
    let project = project.as_deref().unwrap_or(machine.project);
    Some(Assignment {
        instance: instance_name(project, machine.zone, machine.name, interner),
        identity,
    })
}

/// Returns how an instance is named in events: its own name is unique only in its project and zone.
pub fn instance_name(project: &str, zone: &str, name: &str, interner: &mut Interner) -> Str {
    interner.share(&format!("{project}/{zone}/{name}"))
}

/// Returns the canonical id of an instance's service account. The default one is named by the project's number.
fn account(email: &str, project: &str, interner: &mut Interner) -> Option<Str> {
    let is_number = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
    let email = match email {
        DEFAULT if is_number => format!("{project}-compute@developer.gserviceaccount.com"),
        email if email.contains('@') => email.to_owned(),
        _ => return None,
    };
    Some(identity_of(&format!("serviceAccount:{email}"), interner))
}

/// The parts of `projects/P/zones/Z/instances/NAME`. Some records have the project's number for its id.
#[derive(Debug, PartialEq)]
struct Machine<'a> {
    project: &'a str,
    zone: &'a str,
    name: &'a str,
}

impl<'a> Machine<'a> {
    fn of(resource: &'a str) -> Option<Self> {
        let (_, rest) = resource.split_once("projects/")?;
        let mut parts = rest.split('/');
        let (project, zones, zone) = (parts.next()?, parts.next()?, parts.next()?);
        let (instances, name) = (parts.next()?, parts.next()?);
        let is_one = zones == "zones" && instances == "instances" && parts.next().is_none();
        let is_named = ![project, zone, name].contains(&"");
        (is_one && is_named).then_some(Self {
            project,
            zone,
            name,
        })
    }
}
