//! What a tool is.

use rmcp::handler::server::tool::schema_for_input;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use rmcp::schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::{Progress, Setup};
use crate::error::{Error, Result};
use crate::incident::Playbook;
use crate::inquiry::Inquiry;
use crate::mcp::answer::Answer;

/// What tools ask.
pub(super) struct Asked {
    pub(super) inquiry: Inquiry,
    pub(super) setup: Setup,
    pub(super) playbook: Playbook,
}

impl Asked {
    pub(super) fn of(inquiry: Inquiry, setup: Setup) -> Self {
        let playbook = Playbook::of(&setup.analytics);
        Self {
            inquiry,
            setup,
            playbook,
        }
    }
}

/// How a tool is called.
type Call = dyn Fn(&Asked, JsonObject, &dyn Progress) -> Result<Answer> + Send + Sync;

/// A tool that is offered.
pub(super) struct Offered {
    pub(super) tool: Tool,
    pub(super) call: Box<Call>,
}

impl Offered {
    /// Makes a tool that reads and changes nothing. `texts` are its name, its title and its description; none of them is from logs.
    pub(super) fn new<A: DeserializeOwned + JsonSchema + 'static>(
        texts: (&'static str, &'static str, &'static str),
        answer: impl Fn(&Asked, A, &dyn Progress) -> Result<Answer> + Send + Sync + 'static,
    ) -> Self {
        let (name, title, description) = texts;
        let schema = schema_for_input::<A>().unwrap_or_default();
        let hints = ToolAnnotations::new()
            .read_only(true)
            .idempotent(true)
            .open_world(false);
        let tool = Tool::new(name, description, schema)
            .with_title(title)
            .with_annotations(hints);
        Self {
            tool,
            call: Box::new(move |asked, arguments, progress| {
                let arguments = serde_json::from_value(Value::Object(arguments)).map_err(|e| {
                    Error::usage(format!("`{name}` does not take these arguments"))
                        .cause(e)
                        .hint("its schema is in the list of tools")
                })?;
                answer(asked, arguments, progress)
            }),
        }
    }
}
