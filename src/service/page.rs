//! The page for people. Its files are in the program and say nothing of a store: what they show, they ask as any other client does.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};

use crate::report::page;

/// What a browser may do for the page: load its own files, and ask this service. No script or style but these files may run, no text
/// becomes markup, no other page may hold it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Returns the page.
pub fn index() -> Response<Body> {
    file(HTML, page::INDEX)
}

/// Returns a file that the page loads, if it has one of that name.
pub fn asset(name: &str) -> Option<Response<Body>> {
    let asset = page::asset(name)?;
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => CSS,
        Some((_, "svg")) => SVG,
        _ => SCRIPT,
    };
    Some(file(kind, asset.text))
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
