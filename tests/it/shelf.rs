//! A server of the S3 protocol on this machine, with what goes wrong on the way to the real one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use crate::world::{Said, World};

/// The secret half of the key that the stories use.
pub const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
/// The key, and the token that goes with it.
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const TOKEN: &str = "FwoGZXIvYXdzEXAMPLETOKEN";

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Each so-manieth request is answered with a status, and a code.
    pub refused: Option<(usize, u16, &'static str)>,
    /// Each so-manieth object breaks off in its middle.
    pub cut: Option<usize>,
    /// Reading objects is denied.
    pub is_denied: bool,
}

/// The objects of a server, by bucket and key, and what it was asked for.
#[derive(Default)]
struct Shelf {
    objects: BTreeMap<String, Vec<u8>>,
    faults: Faults,
    page: usize,
    n_asked: usize,
    listings: Vec<String>,
    read: Vec<String>,
}

/// A server that runs as long as the test.
pub struct Server {
    port: u16,
    shelf: Arc<Mutex<Shelf>>,
}

impl Server {
    /// Starts a server whose listings have so many keys on a page.
    pub fn start(page: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shelf = Arc::new(Mutex::new(Shelf {
            page,
            ..Shelf::default()
        }));
        let served = shelf.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = served.clone();
                std::thread::spawn(move || serve(&stream, &served));
            }
        });
        Self { port, shelf }
    }

    fn with<T>(&self, what: impl FnOnce(&mut Shelf) -> T) -> T {
        what(&mut self.shelf.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts an object into a bucket.
    pub fn put(&self, address: &str, bytes: Vec<u8>) {
        self.with(|shelf| shelf.objects.insert(address.to_owned(), bytes));
    }

    /// Puts the logs of some days of a world into a bucket, under the paths that they have in its folder.
    pub fn put_days(&self, bucket: &str, world: &World, days: &[String]) {
        let logs = world.path().join("logs");
        for path in world.files() {
            if crate::world::day_of(&path).is_some_and(|day| days.contains(&day)) {
                let key = path
                    .strip_prefix(&logs)
                    .expect("it is a log")
                    .display()
                    .to_string();
                self.put(
                    &format!("{bucket}/{key}"),
                    std::fs::read(&path).expect("a log"),
                );
            }
        }
    }

    /// Puts the logs of some days of a world into a bucket as one series, in folders of days.
    pub fn put_days_of_one(&self, bucket: &str, world: &World, days: &[String]) {
        for path in world.files() {
            if let Some(day) = crate::world::day_of(&path).filter(|day| days.contains(day)) {
                let name = path.file_name().expect("a name").to_string_lossy();
                let folder = format!("{}/{}/{}", &day[..4], &day[4..6], &day[6..]);
                let address =
                    format!("{bucket}/AWSLogs/111122223333/CloudTrail/eu-west-1/{folder}/{name}");
                self.put(&address, std::fs::read(&path).expect("a log"));
            }
        }
    }

    /// Says what goes wrong from now on.
    pub fn suffer(&self, faults: Faults) {
        self.with(|shelf| shelf.faults = faults);
    }

    /// Returns the listings and the keys that were asked for since the last call.
    pub fn asked(&self) -> (Vec<String>, Vec<String>) {
        self.with(|shelf| {
            (
                std::mem::take(&mut shelf.listings),
                std::mem::take(&mut shelf.read),
            )
        })
    }

    /// Runs the program on what the server has.
    pub fn run(&self, world: &World, line: &str) -> Said {
        self.run_with(world, "", line)
    }

    /// The same, with more variables or other ones.
    pub fn run_with(&self, world: &World, variables: &str, line: &str) -> Said {
        let port = self.port;
        let said = world.run_in_shell(&format!(
            "env -u AWS_PROFILE HOME=/nonexistent AWS_ENDPOINT_URL=http://127.0.0.1:{port} AWS_REGION=eu-west-1 \
             AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={SECRET} AWS_SESSION_TOKEN={TOKEN} {variables} \"$PLIMSOLL\" {line}"
        ));
        for secret in [SECRET, TOKEN, KEY] {
            assert!(
                !said.err.contains(secret) && !said.out.contains(secret),
                "{}",
                said.err
            );
        }
        said
    }
}

/// Answers the requests of a connection, until it is closed.
fn serve(stream: &TcpStream, shelf: &Mutex<Shelf>) {
    let mut input = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            match input.read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if line.trim().is_empty() => break,
                Ok(_) => lines.push(line.trim().to_owned()),
            }
        }
        let answer = answer(
            &lines,
            &mut shelf.lock().unwrap_or_else(PoisonError::into_inner),
        );
        let mut output = stream;
        let whole = answer.body.len();
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {whole}\r\nLast-Modified: Mon, 16 Mar 2026 00:00:00 GMT\r\n{}\r\n",
            answer.status, answer.headers
        );
        let sent = if answer.is_cut { whole / 2 } else { whole };
        let written = output
            .write_all(head.as_bytes())
            .and_then(|()| output.write_all(&answer.body[..sent]));
        if written.is_err() || answer.is_cut {
            stream.shutdown(std::net::Shutdown::Both).ok();
            return;
        }
    }
}

#[derive(Default)]
struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    is_cut: bool,
}

fn refusal(status: u16, code: &str) -> Answer {
    Answer {
        status,
        body: format!("<Error><Code>{code}</Code><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>")
            .into_bytes(),
        ..Answer::default()
    }
}

fn answer(lines: &[String], shelf: &mut Shelf) -> Answer {
    let target = lines[0].split(' ').nth(1).unwrap_or_default();
    let header = |name: &str| {
        let of = |line: &&String| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        lines
            .iter()
            .find(of)
            .map(|line| line[name.len() + 2..].to_owned())
    };
    shelf.n_asked += 1;
    if !header("authorization").is_some_and(|sent| sent.contains(KEY)) {
        return refusal(403, "AccessDenied");
    }
    if let Some((each, status, code)) = shelf.faults.refused
        && shelf.n_asked.is_multiple_of(each)
    {
        return refusal(status, code);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let address = decoded(path.trim_start_matches('/'));
    if query.contains("list-type=2") {
        return listing(&address, query, shelf);
    }
    if shelf.faults.is_denied {
        return refusal(403, "AccessDenied");
    }
    shelf.read.push(address.clone());
    let Some(object) = shelf.objects.get(&address) else {
        return refusal(404, "NoSuchKey");
    };
    let tag = tag(object);
    if header("if-match").is_some_and(|wanted| wanted != tag) {
        return refusal(412, "PreconditionFailed");
    }
    let is_cut = shelf
        .faults
        .cut
        .is_some_and(|each| shelf.read.len().is_multiple_of(each));
    let from = header("range").and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .split('-')
            .next()?
            .parse()
            .ok()
    });
    let range = from.map(|from: usize| {
        format!(
            "Content-Range: bytes {from}-{}/{}\r\n",
            object.len() - 1,
            object.len()
        )
    });
    Answer {
        status: if from.is_some() { 206 } else { 200 },
        headers: format!("ETag: {tag}\r\n{}", range.unwrap_or_default()),
        body: object[from.unwrap_or(0)..].to_vec(),
        is_cut,
    }
}

fn listing(bucket: &str, query: &str, shelf: &mut Shelf) -> Answer {
    let of = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .into_iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decoded(value))
    };
    shelf.listings.push(query.to_owned());
    let root = format!("{}/", bucket.trim_end_matches('/'));
    if !shelf
        .objects
        .keys()
        .any(|address| address.starts_with(&root))
    {
        return refusal(404, "NoSuchBucket");
    }
    let prefix = of("prefix").unwrap_or_default();
    let after = of("continuation-token")
        .or_else(|| of("start-after"))
        .unwrap_or_default();
    let keys = shelf
        .objects
        .iter()
        .filter_map(|(address, object)| Some((address.strip_prefix(&root)?, object)));
    let mut keys = keys.filter(|(key, _)| key.starts_with(&prefix) && *key > after.as_str());
    let mut page = String::new();
    let mut last = "";
    for (key, object) in keys.by_ref().take(shelf.page) {
        page += &format!(
            "<Contents><Key>{key}</Key><LastModified>2026-03-16T00:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
            tag(object).replace('"', "&quot;"),
            object.len()
        );
        last = key;
    }
    if keys.next().is_some() {
        page += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
    }
    Answer {
        status: 200,
        body: format!("<ListBucketResult>{page}</ListBucketResult>").into_bytes(),
        ..Answer::default()
    }
}

/// Returns what stands for the content of an object.
fn tag(object: &[u8]) -> String {
    format!(
        "\"{:x}\"",
        object
            .iter()
            .fold(object.len() as u64, |sum, b| sum.wrapping_mul(31)
                + u64::from(*b))
    )
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%')
            .then(|| std::str::from_utf8(after.get(..2)?).ok())
            .flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
