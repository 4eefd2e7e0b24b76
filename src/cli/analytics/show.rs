//! `plimsoll analytics show`

use clap::Args;
use serde::Serialize;

use crate::analytic::{Analytic, Element};
use crate::cli::analytics::library::{Library, origin};
use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::error::Result;
use crate::report::{Paint, Plain, json};

/// Explain an analytic: what it measures and why, false positives, how to investigate, what to tune
#[derive(Debug, Args)]
pub struct Arguments {
    /// Id, as in AN1594.
    #[arg(value_name = "ID")]
    id: String,
    /// Format of the output.
    #[arg(long, default_value = "text", conflicts_with = "source")]
    format: View,
    /// Print the file that defines it, as a start for one of your own.
    #[arg(long)]
    source: bool,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if there is no such analytic, or the configuration or a definition has faults.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let library = Library::load(common)?;
    let analytic = library.get(&arguments.id)?;
    match (arguments.source, arguments.format) {
        (true, _) => console.print(library.definition(analytic).map_or("", |file| &file.text)),
        (false, View::Text) => console.show(&text(analytic, console.out())),
        (false, View::Json) => console.print(&(json::pretty(&Explained::of(analytic)) + "\n")),
    }?;
    Ok(Ending::Complete)
}

/// An analytic, for programs.
#[derive(Serialize)]
struct Explained<'a> {
    id: &'a str,
    title: &'a str,
    version: u32,
    status: &'static str,
    enabled: bool,
    threshold: Option<f64>,
    from: String,
    providers: Vec<&'static str>,
    entities: Vec<&'static str>,
    techniques: &'a [String],
    tags: &'a [String],
    references: &'a [String],
    description: &'a str,
    rationale: &'a str,
    falsepositives: &'a [String],
    investigate: &'a [String],
    respond: &'a [String],
    tune: &'a [String],
    metrics: Vec<&'static str>,
    traits: Vec<&'static str>,
    arms: Vec<ExplainedArm<'a>>,
    elements: Vec<ExplainedElement<'a>>,
    telemetry: Vec<ExplainedTelemetry<'a>>,
    stories: Vec<ExplainedStory<'a>>,
}

#[derive(Serialize)]
struct ExplainedArm<'a> {
    id: &'a str,
    doc: &'a str,
    cohort: &'static str,
}

#[derive(Serialize)]
struct ExplainedElement<'a> {
    name: &'a str,
    r#type: &'static str,
    /// As a configuration writes it.
    default: Option<String>,
    /// The value in force.
    value: Option<String>,
    doc: &'a str,
}

#[derive(Serialize)]
struct ExplainedTelemetry<'a> {
    source: &'static str,
    events: &'a str,
    fields: Vec<&'static str>,
    required: bool,
    without: &'a str,
}

#[derive(Serialize)]
struct ExplainedStory<'a> {
    title: &'a str,
    provider: &'static str,
    text: &'a str,
}

impl<'a> Explained<'a> {
    fn of(analytic: &'a Analytic) -> Self {
        let docs = &analytic.docs;
        Self {
            id: &analytic.id,
            title: &analytic.title,
            version: analytic.version,
            status: docs.status.as_str(),
            enabled: analytic.enabled,
            threshold: analytic.threshold,
            from: origin(analytic),
            providers: analytic.providers.iter().map(|p| p.as_str()).collect(),
            entities: analytic.entities.iter().map(|e| e.as_str()).collect(),
            techniques: &analytic.techniques,
            tags: &docs.tags,
            references: &docs.references,
            description: &docs.description,
            rationale: &docs.rationale,
            falsepositives: &docs.falsepositives,
            investigate: &docs.investigate,
            respond: &docs.respond,
            tune: &docs.tune,
            metrics: analytic.metrics().iter().map(|m| m.as_str()).collect(),
            traits: analytic.traits().iter().map(|t| t.as_str()).collect(),
            arms: analytic
                .arms
                .iter()
                .map(|arm| ExplainedArm {
                    id: &arm.id,
                    doc: &arm.doc,
                    cohort: arm.cohort.as_str(),
                })
                .collect(),
            elements: analytic
                .elements
                .iter()
                .map(|element| ExplainedElement {
                    name: &element.name,
                    r#type: element.kind.as_str(),
                    default: element.default.as_ref().map(ToString::to_string),
                    value: element.value.as_ref().map(ToString::to_string),
                    doc: &element.doc,
                })
                .collect(),
            telemetry: docs
                .telemetry
                .iter()
                .map(|telemetry| ExplainedTelemetry {
                    source: telemetry.source.as_str(),
                    events: &telemetry.events,
                    fields: telemetry.fields.iter().map(|f| f.as_str()).collect(),
                    required: telemetry.required,
                    without: &telemetry.without,
                })
                .collect(),
            stories: analytic
                .stories
                .iter()
                .map(|story| ExplainedStory {
                    title: &story.title,
                    provider: story.provider.as_str(),
                    text: &story.text,
                })
                .collect(),
        }
    }
}

/// Returns the explanation for people.
fn text(analytic: &Analytic, paint: Paint) -> String {
    let docs = &analytic.docs;
    let providers: Vec<_> = analytic.providers.iter().map(|p| p.as_str()).collect();
    let state = match (analytic.enabled, analytic.threshold) {
        (false, _) => "disabled".to_owned(),
        (true, Some(score)) => format!("alerts from score {score}"),
        (true, None) => "threshold as tuned, or from the budget".to_owned(),
    };
    let mut page = Page {
        out: String::new(),
        paint,
    };
    let title = format!("{}  {}", analytic.id, Plain(&analytic.title));
    page.out += &format!("{}\n", paint.bold(&title));
    page.paragraph(
        &format!(
            "version {}, {}, on {}, {}; {state}; {}",
            analytic.version,
            docs.status,
            providers.join(", "),
            analytic.techniques.join(", "),
            origin(analytic)
        ),
        0,
    );
    page.section("What it measures");
    page.paragraph(&docs.description, 2);
    for arm in &analytic.arms {
        page.item("-", &format!("{}: {}", arm.id, arm.doc));
    }
    page.section("Why it matters");
    page.paragraph(&docs.rationale, 2);
    page.list(
        "False positives: harmless activity that looks the same",
        &docs.falsepositives,
        false,
    );
    page.list("How to investigate", &docs.investigate, true);
    page.list("What to do if the alert is true", &docs.respond, true);
    page.list("What to tune if it is false", &docs.tune, false);
    page.section(&format!(
        "Elements that can be configured, under [analytic.{}]",
        analytic.id
    ));
    for element in analytic.elements.iter() {
        page.item("-", &format!("{}: {}", value_of(element), element.doc));
    }
    page.section("Telemetry");
    for telemetry in &docs.telemetry {
        let required = if telemetry.required {
            "required"
        } else {
            "optional"
        };
        let (source, events) = (telemetry.source, &telemetry.events);
        let without = &telemetry.without;
        page.item(
            "-",
            &format!("{source} ({required}): {events}. Without it: {without}"),
        );
    }
    if !analytic.stories.is_empty() {
        page.section(&format!(
            "Stories, which `plimsoll analytics test {}` checks",
            analytic.id
        ));
    }
    for story in &analytic.stories {
        page.item("-", &format!("{} ({})", story.title, story.provider));
        for line in story.text.trim_end().lines() {
            page.out += &format!("      {}\n", paint.dim(&Plain(line).to_string()));
        }
    }
    page.list("References", &docs.references, false);
    page.out
}

/// Says the type, the value in force and the default of an element.
fn value_of(element: &Element) -> String {
    let (name, kind) = (&element.name, element.kind);
    match (&element.value, &element.default) {
        (None, _) => format!("{name} ({kind}, unset)"),
        (Some(value), default) if default.as_ref() == Some(value) => {
            format!("{name} = {value} ({kind})")
        }
        (Some(value), default) => {
            let default = default
                .as_ref()
                .map_or("unset".to_owned(), ToString::to_string);
            let place = &element.place;
            format!("{name} = {value} ({kind}, default {default}, set at {place})")
        }
    }
}

/// A page of text, as it grows.
struct Page {
    out: String,
    paint: Paint,
}

impl Page {
    fn section(&mut self, title: &str) {
        self.out += &format!("\n{}\n", self.paint.bold(title));
    }

    fn paragraph(&mut self, text: &str, indent: usize) {
        let text: Vec<&str> = text.split_whitespace().collect();
        self.out += &format!("{:indent$}{}\n", "", Plain(&text.join(" ")));
    }

    fn item(&mut self, mark: &str, text: &str) {
        self.paragraph(&format!("{mark} {text}"), 2);
    }

    fn list(&mut self, title: &str, items: &[String], is_numbered: bool) {
        if items.is_empty() {
            return;
        }
        self.section(title);
        for (at, item) in items.iter().enumerate() {
            match is_numbered {
                true => self.item(&format!("{}.", at + 1), item),
                false => self.item("-", item),
            }
        }
    }
}
