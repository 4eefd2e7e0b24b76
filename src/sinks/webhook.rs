//! A document that is posted as JSON, with headers by which a receiver knows it again and can check who sent it.

use std::fmt::Write;

use ring::hmac;

use crate::config::SinkFormat;
use crate::sinks::notice::Notice;
use crate::sinks::request::Request;
use crate::sinks::secret::Secret;

/// Where documents are posted.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    /// The address.
    pub(super) url: Secret,
    /// What is sent as a bearer token.
    pub(super) token: Option<Secret>,
    /// The key that bodies are signed with.
    pub(super) signing: Option<Secret>,
    /// How documents are written.
    pub(super) format: SinkFormat,
}

impl Hook {
    /// Returns the request that tells a notice. `id` is the same however often it is sent.
    pub(super) fn request(&self, id: &str, notice: &Notice) -> Request {
        let body = notice.line(self.format);
        let signature = self.signing.as_ref().map(|key| signature(key, &body));
        let mut request = Request::post(&self.url, body)
            .with("X-Plimsoll-Delivery", id)
            .with("X-Plimsoll-Event", notice.kind());
        if let Some(token) = &self.token {
            request = request.with("Authorization", format!("Bearer {}", token.expose()));
        }
        match signature {
            Some(signature) => request.with("X-Plimsoll-Signature", signature),
            None => request,
        }
    }
}

/// Returns the signature of a body, as in `sha256=5f0c…`.
fn signature(key: &Secret, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    let mut text = "sha256=".to_owned();
    for byte in tag.as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let signed = signature(&Secret::new("Jefe"), "what do ya want for nothing?");
        assert_eq!(
            signed,
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
