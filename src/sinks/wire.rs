//! Lines sent over TLS, TCP or UDP.
//!
//! Syslog has no answer. Over a stream, each line has a connection of its own that is closed in both directions before the line counts as
//! taken, so that a receiver that went away is noticed; over UDP nothing is ever known.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::ConfigVerifierExt;

use crate::config::Transport;
use crate::sinks::answer::Outcome;
use crate::sinks::syslog::framed;

/// The most bytes of a datagram.
const DATAGRAM_MAX: usize = 65_507;
/// How long a receiver has to close its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where lines go.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    /// How.
    pub(super) transport: Transport,
    /// The host.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
}

impl Remote {
    /// Sends a line.
    pub(super) fn send(&self, line: &str, (connect, whole): (Duration, Duration)) -> Outcome {
        let sent = match self.transport {
            Transport::Udp if line.len() > DATAGRAM_MAX => {
                return Outcome::Refused(format!(
                    "{} bytes are more than a datagram has: use tls:// or tcp://",
                    line.len()
                ));
            }
            Transport::Udp => self.datagram(line),
            Transport::Tcp => self.stream(connect, whole).and_then(|mut stream| {
                stream.write_all(framed(line).as_bytes())?;
                close(stream)
            }),
            Transport::Tls => self.secured(line, connect, whole),
        };
        match sent {
            Ok(()) => Outcome::Taken("sent".to_owned()),
            Err(e) => Outcome::unreached(e.to_string()),
        }
    }

    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }

    fn datagram(&self, line: &str) -> io::Result<()> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in self.addresses()? {
            let any = match address {
                SocketAddr::V4(_) => "0.0.0.0:0",
                SocketAddr::V6(_) => "[::]:0",
            };
            match UdpSocket::bind(any).and_then(|socket| socket.send_to(line.as_bytes(), address)) {
                Ok(_) => return Ok(()),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    fn stream(&self, connect: Duration, whole: Duration) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in self.addresses()? {
            match TcpStream::connect_timeout(&address, connect) {
                Ok(stream) => {
                    stream.set_write_timeout(Some(whole))?;
                    stream.set_read_timeout(Some(whole))?;
                    return Ok(stream);
                }
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    fn secured(&self, line: &str, connect: Duration, whole: Duration) -> io::Result<()> {
        // Another part of the process may have chosen already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig::with_platform_verifier().map_err(io::Error::other)?;
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, self.stream(connect, whole)?);
        stream.write_all(framed(line).as_bytes())?;
        stream.conn.send_close_notify();
        stream.flush()?;
        close(stream.sock)
    }
}

/// Closes our side and waits until the receiver has closed its own, or says nothing for a while.
fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(CLOSE_TIMEOUT))?;
    let mut said = [0; 512];
    loop {
        match stream.read(&mut said) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // It may keep its side open for as long as it likes.
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                return Ok(());
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
