//! How a service does under a sustained load: deliveries at a fixed rate; how long each takes to be acknowledged, which is when it is
//! durable; how long it takes from the delivery that shows an intruder until his alert is told; and how long at the end until all is judged.
//!
//! ```sh
//! plimsoll simulate --out estate --days 20 && plimsoll train estate/logs
//! plimsoll serve &
//! cargo run --release --example load -- 127.0.0.1:7337 20000 30 2026-03-15T10:00:00Z
//! ```
//!
//! The arguments are the address, events a second, seconds, and when the events begin: on the day after those that were learnt.
//! Deliveries are due at fixed times, and what one waits because those before it are slow counts as its own time, so that a service
//! that stalls is not measured as fast (coordinated omission). One delivery a second has all that an intruder does, and his alert is waited
//! for on the live stream of alerts.
#![allow(
    clippy::print_stdout,
    reason = "a program of its own prints what it measured"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use hdrhistogram::Histogram;
use serde_json::json;

/// Events of one delivery.
const BATCH: u64 = 500;
/// Identities that do something.
const PEOPLE: u64 = 200;
/// Connections that deliver.
const SENDERS: usize = 8;
/// The name of an intruder, before his number.
const INTRUDER: &str = "intruder-";
/// How long the last alerts are waited for.
const LAST_ALERTS: Duration = Duration::from_secs(10);
/// An account of simulated estates.
const ACCOUNT: &str = "333344445555";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, rate, seconds, begin] = arguments.as_slice() else {
        return Err("give an address, events a second, seconds, and when the events begin".into());
    };
    let begin: DateTime<Utc> = begin.parse()?;
    let (rate, seconds): (u64, u64) = (rate.parse()?, seconds.parse()?);
    let n_batches = rate * seconds / BATCH;
    let every = Duration::from_secs_f64(BATCH as f64 / rate as f64);

    let watch = Watch::new()?;
    let stream = listen(address)?;
    std::thread::scope(|scope| -> Result<(), Failure> {
        let listener = scope.spawn(|| watch.read(stream.try_clone()?));
        let acknowledged = Mutex::new(histogram()?);
        let next = AtomicU64::new(0);
        let start = Instant::now();
        let send = || -> Result<(), Failure> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= n_batches {
                    return Ok(());
                }
                let since_start = every * u32::try_from(number)?;
                let due = start + since_start;
                let has_intruder = number.is_multiple_of((rate / BATCH).max(1));
                let body = batch(number, begin + since_start, has_intruder);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if has_intruder {
                    watch.expect(number, due);
                }
                while !post(address, &body)? {
                    std::thread::sleep(Duration::from_millis(100));
                }
                let mut acknowledged = acknowledged.lock().map_err(|_| "a sender broke off")?;
                acknowledged.record(due.elapsed().as_micros() as u64)?;
            }
        };
        let sent: std::thread::Result<Result<(), Failure>> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
            senders.into_iter().map(|sender| sender.join()).collect()
        });
        sent.map_err(|_| "a sender broke off")??;
        let took = start.elapsed().as_secs_f64();
        let sent_by = Instant::now();
        while !ask(address, "GET", "/readyz", "")?.contains("\"behind_bytes\":0") {
            std::thread::sleep(Duration::from_millis(5));
        }
        let judged_after = sent_by.elapsed();
        while watch.is_waiting() && sent_by.elapsed() < judged_after + LAST_ALERTS {
            std::thread::sleep(Duration::from_millis(5));
        }
        stream.shutdown(std::net::Shutdown::Both)?;
        listener.join().map_err(|_| "the listener broke off")??;
        let acknowledged = acknowledged
            .into_inner()
            .map_err(|_| "a sender broke off")?;
        println!(
            "{:.0} events a second for {took:.0} s, in {} deliveries",
            (n_batches * BATCH) as f64 / took,
            acknowledged.len()
        );
        println!("acknowledged after: {}", times(&acknowledged));
        println!("{}", watch.said());
        println!(
            "all judged {:.1} ms after the last was acknowledged",
            judged_after.as_secs_f64() * 1e3
        );
        Ok(())
    })
}

/// Makes a histogram of microseconds, up to an hour.
fn histogram() -> Result<Histogram<u64>, Failure> {
    Ok(Histogram::new_with_bounds(1, 3_600_000_000, 3)?)
}

fn times(times: &Histogram<u64>) -> String {
    let millis = |quantile| times.value_at_quantile(quantile) as f64 / 1e3;
    format!(
        "median {:.1} ms, 99 % {:.1} ms, longest {:.1} ms",
        millis(0.5),
        millis(0.99),
        millis(1.0)
    )
}

/// Which intruders were shown, and when each was told.
struct Watch {
    /// When the delivery of each was due that nobody was told of yet.
    waiting: Mutex<BTreeMap<u64, Instant>>,
    told: Mutex<Histogram<u64>>,
}

impl Watch {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            waiting: Mutex::default(),
            told: Mutex::new(histogram()?),
        })
    }

    fn expect(&self, number: u64, due: Instant) {
        self.waiting().insert(number, due);
    }

    fn is_waiting(&self) -> bool {
        !self.waiting().is_empty()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads alerts until the stream ends.
    fn read(&self, stream: TcpStream) -> Result<(), Failure> {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            let Some(document) = line.strip_prefix("data: ") else {
                continue;
            };
            let alert: serde_json::Value = serde_json::from_str(document)?;
            let id = alert["entity"]["id"].as_str().unwrap_or_default();
            let number = id.rsplit_once(INTRUDER).map(|(_, number)| number.parse());
            if let Some(Ok(number)) = number
                && let Some(due) = self.waiting().remove(&number)
            {
                self.told().record(due.elapsed().as_micros() as u64)?;
            }
        }
        Ok(())
    }

    fn said(&self) -> String {
        let (told, waiting) = (self.told(), self.waiting().len());
        format!(
            "alerts told after: {}; of {} intruders, {waiting} not",
            times(&told),
            told.len() + waiting as u64
        )
    }
}

/// Opens the live stream of alerts.
fn listen(address: &str) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(address)?;
    let head =
        format!("GET /v1/alerts HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    Ok(stream)
}

/// Makes the delivery of a number, whose events happen at this time. With an intruder, all of it is what he reads.
fn batch(number: u64, now: DateTime<Utc>, has_intruder: bool) -> String {
    let time = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut lines = String::new();
    for n in 0..BATCH {
        let (name, address) = match has_intruder {
            true => (format!("{INTRUDER}{number}"), "192.0.2.66"),
            false => (
                format!("person-{}", (number * 7 + n) % PEOPLE),
                "198.51.100.7",
            ),
        };
        let event = json!({
            "eventVersion": "1.09", "eventSource": "s3.amazonaws.com", "eventCategory": "Data", "managementEvent": false,
            "eventTime": time, "awsRegion": "eu-west-1", "recipientAccountId": ACCOUNT,
            "eventName": if n % 5 == 0 { "ListObjects" } else { "GetObject" },
            "eventID": format!("load-{}-{number}-{n}", now.timestamp_micros()),
            "sourceIPAddress": address, "userAgent": "aws-cli/2.15.0",
            "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": name,
                             "arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}")},
            "requestParameters": {"bucketName": format!("team-{}", n % if has_intruder { 97 } else { 10 }), "key": format!("{number}/{n}")},
            "additionalEventData": {"bytesTransferredOut": if has_intruder { 2_000_000 } else { 20_000 }},
        });
        lines += &event.to_string();
        lines.push('\n');
    }
    lines
}

/// Delivers; returns whether it was acknowledged.
fn post(address: &str, body: &str) -> Result<bool, Failure> {
    let answer = ask(address, "POST", "/v1/events", body)?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(true),
        Some("429" | "503") => Ok(false),
        _ => Err(answer.into()),
    }
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
