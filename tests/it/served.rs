//! A running service, and how it is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{World, plimsoll};

#[path = "described.rs"]
mod described;

/// Longer than anything here takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running service.
pub struct Served {
    child: Child,
    pub address: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} {}", self.head, self.body);
        self
    }
}

impl Served {
    pub fn start(world: &World, args: &[&str]) -> Self {
        Self::start_with(world, args, &[])
    }

    pub fn start_with(world: &World, args: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_at("127.0.0.1:0", world, args, variables)
    }

    pub fn start_at(
        address: &str,
        world: &World,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut child = Command::new(plimsoll())
            .current_dir(world.path())
            .args(["serve", "--listen", address])
            .args(args)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut said = BufReader::new(child.stderr.take().expect("it says something"));
        let mut all = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).expect("a line") > 0, "{all}");
            if let Some(rest) = line.split("http://").nth(1) {
                break rest.split(';').next().expect("an address").to_owned();
            }
            all += &line;
        };
        // What else it says must not fill its pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, address }
    }

    /// Asks, and makes sure that the answer is as the OpenAPI document says.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answered {
        let answered = self.try_to(method, path, headers, body);
        let answered = answered.expect("an answer");
        described::conforms(method, path, &answered);
        answered
    }

    pub fn try_to(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answered> {
        let mut stream = self.send(method, path, headers, body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok(Answered {
            status: status.ok_or(std::io::ErrorKind::InvalidData)?,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "content-length") {
            head += &format!("content-length: {}\r\n", body.len());
        }
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(body)?;
        Ok(stream)
    }

    pub fn get(&self, path: &str) -> Answered {
        self.ask("GET", path, &[], b"")
    }

    pub fn hand_over(&self, body: &[u8]) -> Value {
        self.ask("POST", "/v1/events", &[], body).is(200).json()
    }

    /// Waits until something holds of what is answered.
    pub fn until<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what}: {:?}",
                self.get("/readyz")
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn until_ready(&self) {
        self.until("it is ready", |served| {
            (served.get("/readyz").status == 200).then_some(())
        });
    }

    /// Waits until all is judged that was handed over.
    pub fn until_judged(&self) {
        self.until("all is judged", |served| {
            let state = served.get("/readyz").json();
            (state["scoring"]["behind_bytes"] == json!(0)).then_some(())
        });
    }

    /// Asks it to end, and waits for that.
    pub fn end(mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.expect("kill").success());
        assert!(self.child.wait().expect("it ends").success());
    }

    pub fn kill(mut self) {
        self.kill_now();
    }

    /// Kills it, where another one takes its place later.
    pub fn kill_now(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }
}

/// A story that fails leaves no service behind.
impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
