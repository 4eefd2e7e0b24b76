//! The parameters of a Google Workspace event: a list of names, each with a value of one of several types.

use std::borrow::Cow;

use crate::sources::json::Value;
use crate::sources::parts::text::stated_text;

/// The parameters of an event, each with its name: a dozen of them are asked for of each event.
pub struct Parameters<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Parameters<'a> {
    /// The most parameters or values that are read.
    const TEXTS_MAX: usize = 256;
    /// The members that hold a value, by its type.
    const TYPES: [&'static str; 7] = [
        "value",
        "intValue",
        "boolValue",
        "multiValue",
        "multiIntValue",
        "messageValue",
        "multiMessageValue",
    ];

    /// Reads the names of the parameters in a list.
    pub fn of(list: Value<'a>) -> Self {
        let named = |parameter: Value<'a>| {
            let name = parameter.get("name").and_then(stated_text);
            (name.unwrap_or_default(), parameter)
        };
        Self(list.elements().map(named).collect())
    }

    fn value_of(parameter: Value<'a>) -> Option<Value<'a>> {
        let member = |name: &&str| parameter.get(name).filter(|v| v.is_present());
        Self::TYPES.iter().find_map(member)
    }

    fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut all = self.0.iter();
        let (_, parameter) = all.find(|(of, _)| of == name)?;
        Self::value_of(*parameter)
    }

    /// Returns a value as text.
    pub fn text(&self, name: &str) -> Option<String> {
        stated_text(self.get(name)?).map(|text| text.into_owned())
    }

    /// Returns the texts of a list, or of a text that is separated by commas or blanks; `None` if there are none.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts: Vec<String> = self
            .get(name)?
            .elements()
            .filter_map(stated_text)
            .flat_map(|text| {
                let parts = text.split([',', ' ']).map(str::to_owned);
                parts.collect::<Vec<_>>()
            })
            .filter(|text| !text.is_empty())
            .take(Self::TEXTS_MAX)
            .collect();
        (!texts.is_empty()).then_some(texts)
    }

    /// Returns a boolean.
    pub fn truth(&self, name: &str) -> Option<bool> {
        self.get(name)?.truth()
    }

    /// Returns an amount.
    pub fn amount(&self, name: &str) -> Option<u64> {
        self.get(name)?.amount()
    }

    /// Returns the name and the texts of every parameter.
    pub fn all(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.0
            .iter()
            .take(Self::TEXTS_MAX)
            .map(|(name, parameter)| {
                let texts = Self::value_of(*parameter)
                    .into_iter()
                    .flat_map(Value::elements)
                    .filter_map(|value| stated_text(value).map(|text| text.into_owned()))
                    .take(Self::TEXTS_MAX)
                    .collect();
                (name.clone().into_owned(), texts)
            })
    }
}
