//! What went wrong with a request, as RFC 9457 has it.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::error::{Audience, Error, Kind};

/// What went wrong with a request.
#[derive(Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// What was wrong, for people.
    pub detail: String,
    /// What to do.
    pub hint: Option<String>,
    /// In how many seconds it may be tried again.
    pub retry_after_secs: Option<u32>,
    /// More of it, for programs.
    pub more: Option<(&'static str, serde_json::Value)>,
}

impl Problem {
    /// Makes one.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            hint: None,
            retry_after_secs: None,
            more: None,
        }
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Makes one of a passing want of something: the same request may succeed soon.
    pub fn busy(detail: impl Into<String>) -> Self {
        Self {
            retry_after_secs: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// Returns the answer.
    pub fn response(&self) -> Response<Body> {
        let mut document = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(hint) = &self.hint {
            document["hint"] = json!(hint);
        }
        if let Some((name, value)) = &self.more {
            document[*name] = value.clone();
        }
        let mut response = Response::new(Body::from(document.to_string() + "\n"));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"plimsoll\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            Kind::Usage => StatusCode::BAD_REQUEST,
            Kind::Missing => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let hints: Vec<&str> = error.hints(Audience::Http).collect();
        let causes = error.causes().iter().map(String::as_str);
        let detail: Vec<&str> = std::iter::once(error.message()).chain(causes).collect();
        let hint = (!hints.is_empty()).then(|| hints.join("; "));
        Self {
            hint,
            ..Self::new(status, detail.join("; "))
        }
    }
}
