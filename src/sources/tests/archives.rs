//! ZIP and tar archives: each file is read as it would be alone.
#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::sources::tests::{gzip, read_all, record, summary};
use crate::sources::{Compression, ReadOptions};

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (n, (name, bytes)) in files.iter().enumerate() {
        let methods = [CompressionMethod::Deflated, CompressionMethod::Stored];
        let options = SimpleFileOptions::default().compression_method(methods[n % 2]);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        // As `tar` writes names that are given with this folder before them.
        let (folder, name) = ("./", name.trim_start_matches("./"));
        tar.append_data(&mut header, format!("{folder}{name}"), *bytes)
            .unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "link.json", "/etc/passwd")
        .unwrap();
    tar.into_inner().unwrap()
}

type Pack = fn(&[(&str, &[u8])]) -> Vec<u8>;

const PACKED: [(Pack, Compression); 2] = [(zipped, Compression::Zip), (tarred, Compression::Tar)];

#[test]
fn each_file_of_an_archive_is_read_as_it_would_be_alone() {
    for (pack, kind) in PACKED {
        each_file_is_read(pack, kind);
    }
}

fn each_file_is_read(pack: Pack, kind: Compression) {
    let (a, b) = (record("a"), record("b"));
    let cut = format!("{{\"Records\":[{a},{}", &b[..40]);
    let table =
        "plimsoll,event_time,provider,identity,op\n1,2026-03-16T04:11:09Z,other,other:ana,x\n";
    let flows = include_bytes!("../../../tests/formats/aws.vpcflow/flows.snappy.parquet");
    let n_flows = read_all(flows, &ReadOptions::default()).report.events;
    let inner = zipped(&[("d.jsonl", a.as_bytes())]);
    let files: [(&str, &[u8]); 9] = [
        ("cut.json", cut.as_bytes()),
        ("folder/table.csv", table.as_bytes()),
        ("packed.json.gz", &gzip(b.as_bytes())),
        ("notes.txt", b"to a friend\n"),
        ("rows.jsonl", a.as_bytes()),
        ("__MACOSX/._rows.jsonl", b"junk"),
        (".hidden", a.as_bytes()),
        ("inner.zip", &inner),
        ("flows.parquet", flows),
    ];
    let archive = pack(&files);
    let expected = format!(
        "{} events, 3 no_data, 1 !truncated, 1 !unknown_format",
        5 + n_flows
    );
    let read = read_all(&archive, &ReadOptions::default());
    assert_eq!(summary(&read.report), expected);
    assert_eq!(read.report.compression, [kind]);
    let in_gzip = read_all(&gzip(&archive), &ReadOptions::default());
    assert_eq!(in_gzip.events, read.events);
    // Without its end it has no table of contents. What is before the damage is read.
    let end = match kind {
        // Its last file is the link.
        Compression::Tar => 3 * 512 - 100,
        _ => 30,
    };
    let broken = read_all(&archive[..archive.len() - end], &ReadOptions::default());
    assert!(broken.report.error.is_some());
    assert_eq!(broken.events, read.events);
    // An archive in archives without end, and one with nothing in it.
    let nested = (0..4).fold(inner, |inner, _| pack(&[("more.zip", &inner)]));
    let deep = read_all(&nested, &ReadOptions::default()).report;
    assert!(deep.events == 0 && deep.error.unwrap().contains("nested too deep"));
    let empty = read_all(&pack(&[]), &ReadOptions::default()).report;
    assert_eq!((empty.records, empty.error), (0, None));
}

/// What is damaged costs itself and nothing behind it, and a name that begins in this folder is not hidden.
#[test]
fn a_damaged_file_takes_nothing_from_the_next() {
    let (a, b) = (record("a"), record("b"));
    let packed = gzip(format!("{a}\n").repeat(200).as_bytes());
    let alone = read_all(b.as_bytes(), &ReadOptions::default()).events;
    for (pack, _) in PACKED {
        let archive = pack(&[
            ("a.json.gz", &packed[..packed.len() / 2]),
            ("./b.json", b.as_bytes()),
        ]);
        let read = read_all(&archive, &ReadOptions::default());
        assert!(read.report.error.is_some());
        assert_eq!(read.events.last(), alone.first());
    }
}
