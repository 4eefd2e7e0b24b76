//! What must hold of the settings of a service before it can begin.

use std::fmt::Display;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::{Serve, Token};
use crate::error::Error;
use crate::sinks::Secret;

/// The fewest characters of a secret.
const SECRET_CHARS_MIN: usize = 16;

/// What settings come to.
pub struct Checked {
    /// Each token with its secret.
    pub tokens: Vec<(Token, String)>,
    /// What encrypts, if it is to.
    pub tls: Option<TlsAcceptor>,
}

/// Reads secrets and certificate, and makes sure that nobody could reach the service who may not. `variable` returns a variable of the environment.
///
/// # Errors
///
/// All that is wrong, each with its key, where that stands, and what to do.
pub fn checked(
    settings: &Serve,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Checked, Vec<Error>> {
    let mut wrong = exposed(settings);
    let tokens = tokens(settings, variable, &mut wrong);
    let tls = tls(settings, &mut wrong);
    match wrong.is_empty() {
        true => Ok(Checked { tokens, tls }),
        false => Err(wrong),
    }
}

/// Puts before an error the key that it is about, and where that stands, if it is configured.
fn of_key(settings: &Serve, key: &'static str, error: Error) -> Error {
    match settings.places.get(key) {
        Some(place) => error.within(format!("{place}: `serve.{key}`")),
        None => error,
    }
}

/// Returns what is wrong with a service that others can reach. What is configured and has a fault of its own is not missing.
fn exposed(settings: &Serve) -> Vec<Error> {
    let address = settings.listen;
    let is_open = !address.ip().is_loopback();
    let is_missing = |key: &str| is_open && !settings.places.contains_key(key);
    let mut wrong = Vec::new();
    if settings.tokens.is_empty() && is_missing("token") {
        let what = format!("others could reach {address}, and no token is configured");
        wrong.push(
            Error::usage(what)
                .hint("add [[serve.token]] to the configuration, or listen on 127.0.0.1"),
        );
    }
    if settings.tls.is_none() && is_missing("tls") {
        let what = format!(
            "others could reach {address}, and tokens would go over the network unencrypted"
        );
        wrong.push(Error::usage(what).hint(
            "give a certificate under [serve.tls], or listen on 127.0.0.1 behind a proxy that speaks TLS",
        ));
    }
    let of_listen = |error| of_key(settings, "listen", error);
    wrong.into_iter().map(of_listen).collect()
}

fn tokens(
    settings: &Serve,
    variable: &dyn Fn(&str) -> Option<String>,
    wrong: &mut Vec<Error>,
) -> Vec<(Token, String)> {
    let mut tokens: Vec<(Token, String)> = Vec::new();
    for token in &settings.tokens {
        let whose = format!("the token `{}`", token.name);
        let secret = Secret::read(&token.secret, &whose, variable);
        let secret = secret.and_then(|secret| {
            let secret = secret.expose().to_owned();
            if secret.chars().count() < SECRET_CHARS_MIN {
                let what =
                    format!("the secret of {whose} is shorter than {SECRET_CHARS_MIN} characters");
                return Err(Error::usage(what).hint("as `openssl rand -hex 32` makes one"));
            }
            match tokens.iter().find(|(_, known)| *known == secret) {
                Some((other, _)) => Err(Error::usage(format!(
                    "the tokens `{}` and `{}` have the same secret",
                    other.name, token.name
                ))
                .hint("give each a secret of its own, or one token both rights")),
                None => Ok(secret),
            }
        });
        match secret {
            Ok(secret) => tokens.push((token.clone(), secret)),
            Err(error) => wrong.push(error.within(format!("{}: [[serve.token]]", token.place))),
        }
    }
    tokens
}

/// Reads the certificate and its key, if the service is to speak TLS.
fn tls(settings: &Serve, wrong: &mut Vec<Error>) -> Option<TlsAcceptor> {
    let (certificate, key) = settings.tls.as_ref()?;
    let cannot = |name: &'static str, path: &str, e: &dyn Display| {
        let error = Error::usage(format!("cannot use `{path}` for TLS")).cause(e);
        let error = error.hint("it is a file in PEM, which the service must be allowed to read");
        of_key(settings, name, error)
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| cannot("tls.certificate", certificate, &e))
        .and_then(|chain| match chain.is_empty() {
            true => Err(cannot(
                "tls.certificate",
                certificate,
                &"it has no certificate",
            )),
            false => Ok(chain),
        });
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| cannot("tls.key", key, &e));
    let (chain, private) = match (chain, private) {
        (Ok(chain), Ok(private)) => (chain, private),
        (chain, private) => {
            wrong.extend(chain.err().into_iter().chain(private.err()));
            return None;
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| cannot("tls.certificate", certificate, &e))
        .and_then(|builder| {
            let builder = builder.with_no_client_auth();
            let config = builder.with_single_cert(chain, private);
            config.map_err(|e| cannot("tls.key", key, &e))
        });
    match config {
        Ok(config) => Some(TlsAcceptor::from(Arc::new(config))),
        Err(error) => {
            wrong.push(error);
            None
        }
    }
}
