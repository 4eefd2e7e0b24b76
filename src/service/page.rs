//! The page for people. Its files are in the program and say nothing of a store: what they show, they ask as any other client does.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};

/// What a browser may do for the page: load its own files, and ask this service. No script or style but these files may run, no text
/// becomes markup, no other page may hold it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const INDEX: &str = include_str!("../report/page/index.html");

/// A file of the page.
struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($name:literal: $kind:expr),* $(,)?) => {
        &[$(Asset { name: $name, kind: $kind, text: include_str!(concat!("../report/page/", $name)) }),*]
    };
}

/// The files that the page loads, below `/assets/`.
const ASSETS: &[Asset] = assets! {
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "approvals.js": SCRIPT,
    "approve.js": SCRIPT,
    "charts.js": SCRIPT,
    "coverage.js": SCRIPT,
    "dom.js": SCRIPT,
    "entities.js": SCRIPT,
    "icon.svg": SVG,
    "incidents.js": SCRIPT,
    "live.js": SCRIPT,
    "story.js": SCRIPT,
    "style.css": CSS,
    "tuning.js": SCRIPT,
    "verdict.js": SCRIPT,
    "why.js": SCRIPT,
    "words.js": SCRIPT,
};

/// Returns the page.
pub fn index() -> Response<Body> {
    file(HTML, INDEX)
}

/// Returns a file that the page loads, if it has one of that name.
pub fn asset(name: &str) -> Option<Response<Body>> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    Some(file(asset.kind, asset.text))
}

fn file(kind: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    response
}
