//! The detections: what each of them measures, with which arms, gates and mutable elements.
//!
//! A definition is a file of `models/`. It is read twice: as *written*, where a number may be the name of an element
//! (`"$ShareWeight"`), and as *checked*, an [`Analytic`], where the elements have the values of the configuration and
//! every number is a number. Only the second can be scored.
//!
//! ```toml
//! [elements.ShareWeight]            # what an estate may set, under [analytic.ID] of its configuration
//! type = "number"
//! default = 7.0
//! doc = "…"
//!
//! [[arm]]                           # the highest rank of all arms counts
//! id = "SHARE"
//! doc = "…"
//! cohort = "any"                    # new, established or any
//! sum = [                           # terms, added up
//!   { weight = "$ShareWeight" },    # a declared number
//!   { acts = "sensitive_share" },   # surprise of the first such act, and how many
//!   { largest = ["read_calls"] },   # largest surprise over metrics of one family
//!   { traits = ["destination"] },   # surprise of new values, summed
//!   { role_tail = "read_calls" },   # rarity among the hours of the role
//!   { burst = "countries", over = "1h", at_least = 2, weight = 3.0 },   # a declared number, if there were so many at once
//! ]
//! when = [                          # gates; all must pass
//!   { active = ["read_calls"] },
//!   { any = [{ at_least = 20, of = "read_calls" }, { act = "sensitive_share" }] },
//!   { burst = "posture_buckets", over = "10s", at_least = 16 },   # so many at once; `fixed = true` for the clock's bins
//!   { surprising = "posture_buckets", more_than = 3.0 },          # more than is usual for this entity
//!   { shows = "action", like = ["organizations:*"] },             # a value of a trait; `new = …` for one that is new to the entity
//!   { beyond = "application", of = ["0oaSCIM*"] },                # a value that is none of these, or no value at all
//!   { caller = ["human"] },                                       # the kind of identity
//!   { steps = 2 },                                                # the first so many steps of the sequence, in order
//!   { unlogged = "egress_flow" },                                 # nothing of the kind is ever logged here
//!   "context", "external", "sequence",
//! ]
//! quiet_context_factor = 0.7        # factor on the sum on a day without unusual context
//! severity_max = "medium"           # the greatest severity
//!
//! [[step]]                          # of the sequence, in order: new_identity, spike or egress
//! spike = { of = "read_calls", surprise = 1.0 }
//!
//! [[story]]                         # what must alert and what must not; see `story`
//! title = "…"
//! text = "…"
//! ```

mod check;
mod checked;
mod definition;
mod element;
mod lint;
mod load;
mod resolve;
mod shape;
mod story;
mod telemetry;
mod written;

pub use checked::{
    ActKind, Analytic, Arm, Burst, CONTEXT_TRAITS, Cohort, Counts, Docs, Gate, ROLE_TAIL_METRICS,
    SCHEMA, Sequence, Status, Step, Term,
};
pub use definition::{BUILTIN, Definition, builtin, definitions, definitions_at, is_builtin};
pub use element::{Element, ElementKind, ElementValue, Elements};
pub use lint::{style, style_of_stories};
pub use load::{load, load_from, load_into, parse};
pub use shape::{ANALYTIC, GATE, SETTINGS, TERM, element_keys};
pub use story::Story;
pub use telemetry::{Telemetry, UNTOLD, Unobservable};

#[cfg(test)]
mod tests;
