//! Bytes of a log, a bounded piece at a time: decompressed, in UTF-8, with the place of each piece.

use std::io::{self, BufRead, BufReader, Read};

use xxhash_rust::xxh3::Xxh3;

/// Bytes asked of the file at a time.
const READ_BYTES: usize = 256 * 1024;
/// Compression inside compression that is undone.
const NESTED_MAX: usize = 2;

/// A reader that hashes and counts all that passes.
pub struct Hashed<R> {
    inner: R,
    hash: Box<Xxh3>,
    bytes: u64,
}

impl<R: Read> Hashed<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Box::new(Xxh3::new()),
            bytes: 0,
        }
    }

    /// Reads what is left, so that the hash is that of the whole.
    pub fn finish(mut self) -> (u128, u64) {
        let mut rest = [0; 8192];
        while let Ok(n) = self.read(&mut rest) {
            if n == 0 {
                break;
            }
        }
        (self.hash.digest128(), self.bytes)
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, of one or several members.
    Gzip,
    /// Zstandard, of one or several frames.
    Zstd,
}

impl Compression {
    /// Returns the name that users know.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Undoes compression, as content says, and then UTF-16.
pub fn plain<'r>(reader: impl Read + 'r) -> io::Result<(Box<dyn Read + 'r>, Compression)> {
    let mut reader: Box<dyn BufRead + 'r> = Box::new(BufReader::with_capacity(READ_BYTES, reader));
    let mut outermost = Compression::None;
    for depth in 0..NESTED_MAX {
        let found = match reader.fill_buf()? {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => break,
        };
        if depth == 0 {
            outermost = found;
        }
        let decoder: Box<dyn Read + 'r> = match found {
            Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
            Compression::None => break,
        };
        reader = Box::new(BufReader::with_capacity(READ_BYTES, decoder));
    }
    let start = reader.fill_buf()?;
    match start {
        [0xff, 0xfe, ..] => Ok((Box::new(Utf16::new(reader, u16::from_le_bytes)), outermost)),
        [0xfe, 0xff, ..] => Ok((Box::new(Utf16::new(reader, u16::from_be_bytes)), outermost)),
        [0xef, 0xbb, 0xbf, ..] => {
            reader.consume(3);
            Ok((Box::new(reader), outermost))
        }
        _ => Ok((Box::new(reader), outermost)),
    }
}

/// UTF-16 turned into UTF-8; what is no text becomes the replacement character.
struct Utf16<R> {
    inner: R,
    unit: fn([u8; 2]) -> u16,
    ready: Vec<u8>,
    taken: usize,
    high: Option<u16>,
}

impl<R: BufRead> Utf16<R> {
    fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            inner,
            unit,
            ready: Vec::new(),
            taken: 0,
            high: None,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        let mut raw = Vec::new();
        (&mut self.inner)
            .take(READ_BYTES as u64)
            .read_to_end(&mut raw)?;
        let units = self.high.take().into_iter().chain(
            raw.chunks_exact(2)
                .map(|pair| (self.unit)([pair[0], pair[1]])),
        );
        let mut units: Vec<u16> = units.collect();
        if let Some(high) =
            units.pop_if(|last| (0xd800..0xdc00).contains(last) && raw.len() == READ_BYTES)
        {
            self.high = Some(high);
        }
        for c in char::decode_utf16(units) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            if c != '\u{feff}' {
                self.ready
                    .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.refill()?;
        }
        let n = buffer.len().min(self.ready.len() - self.taken);
        buffer[..n].copy_from_slice(&self.ready[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

/// A view of the bytes not yet taken, with their place in the decompressed file.
pub struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    is_ended: bool,
    error: Option<io::Error>,
    /// Bytes taken before the view.
    pub byte: u64,
    /// Lines finished before the view.
    pub line: u64,
}

impl<R: Read> Window<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            is_ended: false,
            error: None,
            byte: 0,
            line: 0,
        }
    }

    /// Returns what is in view.
    pub fn view(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Brings more into view; returns false at the end of the file, or where it cannot be read any further.
    pub fn more(&mut self) -> bool {
        if self.is_ended {
            return false;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let before = self.buffer.len();
        self.buffer.resize(before + READ_BYTES, 0);
        loop {
            match self.reader.read(&mut self.buffer[before..]) {
                Ok(0) => self.is_ended = true,
                Ok(n) => {
                    self.buffer.truncate(before + n);
                    return true;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    self.error = Some(e);
                    self.is_ended = true;
                }
            }
            self.buffer.truncate(before);
            return false;
        }
    }

    /// Takes bytes out of view.
    pub fn take(&mut self, n: usize) {
        let taken = &self.buffer[self.start..self.start + n];
        self.line += memchr::memchr_iter(b'\n', taken).count() as u64;
        self.byte += n as u64;
        self.start += n;
    }

    /// Returns the next byte that is neither blank nor padding, which is then first in view.
    pub fn next_solid(&mut self) -> Option<u8> {
        loop {
            let view = self.view();
            match view
                .iter()
                .position(|b| !b.is_ascii_whitespace() && *b != 0)
            {
                Some(at) => {
                    let byte = view[at];
                    self.take(at);
                    return Some(byte);
                }
                None => {
                    let n = view.len();
                    self.take(n);
                    if !self.more() {
                        return None;
                    }
                }
            }
        }
    }

    /// Returns the length of the line in view, its end included, as far as `bytes_max`.
    pub fn line_length(&mut self, bytes_max: usize) -> usize {
        let mut from = 0;
        loop {
            let view = self.view();
            if let Some(at) = memchr::memchr(b'\n', &view[from..]) {
                return from + at + 1;
            }
            from = view.len();
            if from >= bytes_max || !self.more() {
                return self.view().len();
            }
        }
    }

    /// Returns why the file could not be read to its end.
    pub fn error(&self) -> Option<String> {
        self.error.as_ref().map(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => "the compressed file is cut off".to_owned(),
            _ => e.to_string(),
        })
    }
}
