//! Shared copies of texts that records repeat: names, regions, services.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::sources::clients;
use crate::vocab::Str;

/// The most texts that are held; then all are let go, so that a flood of new ones cannot fill the memory.
const TEXTS_MAX: usize = 65_536;
/// Longer texts are not held: they hardly repeat.
const TEXT_BYTES_MAX: usize = 512;

/// Shared copies of texts.
#[derive(Default)]
pub struct Interner {
    texts: FxHashSet<Str>,
    clients: FxHashMap<Str, Str>,
}

impl Interner {
    /// Returns the shared copy of a text.
    pub fn get(&mut self, text: &str) -> Str {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new: Str = text.into();
        if text.len() <= TEXT_BYTES_MAX {
            if self.texts.len() >= TEXTS_MAX {
                self.texts.clear();
            }
            self.texts.insert(new.clone());
        }
        new
    }

    /// Returns the client family of a user agent.
    pub fn client(&mut self, user_agent: &Str) -> Str {
        if let Some(known) = self.clients.get(user_agent) {
            return known.clone();
        }
        let family = self.get(clients::family(user_agent));
        if self.clients.len() >= TEXTS_MAX {
            self.clients.clear();
        }
        self.clients.insert(user_agent.clone(), family.clone());
        family
    }
}
