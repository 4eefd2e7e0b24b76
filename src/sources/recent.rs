//! What was found last, by the text that it was found for.
//!
//! Most texts of a log repeat within a few records. Comparing a text with the one that last had its place is cheaper than
//! decoding it and looking it up.

/// Values in a fixed number of places. A new value replaces the one in its place.
#[derive(Debug)]
pub struct Recent<T> {
    places: Vec<Option<T>>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { places: Vec::new() }
    }
}

impl<T> Recent<T> {
    /// The number of places: a power of two.
    const PLACES: usize = 1_024;

    /// Returns the value in the place of this hash.
    pub fn get(&self, hash: u64) -> Option<&T> {
        self.places.get(Self::place(hash))?.as_ref()
    }

    /// Puts a value in the place of this hash.
    pub fn put(&mut self, hash: u64, value: T) {
        if self.places.is_empty() {
            self.places.resize_with(Self::PLACES, || None);
        }
        self.places[Self::place(hash)] = Some(value);
    }

    /// Returns the value in the place of this hash if it is the right one; if not, makes it.
    pub fn get_or(
        &mut self,
        hash: u64,
        is_right: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> &T {
        if self.places.is_empty() {
            self.places.resize_with(Self::PLACES, || None);
        }
        let place = &mut self.places[Self::place(hash)];
        if !place.as_ref().is_some_and(is_right) {
            *place = None;
        }
        place.get_or_insert_with(make)
    }

    fn place(hash: u64) -> usize {
        (hash >> (u64::BITS - Self::PLACES.trailing_zeros())) as usize
    }
}

/// Returns a hash of samples of a text. Texts that differ only between the samples share a place, which costs time and
/// changes nothing.
#[inline]
pub fn hash(text: &[u8]) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    const SAMPLES: usize = 8;
    let mut hash = text.len() as u64;
    let mut add = |word: u64| hash = (hash.rotate_left(23) ^ word).wrapping_mul(MIX);
    match (text.last_chunk::<8>(), text.last_chunk::<4>()) {
        (Some(last), _) => {
            let step = (text.len() / SAMPLES).max(8);
            for sample in text.chunks(step).filter_map(<[u8]>::first_chunk::<8>) {
                add(u64::from_le_bytes(*sample));
            }
            add(u64::from_le_bytes(*last));
        }
        (None, Some(last)) => {
            let first = text.first_chunk::<4>().unwrap_or(last);
            add(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
        }
        (None, None) => text.iter().for_each(|byte| add(u64::from(*byte))),
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_place_is_found() {
        let mut recent = Recent::default();
        for text in [&b""[..], b"a", b"abcd", b"abcdefgh", &[b'x'; 500]] {
            let key = hash(text);
            assert_eq!(recent.get(key), None);
            recent.put(key, text);
            assert_eq!(recent.get(key), Some(&text));
            assert_eq!(*recent.get_or(key, |known| *known == text, || b"new"), text);
            assert_eq!(*recent.get_or(key, |_| false, || b"new"), b"new");
        }
    }
}
