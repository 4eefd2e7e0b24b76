//! Turns columns into rows: each record is the text of a JSON object, with lists as arrays and maps as objects.

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::Type;

use crate::sources::RECORD_BYTES_MAX;
use crate::sources::parquet::columns::{Columns, Scalar};
use crate::sources::record_builder::push_quoted;
use crate::time::Time;

/// The columns do not fit together.
#[derive(Debug)]
pub struct ColumnMismatch;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// As a number, boolean or text.
    Plain,
    /// A number without sign, of 32 or 64 bits.
    Unsigned(u32),
    /// A timestamp, with its units per second.
    Instant(i64),
    /// Days since the epoch.
    Date,
    /// A number with this many decimal places.
    Decimal(u32),
    /// Sixteen bytes.
    Guid,
}

/// A part of the schema that is read.
#[derive(Debug)]
enum Node {
    Leaf {
        column: usize,
        kind: Kind,
    },
    Group {
        first: usize,
        def: i16,
        members: Vec<(String, Node)>,
    },
    /// `def` and `rep` are those of an element; below `present` the list itself is null.
    List {
        first: usize,
        present: i16,
        def: i16,
        rep: i16,
        element: Box<Node>,
    },
    Map {
        first: usize,
        present: i16,
        def: i16,
        rep: i16,
        key: Box<Node>,
        value: Option<Box<Node>>,
    },
}

impl Node {
    /// Returns the first column below this node. If it has a value, all columns of the node have one.
    fn first(&self) -> usize {
        match self {
            Self::Leaf { column, .. } => *column,
            Self::Group { first, .. } | Self::List { first, .. } | Self::Map { first, .. } => {
                *first
            }
        }
    }
}

/// How rows are assembled.
#[derive(Debug)]
pub struct Plan {
    root: Node,
    /// The indexes of the columns among the leaves of the schema.
    pub leaves: Vec<usize>,
}

/// The levels of the current field.
#[derive(Clone, Copy)]
struct Levels {
    def: i16,
    rep: i16,
}

struct Planner {
    /// The next leaf of the schema.
    leaf: usize,
    leaves: Vec<usize>,
}

impl Plan {
    /// Plans rows of the wanted members of a schema; `None` if there are none.
    pub fn new(schema: &Type, is_wanted: impl Fn(&str) -> bool) -> Option<Self> {
        let mut planner = Planner {
            leaf: 0,
            leaves: Vec::new(),
        };
        let mut members = Vec::new();
        for field in schema.get_fields() {
            if is_wanted(field.name()) {
                let node = planner.plan(field, Levels { def: 0, rep: 0 });
                members.extend(node.map(|node| (field.name().to_owned(), node)));
            } else {
                planner.leaf += leaves_of(field);
            }
        }
        let first = members.first()?.1.first();
        let root = Node::Group {
            first,
            def: 0,
            members,
        };
        Some(Self {
            root,
            leaves: planner.leaves,
        })
    }

    /// Writes the next row. Writing stops once the row is larger than any record may be.
    ///
    /// # Errors
    ///
    /// Fails if the columns do not fit together.
    pub fn write(&self, columns: &mut Columns, out: &mut Vec<u8>) -> Result<(), ColumnMismatch> {
        write(&self.root, columns, out)?;
        let is_done = |(_, rep): (i16, i16)| rep == 0;
        if columns
            .iter()
            .all(|column| column.peek().is_none_or(is_done))
        {
            Ok(())
        } else {
            Err(ColumnMismatch)
        }
    }
}

fn leaves_of(field: &Type) -> usize {
    if field.is_primitive() {
        return 1;
    }
    field
        .get_fields()
        .iter()
        .map(|field| leaves_of(field))
        .sum()
}

fn is_list(field: &Type) -> bool {
    let info = field.get_basic_info();
    matches!(info.logical_type_ref(), Some(LogicalType::List))
        || info.converted_type() == ConvertedType::LIST
}

fn is_map(field: &Type) -> bool {
    let info = field.get_basic_info();
    matches!(info.logical_type_ref(), Some(LogicalType::Map))
        || matches!(
            info.converted_type(),
            ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE
        )
}

fn repetition(field: &Type) -> Repetition {
    let info = field.get_basic_info();
    if info.has_repetition() {
        info.repetition()
    } else {
        Repetition::REQUIRED
    }
}

impl Planner {
    fn plan(&mut self, field: &Type, levels: Levels) -> Option<Node> {
        match repetition(field) {
            Repetition::REQUIRED => self.inner(field, levels),
            Repetition::OPTIONAL => self.inner(
                field,
                Levels {
                    def: levels.def + 1,
                    ..levels
                },
            ),
            Repetition::REPEATED => {
                let within = Levels {
                    def: levels.def + 1,
                    rep: levels.rep + 1,
                };
                let element = self.inner(field, within)?;
                Some(Node::List {
                    first: element.first(),
                    present: levels.def,
                    def: within.def,
                    rep: within.rep,
                    element: Box::new(element),
                })
            }
        }
    }

    /// Plans a field whose own repetition is already in the levels.
    fn inner(&mut self, field: &Type, levels: Levels) -> Option<Node> {
        if field.is_primitive() {
            let column = self.leaves.len();
            self.leaves.push(self.leaf);
            self.leaf += 1;
            return Some(Node::Leaf {
                column,
                kind: kind(field),
            });
        }
        let fields = field.get_fields();
        if let ([only], true) = (fields, is_list(field) || is_map(field))
            && repetition(only) == Repetition::REPEATED
        {
            let within = Levels {
                def: levels.def + 1,
                rep: levels.rep + 1,
            };
            if is_map(field) && !only.is_primitive() && matches!(only.get_fields().len(), 1 | 2) {
                return self.map(only, levels, within);
            }
            // A group of one member is that member, except where older writers mean the group.
            let is_wrapper = !only.is_primitive()
                && only.get_fields().len() == 1
                && only.name() != "array"
                && only.name() != format!("{}_tuple", field.name());
            let element = if is_wrapper {
                self.plan(&only.get_fields()[0], within)
            } else {
                self.inner(only, within)
            }?;
            return Some(Node::List {
                first: element.first(),
                present: levels.def,
                def: within.def,
                rep: within.rep,
                element: Box::new(element),
            });
        }
        let mut members = Vec::new();
        for field in fields {
            let node = self.plan(field, levels);
            members.extend(node.map(|node| (field.name().to_owned(), node)));
        }
        let first = members.first()?.1.first();
        Some(Node::Group {
            first,
            def: levels.def,
            members,
        })
    }

    fn map(&mut self, pairs: &Type, levels: Levels, within: Levels) -> Option<Node> {
        let key = self.plan(&pairs.get_fields()[0], within)?;
        let value = pairs
            .get_fields()
            .get(1)
            .and_then(|value| self.plan(value, within));
        Some(Node::Map {
            first: key.first(),
            present: levels.def,
            def: within.def,
            rep: within.rep,
            key: Box::new(key),
            value: value.map(Box::new),
        })
    }
}

fn kind(field: &Type) -> Kind {
    let info = field.get_basic_info();
    let Type::PrimitiveType {
        physical_type,
        scale,
        ..
    } = field
    else {
        return Kind::Plain;
    };
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    };
    let bits = match physical_type {
        Physical::INT32 => 32,
        Physical::INT64 => 64,
        Physical::INT96 => return Kind::Instant(0),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            if matches!(info.logical_type_ref(), Some(LogicalType::Uuid)) {
                return Kind::Guid;
            }
            0
        }
        _ => 0,
    };
    match info.logical_type_ref() {
        Some(LogicalType::Timestamp(stamp)) if bits == 64 => {
            return Kind::Instant(unit(&stamp.unit));
        }
        Some(LogicalType::Date) if bits == 32 => return Kind::Date,
        _ => {}
    }
    match info.converted_type() {
        ConvertedType::TIMESTAMP_MILLIS if bits == 64 => Kind::Instant(1_000),
        ConvertedType::TIMESTAMP_MICROS if bits == 64 => Kind::Instant(1_000_000),
        ConvertedType::DATE if bits == 32 => Kind::Date,
        ConvertedType::DECIMAL => Kind::Decimal(u32::try_from(*scale).unwrap_or_default()),
        ConvertedType::UINT_8
        | ConvertedType::UINT_16
        | ConvertedType::UINT_32
        | ConvertedType::UINT_64 => Kind::Unsigned(bits),
        _ => Kind::Plain,
    }
}

fn write(node: &Node, columns: &mut Columns, out: &mut Vec<u8>) -> Result<(), ColumnMismatch> {
    match node {
        Node::Leaf { column, kind } => {
            let scalar = columns
                .get_mut(*column)
                .and_then(|column| column.take())
                .ok_or(ColumnMismatch)?;
            match scalar {
                // Nothing beyond the largest record is written; the record is rejected by its length.
                Some(scalar) if out.len() <= RECORD_BYTES_MAX => push_scalar(scalar, *kind, out),
                _ => out.extend_from_slice(b"null"),
            }
        }
        Node::Group {
            first,
            def,
            members,
        } => {
            if peek(columns, *first)?.0 < *def {
                skip(node, columns)?;
                out.extend_from_slice(b"null");
                return Ok(());
            }
            out.push(b'{');
            let start = out.len();
            for (name, member) in members {
                let before = out.len();
                if before > start {
                    out.push(b',');
                }
                push_quoted(name.as_bytes(), out);
                out.push(b':');
                write(member, columns, out)?;
                if out.ends_with(b":null") {
                    out.truncate(before);
                }
            }
            out.push(b'}');
        }
        Node::List {
            first,
            present,
            def,
            rep,
            element,
        } => {
            let (is, _) = peek(columns, *first)?;
            if is < *def {
                skip(node, columns)?;
                out.extend_from_slice(if is < *present { b"null" } else { b"[]" });
                return Ok(());
            }
            out.push(b'[');
            loop {
                write(element, columns, out)?;
                if !goes_on(columns, *first, *rep)? {
                    break;
                }
                out.push(b',');
            }
            out.push(b']');
        }
        Node::Map {
            first,
            present,
            def,
            rep,
            key,
            value,
        } => {
            let (is, _) = peek(columns, *first)?;
            if is < *def {
                skip(node, columns)?;
                out.extend_from_slice(if is < *present { b"null" } else { b"{}" });
                return Ok(());
            }
            out.push(b'{');
            loop {
                let before = out.len();
                write(key, columns, out)?;
                // Keys are texts.
                if out.get(before) != Some(&b'"') {
                    let text = out.split_off(before);
                    push_quoted(&text, out);
                }
                out.push(b':');
                match value {
                    Some(value) => write(value, columns, out)?,
                    None => out.extend_from_slice(b"null"),
                }
                if !goes_on(columns, *first, *rep)? {
                    break;
                }
                out.push(b',');
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn peek(columns: &Columns, column: usize) -> Result<(i16, i16), ColumnMismatch> {
    columns
        .get(column)
        .and_then(|column| column.peek())
        .ok_or(ColumnMismatch)
}

/// Returns whether another element of the same list follows.
fn goes_on(columns: &Columns, column: usize, rep: i16) -> Result<bool, ColumnMismatch> {
    match columns.get(column).ok_or(ColumnMismatch)?.peek() {
        Some((_, next)) if next > rep => Err(ColumnMismatch),
        Some((_, next)) => Ok(next == rep),
        None => Ok(false),
    }
}

/// Skips the values of an absent node in the columns below it.
fn skip(node: &Node, columns: &mut Columns) -> Result<(), ColumnMismatch> {
    match node {
        Node::Leaf { column, .. } => {
            let scalar = columns.get_mut(*column).and_then(|column| column.take());
            match scalar {
                Some(None) => Ok(()),
                _ => Err(ColumnMismatch),
            }
        }
        Node::Group { members, .. } => members
            .iter()
            .try_for_each(|(_, member)| skip(member, columns)),
        Node::List { element, .. } => skip(element, columns),
        Node::Map { key, value, .. } => {
            skip(key, columns)?;
            value.as_ref().map_or(Ok(()), |value| skip(value, columns))
        }
    }
}

fn push_scalar(scalar: Scalar<'_>, kind: Kind, out: &mut Vec<u8>) {
    let text = match (scalar, kind) {
        (Scalar::Bool(yes), _) => yes.to_string(),
        (Scalar::Int(n), Kind::Unsigned(32)) => (n as u32).to_string(),
        (Scalar::Int(n), Kind::Unsigned(_)) => (n as u64).to_string(),
        (Scalar::Int(n), Kind::Instant(per_second)) => {
            return push_time(instant(n, per_second), out);
        }
        (Scalar::Int(n), Kind::Date) => {
            return push_time(n.checked_mul(86_400).and_then(Time::from_secs), out);
        }
        (Scalar::Int(n), Kind::Decimal(places)) => decimal(i128::from(n), places),
        (Scalar::Int(n), _) => n.to_string(),
        (Scalar::Float(n), _) if n.is_finite() => n.to_string(),
        (Scalar::Float(_), _) => "null".to_owned(),
        (Scalar::Int96([low, high, day]), _) => {
            const JULIAN_DAY_OF_EPOCH: i64 = 2_440_588;
            let of_day = i64::try_from(u64::from(high) << 32 | u64::from(low)).ok();
            let days = (i64::from(day) - JULIAN_DAY_OF_EPOCH).checked_mul(86_400_000_000_000);
            let nanos = of_day.zip(days).and_then(|(a, b)| a.checked_add(b));
            return push_time(nanos.map(Time::from_nanos), out);
        }
        (Scalar::Bytes(bytes), Kind::Guid) if bytes.len() == 16 => {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            let guid = [
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..],
            ]
            .join("-");
            return push_quoted(guid.as_bytes(), out);
        }
        (Scalar::Bytes(bytes @ [first, ..]), Kind::Decimal(places)) if bytes.len() <= 16 => {
            // Big-endian with sign extension.
            let fill = if *first < 0x80 { 0 } else { -1 };
            let n = bytes
                .iter()
                .fold(fill, |n: i128, byte| n << 8 | i128::from(*byte));
            decimal(n, places)
        }
        (Scalar::Bytes(bytes), _) => {
            // One byte more than the largest record is enough to reject it.
            return push_quoted(&bytes[..bytes.len().min(RECORD_BYTES_MAX + 1)], out);
        }
    };
    out.extend_from_slice(text.as_bytes());
}

fn decimal(n: i128, places: u32) -> String {
    // No number of this size has more places.
    let Some(one) = 10u128.checked_pow(places) else {
        return "null".to_owned();
    };
    if places == 0 {
        return n.to_string();
    }
    let sign = if n < 0 { "-" } else { "" };
    let (whole, part) = (n.unsigned_abs() / one, n.unsigned_abs() % one);
    format!("{sign}{whole}.{part:0width$}", width = places as usize)
}

fn instant(n: i64, per_second: i64) -> Option<Time> {
    let nanos = 1_000_000_000i64.checked_div(per_second)?;
    n.checked_mul(nanos).map(Time::from_nanos)
}

fn push_time(time: Option<Time>, out: &mut Vec<u8>) {
    match time {
        Some(time) => push_quoted(time.to_string().as_bytes(), out),
        None => out.extend_from_slice(b"null"),
    }
}
