//! Settings of logs, put again as code has them or switched off, and the containers of regions where nobody works.

use std::rc::Rc;

use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::model::other_providers::action::{Blinding, Service, Verb};
use crate::simulate::model::other_providers::container::{Cloud, Container, ELSEWHERE, Purpose};

/// Stops or narrows a log of a container's account or project.
pub(crate) fn blind(run: &mut Run<'_>, container: &Rc<Container>, how: Blinding) {
    let service = match container.owner.cloud {
        Cloud::Azure => Service::Arm,
        Cloud::Google => Service::Platform,
    };
    let container = container.clone();
    run.act(20.0, service, Verb::Blind(how), |action| {
        action.container = Some(container);
    });
}

/// Puts the logging of a container's account or project again, as the code has it.
pub(crate) fn put_as_code(run: &mut Run<'_>, container: &Rc<Container>) {
    let how = match container.owner.cloud {
        Cloud::Azure => Blinding::SettingOff,
        Cloud::Google => Blinding::SinkFiltered,
    };
    blind(run, container, how);
}

/// Returns a container in a region where nobody works.
pub(crate) fn elsewhere(cloud: Cloud) -> Rc<Container> {
    let owner = match cloud {
        Cloud::Azure => &ELSEWHERE[0],
        Cloud::Google => &ELSEWHERE[1],
    };
    let name = match cloud {
        Cloud::Azure => "cache",
        Cloud::Google => "halcyon-cache-asia",
    };
    Rc::new(Container {
        owner,
        name: name.to_owned(),
        purpose: Purpose::Service,
        object_bytes: 300e3,
    })
}
