//! Gzip files that are small enough are inflated at once, which is several times as fast as piece by piece.
//!
//! This is for the usual file, a single sound member. Anything else is left to `decode`, which reads what is before damage,
//! any number of members, and any size.

use std::io::{self, Read};

use libdeflater::Decompressor;
use memchr::memmem;

use crate::sources::decode::{GZIP_MAGIC, is_text};

/// The largest file, in bytes as stored, that is held at once.
const STORED_BYTES_MAX: usize = 16 << 20;
/// The largest file, in bytes as inflated, that is held at once. CloudTrail's own files have up to about 50 MB.
const INFLATED_BYTES_MAX: usize = 64 << 20;
/// The most bytes to which one byte of a deflate stream inflates.
const RATIO_MAX: usize = 1_032;
/// The CRC-32 and the length that end a member.
const FOOTER_BYTES: usize = 8;
/// The smallest member: a header, an empty stream, a footer.
const MEMBER_BYTES_MIN: usize = 20;
/// Memory for text grows by so much at least.
const GRAIN_BYTES: usize = 1 << 20;
/// Bytes read from a file at a time.
const READ_BYTES: usize = 256 * 1024;

/// Reads a file that may be gzip, into a buffer that need not be fresh. Returns the length of its text if it was inflated as a
/// whole into `text`. Otherwise returns all of the file: what was read of it, and what is left.
pub fn inflate_whole<R: Read>(
    mut raw: R,
    stored: &mut Vec<u8>,
    text: &mut Vec<u8>,
) -> Result<usize, Ahead<R>> {
    let (mut filled, mut error, mut is_whole) = (0, None, false);
    let may_be_gzip = |start: &[u8]| GZIP_MAGIC.starts_with(&start[..start.len().min(2)]);
    while may_be_gzip(&stored[..filled]) && filled < STORED_BYTES_MAX {
        if filled == stored.len() {
            stored.resize(filled + filled.max(READ_BYTES), 0);
        }
        // The first bytes show whether it is gzip at all.
        let end = if filled < 2 { 2 } else { stored.len() };
        match raw.read(&mut stored[filled..end]) {
            Ok(0) => {
                is_whole = true;
                break;
            }
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                error = Some(e);
                break;
            }
        }
    }
    let len = is_whole.then(|| inflate(&stored[..filled], text));
    len.flatten().ok_or_else(|| Ahead {
        start: io::Cursor::new(stored[..filled].to_vec()),
        error,
        rest: raw,
    })
}

/// Inflates a file that is exactly one sound member with text in it.
fn inflate(stored: &[u8], text: &mut Vec<u8>) -> Option<usize> {
    let footer: &[u8; FOOTER_BYTES] = stored.last_chunk()?;
    if stored.len() < MEMBER_BYTES_MIN {
        return None;
    }
    // The length that the footer states is true or the file is not what is read here. It is not allocated unless it may be.
    let [.., a, b, c, d] = *footer;
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    if len > INFLATED_BYTES_MAX || len > stored.len().saturating_mul(RATIO_MAX) {
        return None;
    }
    if text.len() < len {
        // What it has is of no use any more, and files of one log are of like size.
        *text = Vec::new();
        *text = vec![0; len.next_multiple_of(GRAIN_BYTES)];
    }
    let inflated = Decompressor::new()
        .gzip_decompress(stored, &mut text[..len])
        .ok()?;
    // The decoder checked the footer of the first member, and does not say where that ended: at the end of the file if its
    // footer is the file's, and is nowhere else in it.
    let crc = libdeflater::crc32(&text[..len]).to_le_bytes();
    let is_single = inflated == len
        && footer.starts_with(&crc)
        && memmem::find(stored, footer) == Some(stored.len() - FOOTER_BYTES);
    (is_single && is_text(&text[..len])).then_some(len)
}

/// A reader of which a part was read ahead.
pub struct Ahead<R> {
    start: io::Cursor<Vec<u8>>,
    /// The error that ended reading ahead. It is returned after the bytes before it.
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.start.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sources::tests::gzip;

    /// Returns the text if the file is inflated at once; if not, all of the file.
    fn inflated(stored: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
        let (mut buffer, mut text) = (vec![7; 100], vec![7; 100]);
        match inflate_whole(stored, &mut buffer, &mut text) {
            Ok(len) => Ok(text[..len].to_vec()),
            Err(mut rest) => {
                let mut all = Vec::new();
                rest.read_to_end(&mut all).unwrap();
                Err(all)
            }
        }
    }

    #[test]
    fn only_a_single_sound_member_is_inflated_at_once() {
        let text = b"{\"a\":1}\n".repeat(1_000);
        let packed = gzip(&text);
        assert_eq!(inflated(&packed), Ok(text.clone()));
        let (mut wrong_crc, mut wrong_len, mut damaged) =
            (packed.clone(), packed.clone(), packed.clone());
        let end = packed.len();
        wrong_crc[end - 8] ^= 1;
        wrong_len[end - 1] = 0xff;
        damaged[end / 2] ^= 1;
        let other = gzip(&text.iter().rev().copied().collect::<Vec<u8>>());
        for all in [
            Vec::new(),
            text.clone(),
            vec![0x1f],
            vec![0x1f, 0x8b],
            packed[..end - 1].to_vec(),
            // Its footer might begin anywhere among its zeros.
            gzip(b""),
            wrong_crc,
            wrong_len,
            damaged,
            // The same member twice, two of one length, padding, and more compression.
            [&packed[..], &packed].concat(),
            [&packed[..], &other].concat(),
            [&packed[..], &[0; 9]].concat(),
            gzip(&packed),
            gzip(b"PAR1"),
            // A length that is stated and cannot be.
            [&packed[..20], &[0xff, 0xff, 0xff, 0x01]].concat(),
        ] {
            assert_eq!(inflated(&all), Err(all));
        }
    }
}
