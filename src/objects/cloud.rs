//! Buckets of S3, Google Cloud Storage and Azure Blob Storage, by `object_store`. All that is asynchronous stays in here: callers
//! wait on their own threads.
//!
//! A request that is throttled, refused by a server at fault, or cut off is repeated after a pause that doubles. A body that breaks
//! off is read on from the byte that was reached, of the same version. Nothing of a credential is ever put into a message: of an
//! error only the status, the code of the store and the innermost cause are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::{self, Cursor, Read};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, ObjectMeta, ObjectStore, RetryConfig,
};
use tokio::runtime::Runtime;

use crate::error::{Error, Result};
use crate::objects::{Bucket, Entry, Location, Object, Page, Pending, Scheme, Usage, profile};

/// A larger object is not fetched ahead, but read as it is wanted.
const SMALL_BYTES_MAX: u64 = 4 << 20;
/// How often in a row a body is read on without a byte being gained.
const RESUMED_MAX: u32 = 5;
/// The pause before a body is read on for the first time.
const RESUME_PAUSE: Duration = Duration::from_millis(100);
/// How often a request is repeated, and for how long.
const RETRIES_MAX: usize = 10;
const RETRY_TIMEOUT: Duration = Duration::from_secs(180);
/// How long a connection may give nothing.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Threads that wait for the network. They hardly compute.
const THREADS: usize = 2;
/// Where a machine of EC2 is told its credentials, and how long it may take to answer.
const METADATA: ([u8; 4], u16) = ([169, 254, 169, 254], 80);
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// Access to object stores: settings, among them credentials, and the buckets that were opened.
pub struct Access {
    settings: BTreeMap<String, String>,
    usage: Arc<Usage>,
    runtime: OnceLock<Arc<Runtime>>,
    buckets: Mutex<BTreeMap<String, Arc<dyn Bucket>>>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    /// Takes the settings from variables named as those that the SDKs of the providers read.
    pub fn new(settings: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            settings: settings
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            usage: Arc::default(),
            runtime: OnceLock::new(),
            buckets: Mutex::default(),
        }
    }

    /// Opens a bucket. Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// Fails if there are no credentials, or a setting is not valid.
    pub fn bucket(&self, location: &Location) -> Result<Arc<dyn Bucket>> {
        if location.bucket.is_empty() {
            return Err(Error::usage(format!("`{location}` names no bucket"))
                .hint("as in s3://bucket/prefix"));
        }
        let root = location.root();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = buckets.get(&root) {
            return Ok(known.clone());
        }
        let client = self.client(location)?;
        let opened: Arc<dyn Bucket> = Arc::new(CloudBucket {
            root: root.clone(),
            scheme: location.scheme,
            client,
            usage: self.usage.clone(),
            runtime: self.runtime()?,
        });
        buckets.insert(root, opened.clone());
        Ok(opened)
    }

    fn runtime(&self) -> Result<Arc<Runtime>> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime.clone());
        }
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let built = builder
            .worker_threads(THREADS)
            .thread_name("objects")
            .enable_all()
            .build();
        let built = built.map_err(|e| {
            Error::failed("cannot start the threads that read object stores").cause(e)
        })?;
        Ok(self.runtime.get_or_init(|| Arc::new(built)).clone())
    }

    fn client(&self, location: &Location) -> Result<Arc<dyn Client>> {
        // Another part of the process may have chosen already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let cannot = |e: object_store::Error| {
            Error::usage(format!(
                "the settings for `{}` are not valid",
                location.root()
            ))
            .cause(Fault::of(&e).cause)
        };
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_TIMEOUT,
        };
        let options = ClientOptions::new()
            .with_read_timeout(READ_TIMEOUT)
            .with_timeout_disabled();
        let counting = Counting {
            usage: self.usage.clone(),
        };
        Ok(match location.scheme {
            Scheme::S3 => {
                let settings = self.settings_for_s3(location)?;
                let is_plain = |key: &str| {
                    settings
                        .get(key)
                        .is_some_and(|url| url.starts_with("http://"))
                };
                let is_plain = is_plain("AWS_ENDPOINT_URL") || is_plain("AWS_ENDPOINT_URL_S3");
                let is_plain = is_plain
                    || settings
                        .get("AWS_ALLOW_HTTP")
                        .is_some_and(|value| value == "true");
                let mut builder =
                    AmazonS3Builder::new().with_client_options(options.with_allow_http(is_plain));
                for (key, value) in with_prefix(&settings, "AWS_") {
                    if let Ok(key) = key.to_ascii_lowercase().parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder.with_bucket_name(&location.bucket).with_retry(retry);
                Arc::new(
                    builder
                        .with_http_connector(counting)
                        .build()
                        .map_err(cannot)?,
                )
            }
            Scheme::Gs => {
                let mut builder = GoogleCloudStorageBuilder::new().with_client_options(options);
                for (key, value) in with_prefix(&self.settings, "GOOGLE_") {
                    if let Ok(key) = key.to_ascii_lowercase().parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder.with_bucket_name(&location.bucket).with_retry(retry);
                Arc::new(
                    builder
                        .with_http_connector(counting)
                        .build()
                        .map_err(cannot)?,
                )
            }
            Scheme::Az => {
                let mut builder = MicrosoftAzureBuilder::new().with_client_options(options);
                for (key, value) in with_prefix(&self.settings, "AZURE_") {
                    let key = match key {
                        // As the command line of Azure calls them.
                        "AZURE_STORAGE_ACCOUNT" => "azure_storage_account_name".to_owned(),
                        "AZURE_STORAGE_KEY" => "azure_storage_account_key".to_owned(),
                        _ => key.to_ascii_lowercase(),
                    };
                    if let Ok(key) = key.parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder
                    .with_container_name(&location.bucket)
                    .with_retry(retry);
                let built = builder.with_http_connector(counting).build();
                Arc::new(built.map_err(|e| {
                    cannot(e).hint("AZURE_STORAGE_ACCOUNT_NAME names the account of a container")
                })?)
            }
        })
    }

    /// Returns the settings for S3, with the keys of a profile.
    fn settings_for_s3(&self, location: &Location) -> Result<BTreeMap<String, String>> {
        let mut settings = self.settings.clone();
        let has = |settings: &BTreeMap<String, String>, key: &str| settings.contains_key(key);
        let has_keys = |settings: &BTreeMap<String, String>| {
            has(settings, "AWS_ACCESS_KEY_ID")
                || has(settings, "AWS_WEB_IDENTITY_TOKEN_FILE")
                || has(settings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                || has(settings, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
                || settings
                    .get("AWS_SKIP_SIGNATURE")
                    .is_some_and(|value| value == "true")
        };
        if !has_keys(&settings) {
            profile::complete(&mut settings)?;
        }
        // Without any the machine itself may have a role. Elsewhere nothing answers there, and nothing should wait for it for long.
        if !has_keys(&settings) && !has(&settings, "AWS_METADATA_ENDPOINT") {
            let address = SocketAddr::from(METADATA);
            if TcpStream::connect_timeout(&address, METADATA_TIMEOUT).is_err() {
                return Err(Error::failed(format!("there are no credentials for `{}`", location.root())).hint(
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached; \
                     AWS_SKIP_SIGNATURE=true reads a public bucket",
                ));
            }
        }
        Ok(settings)
    }
}

fn with_prefix<'s>(
    settings: &'s BTreeMap<String, String>,
    prefix: &'s str,
) -> impl Iterator<Item = (&'s str, &'s String)> {
    let settings = settings.iter().map(|(key, value)| (key.as_str(), value));
    settings.filter(move |(key, _)| key.starts_with(prefix))
}

/// What is asked of a store.
trait Client: ObjectStore + PaginatedListStore {}

impl<T: ObjectStore + PaginatedListStore> Client for T {}

/// Makes connections that count requests.
#[derive(Debug)]
struct Counting {
    usage: Arc<Usage>,
}

impl HttpConnector for Counting {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(CountingClient {
            inner: ReqwestConnector::default().connect(options)?,
            usage: self.usage.clone(),
        }))
    }
}

#[derive(Debug)]
struct CountingClient {
    inner: HttpClient,
    usage: Arc<Usage>,
}

impl HttpService for CountingClient {
    fn call<'s, 'a>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, HttpError>> + Send + 'a>>
    where
        's: 'a,
        Self: 'a,
    {
        self.usage.requests.fetch_add(1, Ordering::Relaxed);
        let query = request.uri().query().unwrap_or_default();
        let is_listing = query.contains("list-type=2") || query.contains("comp=list");
        Box::pin(async move {
            let response = self.inner.execute(request).await?;
            if !is_listing || !response.status().is_success() {
                return Ok(response);
            }
            let (parts, body) = response.into_parts();
            let page = body.bytes().await?;
            let Ok(text) = std::str::from_utf8(&page) else {
                return Ok(HttpResponse::from_parts(parts, page.into()));
            };
            let (text, n_left_out) = with_reachable(text);
            self.usage
                .unreachable
                .fetch_add(n_left_out, Ordering::Relaxed);
            Ok(HttpResponse::from_parts(parts, text.into()))
        })
    }
}

/// Takes out of a page those objects whose keys `object_store` cannot ask for, each of which would make it refuse the whole page; also
/// returns how many these are, without folders.
fn with_reachable(page: &str) -> (String, u64) {
    let (mut kept, mut n_left_out) = (String::with_capacity(page.len()), 0);
    let (begin, end, name) = match page.contains("<Contents>") {
        true => ("<Contents>", "</Contents>", ["<Key>", "</Key>"]),
        false => ("<Blob>", "</Blob>", ["<Name>", "</Name>"]),
    };
    let mut rest = page;
    while let Some((before, from)) = rest.split_once(begin) {
        let Some((entry, after)) = from.split_once(end) else {
            break;
        };
        kept.push_str(before);
        let key = entry
            .split_once(name[0])
            .and_then(|(_, key)| key.split_once(name[1]));
        let key = unescaped(key.map_or("", |(key, _)| key));
        if !key.starts_with('/') && !key.ends_with('/') && Path::parse(&key).is_ok() {
            kept.extend([begin, entry, end]);
        } else {
            n_left_out += u64::from(!key.ends_with('/'));
        }
        rest = after;
    }
    kept.push_str(rest);
    (kept, n_left_out)
}

/// Returns a text of XML without its escapes, as far as they matter to the parts of a key.
fn unescaped(text: &str) -> String {
    let escapes = [
        ("&#x2F;", "/"),
        ("&#x2f;", "/"),
        ("&#47;", "/"),
        ("&#46;", "."),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    escapes
        .iter()
        .fold(text.to_owned(), |text, (escape, plain)| {
            text.replace(escape, plain)
        })
}

/// A bucket that is read over the network.
struct CloudBucket {
    root: String,
    scheme: Scheme,
    client: Arc<dyn Client>,
    usage: Arc<Usage>,
    runtime: Arc<Runtime>,
}

impl fmt::Debug for CloudBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudBucket")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl Bucket for CloudBucket {
    fn root(&self) -> &str {
        &self.root
    }

    fn page(&self, prefix: &str, after: Option<&str>, next: Option<String>) -> Result<Page> {
        let options = PaginatedListOptions {
            offset: after.map(str::to_owned),
            page_token: next,
            ..PaginatedListOptions::default()
        };
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let listed = self
            .runtime
            .block_on(self.client.list_paginated(prefix, options));
        let listed = listed.map_err(|e| Fault::of(&e).of_listing(self.scheme, &self.root))?;
        Ok(Page {
            entries: listed.result.objects.into_iter().map(entry).collect(),
            next: listed.page_token,
        })
    }

    fn begin(&self, object: &Object) -> Pending {
        let body = Body {
            client: self.client.clone(),
            usage: self.usage.clone(),
            scheme: self.scheme,
            key: Path::parse(object.key()),
            e_tag: object.e_tag().map(str::to_owned),
            bytes: object.bytes(),
            at: 0,
            stream: None,
            resumed: 0,
        };
        let runtime = self.runtime.clone();
        if object.bytes() > SMALL_BYTES_MAX {
            return Box::new(move || {
                body.usage.read.fetch_add(1, Ordering::Relaxed);
                Ok(Box::new(Blocking {
                    body,
                    runtime,
                    chunk: Bytes::new(),
                }))
            });
        }
        let fetching = Fetching(runtime.spawn(body.whole()));
        Box::new(move || {
            let mut fetching = fetching;
            let fetched = runtime.block_on(&mut fetching.0);
            let whole =
                fetched.unwrap_or_else(|_| Err(io::Error::other("reading it was given up")))?;
            Ok(Box::new(Cursor::new(whole)))
        })
    }

    fn usage(&self) -> &Usage {
        &self.usage
    }
}

/// A fetch that ends when nobody waits for it any more.
struct Fetching(tokio::task::JoinHandle<io::Result<Vec<u8>>>);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn entry(meta: ObjectMeta) -> Entry {
    let changed = || meta.last_modified.to_rfc3339();
    Entry {
        version: meta
            .e_tag
            .clone()
            .or_else(|| meta.version.clone())
            .unwrap_or_else(changed),
        key: meta.location.to_string(),
        bytes: meta.size,
        e_tag: meta.e_tag,
    }
}

/// The bytes of one version of an object.
struct Body {
    client: Arc<dyn Client>,
    usage: Arc<Usage>,
    scheme: Scheme,
    key: std::result::Result<Path, object_store::path::Error>,
    e_tag: Option<String>,
    bytes: u64,
    /// How many were read.
    at: u64,
    stream: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    /// How often in a row it was read on without a byte being gained.
    resumed: u32,
}

impl Body {
    /// Reads all of it into memory.
    async fn whole(mut self) -> io::Result<Vec<u8>> {
        self.usage.read.fetch_add(1, Ordering::Relaxed);
        let mut whole = Vec::with_capacity(self.bytes as usize);
        loop {
            match self.chunk().await? {
                chunk if chunk.is_empty() => return Ok(whole),
                chunk => whole.extend_from_slice(&chunk),
            }
        }
    }

    /// Reads some of it; nothing at its end.
    async fn chunk(&mut self) -> io::Result<Bytes> {
        while self.at < self.bytes {
            match self.some().await {
                Ok(chunk) if chunk.is_empty() => {}
                Ok(chunk) => {
                    self.resumed = 0;
                    self.at += chunk.len() as u64;
                    self.usage
                        .bytes
                        .fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    if self.at > self.bytes {
                        return Err(io::Error::other(
                            "it is longer than the store had listed it",
                        ));
                    }
                    return Ok(chunk);
                }
                Err(fault) if fault.is_lasting() || self.resumed >= RESUMED_MAX => {
                    return Err(fault.of_reading(self.scheme));
                }
                Err(_) => {
                    tokio::time::sleep(RESUME_PAUSE * 2u32.pow(self.resumed)).await;
                    self.resumed += 1;
                    self.stream = None;
                }
            }
        }
        Ok(Bytes::new())
    }

    /// Reads what the connection has; opens one from the byte that was reached if there is none.
    async fn some(&mut self) -> std::result::Result<Bytes, Fault> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let key = self.key.as_ref().map_err(|e| Fault {
                    kind: FaultKind::Lasting,
                    cause: format!("its key cannot be asked for: {e}"),
                })?;
                let options = GetOptions {
                    if_match: self.e_tag.clone(),
                    range: (self.at > 0).then(|| (self.at..self.bytes).into()),
                    ..GetOptions::default()
                };
                let opened = self
                    .client
                    .get_opts(key, options)
                    .await
                    .map_err(|e| Fault::of(&e))?;
                if opened.meta.size != self.bytes {
                    return Err(Fault {
                        kind: FaultKind::Replaced,
                        cause: "its size is another than the store had listed".to_owned(),
                    });
                }
                self.stream.insert(opened.into_stream())
            }
        };
        match stream.next().await {
            Some(chunk) => chunk.map_err(|e| Fault::of(&e)),
            None => Err(Fault {
                kind: FaultKind::Passing,
                cause: "it was cut off".to_owned(),
            }),
        }
    }
}

/// A body that is read by a thread that waits for it.
struct Blocking {
    body: Body,
    runtime: Arc<Runtime>,
    chunk: Bytes,
}

impl Read for Blocking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() {
            self.chunk = self.runtime.block_on(self.body.chunk())?;
        }
        let n = self.chunk.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.chunk.split_to(n));
        Ok(n)
    }
}

/// What went wrong, without anything that may be secret.
struct Fault {
    kind: FaultKind,
    cause: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    /// It does not exist.
    Missing,
    /// Access is denied.
    Denied,
    /// The credentials are not valid.
    Unknown,
    /// It is another version now.
    Replaced,
    /// The bucket lies elsewhere.
    Elsewhere,
    /// It will be the same again.
    Lasting,
    /// It may not be the same again.
    Passing,
}

impl Fault {
    fn of(error: &object_store::Error) -> Self {
        let text = error.to_string();
        let (code, status) = (code_in(&text), status_in(&text));
        let by_code = match code.as_deref() {
            Some(
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "AuthenticationFailed",
            ) => Some(FaultKind::Unknown),
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed") => {
                Some(FaultKind::Elsewhere)
            }
            _ if text.contains("Received redirect") => Some(FaultKind::Elsewhere),
            _ => None,
        };
        let by_status = || match status.get(..3)? {
            "401" => Some(FaultKind::Unknown),
            "403" => Some(FaultKind::Denied),
            "404" => Some(FaultKind::Missing),
            "412" => Some(FaultKind::Replaced),
            _ => None,
        };
        let kind = by_code.or_else(by_status).unwrap_or(match error {
            object_store::Error::Generic { .. } => FaultKind::Passing,
            _ => FaultKind::Lasting,
        });
        Self {
            kind,
            cause: code.unwrap_or_else(|| innermost(error)),
        }
    }

    fn is_lasting(&self) -> bool {
        self.kind != FaultKind::Passing
    }

    /// Returns the error of a listing.
    fn of_listing(&self, scheme: Scheme, root: &str) -> Error {
        let (what, hint) = match self.kind {
            FaultKind::Missing => (
                format!("there is no bucket `{root}`"),
                "check its name, and the endpoint, region or account that the environment sets",
            ),
            FaultKind::Denied => (format!("access to `{root}` is denied"), rights(scheme)),
            FaultKind::Unknown => (
                format!("the credentials for `{root}` are not valid"),
                "sign in again, or set other ones",
            ),
            FaultKind::Elsewhere => (
                format!("`{root}` lies in another region"),
                "set AWS_REGION to the region of the bucket",
            ),
            _ => (
                format!("cannot list `{root}`"),
                "run the command again; what was learnt is not read again",
            ),
        };
        Error::failed(what).cause(&self.cause).hint(hint)
    }

    /// Returns the error of one object.
    fn of_reading(&self, scheme: Scheme) -> io::Error {
        let cause = &self.cause;
        io::Error::other(match self.kind {
            FaultKind::Missing => "it is no longer there".to_owned(),
            FaultKind::Denied => format!("access is denied ({cause}): {}", rights(scheme)),
            FaultKind::Unknown => format!("the credentials are not valid ({cause})"),
            FaultKind::Replaced => {
                "it was replaced after it was listed; the next run reads what is there then"
                    .to_owned()
            }
            FaultKind::Elsewhere => "its bucket lies in another region: set AWS_REGION".to_owned(),
            FaultKind::Lasting => cause.clone(),
            FaultKind::Passing => format!("the store did not give all of it ({cause})"),
        })
    }
}

/// Says which rights reading takes.
fn rights(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::S3 => {
            "reading takes s3:ListBucket on the bucket and s3:GetObject on its objects, and kms:Decrypt on the key where a key of \
             its own encrypts them"
        }
        Scheme::Gs => {
            "reading takes storage.objects.list and storage.objects.get, as roles/storage.objectViewer has them"
        }
        Scheme::Az => {
            "reading takes the role Storage Blob Data Reader, or a SAS with `list` and `read`"
        }
    }
}

/// Returns the code that a store gives in the body of an error.
fn code_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code =
        !code.is_empty() && code.len() < 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_code.then(|| code.to_owned())
}

/// Returns the status with which a store answered; empty if it did not.
fn status_in(text: &str) -> String {
    let rest = text
        .split_once("status code: ")
        .map_or("", |(_, rest)| rest);
    let is_of_status = |c: &char| c.is_ascii_alphanumeric() || *c == ' ';
    let status: String = rest.chars().take_while(is_of_status).collect();
    status.trim().to_owned()
}

/// Returns the innermost cause of an error if that says nothing of a request, or its status.
fn innermost(error: &object_store::Error) -> String {
    let status = status_in(&error.to_string());
    if !status.is_empty() {
        return format!("status {status}");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    // An address may have a signature behind its question mark.
    text.split(['?', '\n'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_cannot_be_asked_for_does_not_hide_the_others() {
        let entry = |key: &str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
        let page = |keys: &[&str]| {
            let entries: String = keys.iter().map(|key| entry(key)).collect();
            format!("<R><Name>b</Name>{entries}<Next>x</Next></R>")
        };
        let (kept, n) = with_reachable(&page(&[
            "a//b",
            "a/b&amp;c",
            "/x",
            "a/../b",
            "folder/",
            "z",
        ]));
        assert_eq!((kept, n), (page(&["a/b&amp;c", "z"]), 3));
        let azure =
            "<R><Blobs><Blob><Name>a//b</Name></Blob><Blob><Name>c</Name></Blob></Blobs></R>";
        let (kept, n) = with_reachable(azure);
        assert_eq!(
            (&*kept, n),
            ("<R><Blobs><Blob><Name>c</Name></Blob></Blobs></R>", 1)
        );
        assert_eq!(
            with_reachable("<R><Contents><Key>"),
            ("<R><Contents><Key>".to_owned(), 0)
        );
    }

    #[test]
    fn what_is_told_of_an_error_has_no_secret() {
        let told = |text: &str| {
            let error = object_store::Error::Generic {
                store: "S3",
                source: text.to_owned().into(),
            };
            Fault::of(&error).cause
        };
        let body = "Server returned non-2xx status code: 400 Bad Request: <Error><Code>InvalidToken</Code><Token-0>SECRET</Token-0></Error>";
        assert_eq!(told(body), "InvalidToken");
        assert_eq!(
            told("non-2xx status code: 502 Bad Gateway: SECRET"),
            "status 502 Bad Gateway"
        );
        assert_eq!(
            told("cannot reach https://account.example/c?sig=SECRET"),
            "cannot reach https://account.example/c"
        );
    }
}
