//! stub
#![allow(missing_docs)]
use crate::event::{Event, Source};
use std::{collections::BTreeMap, io::Read, path::PathBuf, sync::Arc};
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    pub format: Option<Source>,
}
#[derive(Debug, Clone)]
pub enum InputFile {
    Stdin,
    File { path: PathBuf, bytes: u64 },
}
impl InputFile {
    pub fn name(&self) -> &str {
        ""
    }
    pub fn bytes(&self) -> Option<u64> {
        None
    }
}
#[derive(Debug, Clone)]
pub struct Reject {
    pub reason: &'static str,
}
#[derive(Debug, Clone)]
pub struct FileReport {
    pub file: Arc<str>,
    pub records: u64,
    pub events: u64,
    pub skipped: BTreeMap<&'static str, u64>,
    pub rejected: BTreeMap<&'static str, u64>,
    pub bytes_raw: u64,
    pub error: Option<String>,
    pub content_hash: u128,
}
impl FileReport {
    pub fn is_stdin(&self) -> bool {
        false
    }
    pub fn unreadable(_n: &str, _e: &std::io::Error) -> Self {
        todo!()
    }
}
pub fn read(
    _i: impl Read,
    _n: &str,
    _o: &ReadOptions,
    _s: &mut dyn FnMut(Event),
    _r: &mut dyn FnMut(Reject),
) -> FileReport {
    todo!()
}
pub fn content_hash_of(_f: &InputFile) -> Option<u128> {
    None
}
