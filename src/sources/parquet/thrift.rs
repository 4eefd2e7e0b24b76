//! Thrift's compact encoding, in which Parquet writes footers and page headers: reads numbers and skips the rest.

/// The deepest nesting of structures and lists; Parquet's have about ten levels.
const DEPTH_MAX: usize = 24;
/// The most elements of a list that is skipped; the longest are a file's row groups and a group's columns.
const ELEMENTS_MAX: usize = 1 << 15;

/// The text ends too early, or is not in this encoding.
#[derive(Debug, PartialEq)]
pub struct InvalidThrift;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A boolean, which has no bytes of its own inside a structure.
    Truth(bool),
    /// One byte.
    Byte,
    /// A number.
    Number,
    /// Eight bytes.
    Double,
    /// Bytes with their length.
    Bytes,
    /// A list or set.
    List,
    /// A map.
    Map,
    /// A structure.
    Struct,
}

impl Kind {
    fn of(nibble: u8) -> Result<Self, InvalidThrift> {
        Ok(match nibble {
            1 => Self::Truth(true),
            2 => Self::Truth(false),
            3 => Self::Byte,
            4..=6 => Self::Number,
            7 => Self::Double,
            8 => Self::Bytes,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            _ => return Err(InvalidThrift),
        })
    }
}

/// Reads encoded bytes.
pub struct ThriftReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> ThriftReader<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns how many bytes were read.
    pub fn position(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Result<u8, InvalidThrift> {
        let byte = *self.bytes.get(self.at).ok_or(InvalidThrift)?;
        self.at += 1;
        Ok(byte)
    }

    fn bytes(&mut self, len: usize) -> Result<(), InvalidThrift> {
        if len > self.bytes.len() - self.at {
            return Err(InvalidThrift);
        }
        self.at += len;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, InvalidThrift> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(InvalidThrift)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Result<i64, InvalidThrift> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Reads the number and type of a structure's next field; `None` at its end. `last` is the previous number, at first zero.
    pub fn field(&mut self, last: &mut i64) -> Result<Option<(i64, Kind)>, InvalidThrift> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        *last = match head >> 4 {
            0 => self.number()?,
            step => last.checked_add(i64::from(step)).ok_or(InvalidThrift)?,
        };
        Ok(Some((*last, Kind::of(head & 15)?)))
    }

    /// Reads the header of a list: the number of elements, and their type. At least as many bytes are left.
    pub fn list(&mut self) -> Result<(usize, Kind), InvalidThrift> {
        let head = self.byte()?;
        let len = match head >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| InvalidThrift)?,
            len => usize::from(len),
        };
        if len > (self.bytes.len() - self.at).min(ELEMENTS_MAX) {
            return Err(InvalidThrift);
        }
        Ok((len, Kind::of(head & 15)?))
    }

    /// Skips a value.
    pub fn skip(&mut self, kind: Kind) -> Result<(), InvalidThrift> {
        self.skip_at(kind, 0)
    }

    fn skip_at(&mut self, kind: Kind, depth: usize) -> Result<(), InvalidThrift> {
        if depth > DEPTH_MAX {
            return Err(InvalidThrift);
        }
        match kind {
            Kind::Truth(_) => Ok(()),
            Kind::Byte => self.bytes(1),
            Kind::Number => self.varint().map(drop),
            Kind::Double => self.bytes(8),
            Kind::Bytes => {
                let len = usize::try_from(self.varint()?).map_err(|_| InvalidThrift)?;
                self.bytes(len)
            }
            Kind::List => {
                let (len, kind) = self.list()?;
                (0..len).try_for_each(|_| self.skip_element(kind, depth))
            }
            Kind::Map => {
                let len = usize::try_from(self.varint()?).map_err(|_| InvalidThrift)?;
                if len == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 15)?);
                if len > ELEMENTS_MAX {
                    return Err(InvalidThrift);
                }
                (0..len).try_for_each(|_| {
                    self.skip_element(key, depth)?;
                    self.skip_element(value, depth)
                })
            }
            Kind::Struct => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip_at(kind, depth + 1)?;
                }
                Ok(())
            }
        }
    }

    /// Outside of structures, a boolean is a byte.
    fn skip_element(&mut self, kind: Kind, depth: usize) -> Result<(), InvalidThrift> {
        match kind {
            Kind::Truth(_) => self.bytes(1),
            other => self.skip_at(other, depth + 1),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_the_rest_is_skipped() {
        // 1: -3; 2: true; 4: [1, 2]; 5: "ab"; 6: {1: 7.0}; then field 40 by its number, and the end.
        let bytes = [
            0x15, 0x05, 0x11, 0x29, 0x25, 0x02, 0x04, 0x18, 0x02, b'a', b'b', 0x1c, 0x17, 0, 0, 0,
            0, 0, 0, 0x1c, 0x40, 0x00, 0x05, 0x50, 0x08, 0x00, 0xff,
        ];
        let mut reader = ThriftReader::new(&bytes);
        let (mut last, mut found) = (0, Vec::new());
        while let Some((id, kind)) = reader.field(&mut last).unwrap() {
            found.push(id);
            match id {
                1 => assert_eq!(reader.number(), Ok(-3)),
                40 => assert_eq!(reader.number(), Ok(4)),
                _ => reader.skip(kind).unwrap(),
            }
        }
        assert_eq!(found, [1, 2, 4, 5, 6, 40]);
        assert_eq!(reader.position(), bytes.len() - 1);
    }

    #[test]
    fn too_long_or_too_deep_is_invalid() {
        for bytes in [
            &[][..],
            &[0x15],
            &[0x18, 0x7f, 0],
            &[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0x1c; 99],
            &[
                0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
            &[0x1d],
        ] {
            assert_eq!(
                ThriftReader::new(bytes).skip(Kind::Struct),
                Err(InvalidThrift),
                "{bytes:x?}"
            );
        }
    }
}
