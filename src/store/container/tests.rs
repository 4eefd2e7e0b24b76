#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::baseline::{Key, PublishedValues};
use crate::vocab::{Entity, EntityKind};

const NAMES: Table<(String, u32)> = Table::new("names");
const NUMBERS: Table<u64> = Table::new("numbers");
const BY_ENTITY: Table<(Entity, u32)> = Table::new("by_entity");
const KIND: Kind = Kind {
    number: 9,
    version: 3,
    oldest: 3,
};

/// A file with several blocks in each table.
fn written(path: &Path) -> (Vec<(String, u32)>, Vec<u64>) {
    let names: Vec<_> = (0..1_000).map(|n| (format!("name-{n:04}"), n)).collect();
    let numbers: Vec<u64> = (0..20_000u64).map(|n| n * n).collect();
    let mut writer = Writer::create(path, KIND).unwrap();
    writer
        .write_by_key(&NAMES, names.iter().map(|(k, v)| (k, v)))
        .unwrap();
    writer.write_sorted_numbers(&NUMBERS, &numbers).unwrap();
    writer.finish().unwrap();
    (names, numbers)
}

#[test]
fn what_was_written_is_read_back_whole_or_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (names, numbers) = written(&path);
    let reader = Reader::open(&path, KIND).unwrap();
    assert_eq!(reader.read::<_, Vec<_>>(&NAMES).unwrap(), names);
    assert_eq!(
        reader.read_sorted_numbers::<Vec<_>>(&NUMBERS).unwrap(),
        numbers
    );
    for (key, value) in &names {
        assert_eq!(reader.find(&NAMES, key).unwrap(), Some(*value));
    }
    for absent in ["", "name-0063x", "name-9"] {
        assert_eq!(reader.find(&NAMES, &absent.to_owned()).unwrap(), None);
    }
}

#[test]
fn of_rows_by_key_each_is_found_without_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let entity = |n: u32| Entity {
        kind: [EntityKind::Identity, EntityKind::Role][n as usize / 600],
        id: format!("name-{n:04}").into(),
    };
    let rows: Vec<_> = (0..1_000).map(|n| (entity(n), n)).collect();
    let mut writer = Writer::create(&path, KIND).unwrap();
    writer
        .write_keyed(&BY_ENTITY, rows.iter().map(|(k, v)| Ok((k, v))))
        .unwrap();
    let disorder = rows.iter().rev().map(|(k, v)| Ok((k, v)));
    assert!(writer.write_keyed(&BY_ENTITY, disorder).is_err());
    writer.finish().unwrap();
    let reader = Reader::open(&path, KIND).unwrap();
    let found = KeyedRows::open(reader.clone(), BY_ENTITY).unwrap();
    assert_eq!(
        (found.n_values(), found.n_of(EntityKind::Role)),
        (1_000, 400)
    );
    // In an order in which no block is the one before.
    for n in (0..1_000).map(|n| n * 613 % 1_000) {
        let [place] = found.places(entity(n).hashed()) else {
            panic!("{n} has not one place");
        };
        assert_eq!(found.read(*place).unwrap(), (entity(n), n));
        assert_eq!(reader.find(&BY_ENTITY, &entity(n)).unwrap(), Some(n));
    }
    assert_eq!(found.places(entity(1_001).hashed()), []);
    let mut all = Vec::new();
    found
        .read_all(&mut |row, key, value| {
            assert_eq!(row, all.len());
            all.push((key, value));
        })
        .unwrap();
    assert_eq!(all, rows);
    reader.verify().unwrap();
}

#[test]
fn every_changed_byte_and_every_cut_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    written(&path);
    let whole = fs::read(&path).unwrap();
    let told = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let read = || {
            let reader = Reader::open(&path, KIND)?;
            reader.read::<_, Vec<_>>(&NAMES)?;
            reader.read_sorted_numbers::<Vec<_>>(&NUMBERS)
        };
        read().unwrap_err().to_string()
    };
    for at in (0..whole.len()).step_by(37).chain(0..HEADER_BYTES) {
        let mut changed = whole.clone();
        changed[at] ^= 0x40;
        let is_version = (8..12).contains(&at);
        let words = if is_version {
            "newer version"
        } else {
            "is damaged"
        };
        assert!(told(&changed).contains(words), "byte {at}");
    }
    for len in (0..whole.len()).step_by(97) {
        assert!(told(&whole[..len]).contains("is damaged"), "{len} bytes");
    }
    let longer = [&whole[..], b"x"].concat();
    assert!(told(&longer).contains("is damaged"));
}

#[test]
fn a_newer_version_is_told_before_anything_else_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let newer = Kind { version: 4, ..KIND };
    Writer::create(&path, newer).unwrap().finish().unwrap();
    let told = Reader::open(&path, KIND).err().unwrap().to_string();
    assert!(told.contains("newer version"), "{told}");
    // What follows the number of another format is unknown.
    let mut bytes = MAGIC.to_vec();
    bytes.extend(2u32.to_le_bytes());
    bytes.extend([7; HEADER_BYTES]);
    fs::write(&path, bytes).unwrap();
    let told = Reader::open(&path, KIND).err().unwrap().to_string();
    assert!(told.contains("newer version"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_such() {
    let rows = [("name".to_owned(), 1)];
    let mut writer = Writer::create(Path::new("/dev/full"), KIND).unwrap();
    writer.write(&NAMES, &rows).unwrap();
    let told = writer.finish().unwrap_err().to_string();
    assert!(
        told.contains("no space left") && !told.contains("damaged"),
        "{told}"
    );
}
