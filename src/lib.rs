//! plimsoll learns from cloud audit logs what each identity usually lists, reads and sends, and alerts when an identity
//! leaves what is usual for it.
//!
//! The program `plimsoll` is a thin layer over this library. Events are read from logs by [`sources`], measured per day by
//! [`measure`], learnt into baselines by [`learn`] and judged by [`score`] with the detections of [`analytic`]. [`engine`]
//! puts these together: [`engine::train`] and [`engine::score`] work with a [`store`] on disk,
//! [`engine::backtest`] learns and judges without one. [`report`] writes alerts as JSON, OCSF, ECS or text.
//!
//! The library never prints or reads the clock; [`cli`] prints, and passes the clock in. Only [`objects`] uses a network, to read
//! logs that lie in object stores.
//!
//! # Example
//!
//! Ten people list a few objects an hour for two weeks. Then one of them lists forty buckets in a night.
//!
//! ```
//! use plimsoll::analytic;
//! use plimsoll::config::Config;
//! use plimsoll::engine::{BacktestOptions, ScoreOptions, Setup, Split, backtest_events};
//! use plimsoll::report::{Paint, text};
//! use plimsoll::sources::{self, ReadOptions};
//! use plimsoll::time::Time;
//!
//! # fn main() -> plimsoll::error::Result<()> {
//! // A log in the plain form, which docs/PLAIN.md describes. Logs of the providers are read in the same way.
//! let record = |day: u32, second: u32, person: u32, bucket: &str, address: &str| {
//!     format!(
//!         r#"{{"plimsoll": 1, "event_time": "2026-03-{day:02}T{:02}:{:02}:{:02}Z", "provider": "aws",
//!         "identity": "arn:aws:iam::111122223333:user/person-{person}", "identity_kind": "human",
//!         "op": "s3:ListObjects", "action": "list_objects", "container": "{bucket}", "src_ip": "{address}"}}"#,
//!         second / 3600, second / 60 % 60, second % 60,
//!     ).replace('\n', " ") + "\n"
//! };
//! let mut log = String::new();
//! for day in 1..=15 {
//!     for hour in 8..18 {
//!         for person in 0..10 {
//!             for call in 0..2 + (day + hour + person) % 3 {
//!                 let second = hour * 3600 + person * 60 + call;
//!                 log += &record(day, second, person, "reports", "10.0.0.7");
//!             }
//!         }
//!     }
//! }
//! for call in 0..800 {
//!     log += &record(15, 2 * 3600 + call, 3, &format!("bucket-{}", call % 40), "198.51.100.7");
//! }
//!
//! let mut events = Vec::new();
//! let report = sources::read(
//!     log.as_bytes(),
//!     "example.jsonl",
//!     &ReadOptions::default(),
//!     &mut |event| events.push(event),
//!     &mut |_| {},
//! );
//! assert_eq!(report.rejected.values().sum::<u64>(), 0);
//!
//! let config = Config::parse("[network]\ninternal = [\"10.0.0.0/8\"]", "plimsoll.toml")?;
//! let analytics = analytic::load(&config.analytics, &config.mentioned_analytics())?;
//! let now = Time::parse("2026-03-16T00:00:00Z").expect("a time");
//! let setup = Setup::new(config, analytics, now);
//! let options = BacktestOptions {
//!     split: Split::At(Time::parse("2026-03-15T00:00:00Z").expect("a time").day()),
//!     frozen: false,
//!     score: ScoreOptions::default(),
//!     labels: None,
//! };
//! let backtest = backtest_events(&setup, events, &options)?;
//!
//! let alert = &backtest.alerts[0];
//! assert_eq!(alert.analytic, "AN1594");
//! assert_eq!(alert.entity.id, "arn:aws:iam::111122223333:user/person-3");
//! let shown = text::alert(alert, Paint::Never);
//! assert!(shown.contains("list_calls"), "{shown}");
//! # Ok(())
//! # }
//! ```
pub mod alert;
pub mod analytic;
pub mod baseline;
pub mod cli;
pub mod config;
pub mod document;
pub mod engine;
pub mod error;
#[cfg(feature = "simulate")]
pub mod evaluation;
pub mod event;
pub mod evidence;
pub mod export;
pub mod glob;
pub mod identity;
pub mod incident;
pub mod inquiry;
pub mod learn;
#[cfg(feature = "service")]
pub mod mcp;
pub mod measure;
pub mod objects;
pub mod pattern;
pub mod report;
pub mod score;
#[cfg(feature = "service")]
pub mod service;
#[cfg(feature = "simulate")]
pub mod simulate;
#[cfg(feature = "service")]
pub mod sinks;
pub mod sketch;
pub mod sources;
pub mod stats;
pub mod store;
pub mod story;
pub mod time;
#[cfg(feature = "service")]
pub mod top;
pub mod verify;
pub mod vocab;
pub mod wording;
