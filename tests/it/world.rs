//! A folder of its own for each story, with the built program and a small estate in it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use plimsoll::simulate::{Grade, Options, simulate};
use tempfile::TempDir;

/// Columns of output that no sentence is longer than, so that none is wrapped.
const UNWRAPPED: &str = "2000";

/// The built program.
pub fn plimsoll() -> &'static str {
    env!("CARGO_BIN_EXE_plimsoll")
}

/// A folder of its own.
pub struct World {
    folder: TempDir,
}

/// What a run of the program said.
#[derive(Debug)]
pub struct Said {
    /// Its exit status.
    pub status: i32,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Demands that the program ended well.
    pub fn succeeds(self) -> Self {
        assert_eq!(self.status, 0, "stderr: {}\nstdout: {}", self.err, self.out);
        self
    }

    /// Demands an exit status, and that standard error has some words.
    pub fn fails_with(self, status: i32, words: &[&str]) -> Self {
        assert_eq!(
            self.status, status,
            "stderr: {}\nstdout: {}",
            self.err, self.out
        );
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
        self
    }
}

impl World {
    /// Makes an empty world.
    pub fn empty() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// Makes a world with a simulated estate, whose attacks can all be found: `logs`, `labels.jsonl`, `plimsoll.toml`.
    pub fn simulated(seed: u64, days: u32, identities: u32) -> Self {
        Self::simulated_with(seed, days, identities, 1)
    }

    /// The same, where each class of attack in each grade is planted in one of so many seeds.
    pub fn simulated_with(seed: u64, days: u32, identities: u32, one_in: u32) -> Self {
        let world = Self::empty();
        let options = Options {
            one_in,
            seed,
            days,
            identities,
            attack_days_from: days * 2 / 3,
            grades: vec![Grade::Blatant, Grade::Medium, Grade::Subtle],
            scale: 0.3,
            gzip_level: 1,
            ..Options::default()
        };
        simulate(&options, world.path(), &mut |_| {}).expect("the estate is simulated");
        world
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Writes a file that nobody may read, whoever asks: where permissions do not count, as for root, it is a link to one
    /// that the system itself can only be written to.
    pub fn write_unreadable(&self, name: &str) {
        let path = self.write(name, "secret\n").path().join(name);
        let mut permissions = std::fs::metadata(&path).expect("a file").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0);
        std::fs::set_permissions(&path, permissions).expect("permissions");
        if std::fs::File::open(&path).is_ok() {
            std::fs::remove_file(&path).expect("a file");
            std::os::unix::fs::symlink("/sys/bus/cpu/drivers_probe", &path).expect("a link");
        }
        assert!(std::fs::File::open(&path).is_err(), "it can be read");
    }

    /// Makes a folder that cannot be read, whoever asks: its path is longer than paths may be.
    pub fn make_unreachable_folder(&self, name: &str) {
        /// As long as names may be, and so often that two together are longer than paths may be.
        const NAME_LEN: usize = 250;
        const DEPTH: usize = 9;
        let chain: PathBuf = std::iter::repeat_n("x".repeat(NAME_LEN), DEPTH).collect();
        let (upper, lower) = (self.path().join(name), self.path().join("lower"));
        std::fs::create_dir_all(upper.join(&chain)).expect("folders");
        std::fs::create_dir_all(lower.join(&chain)).expect("folders");
        std::fs::rename(&lower, upper.join(&chain).join("lower")).expect("they are joined");
    }

    /// Runs the program in the folder, to its end.
    #[must_use = "look at what the program said"]
    pub fn run(&self, args: &[&str]) -> Said {
        self.run_with_input(args, b"")
    }

    /// Runs the program in the folder, with something on its standard input.
    #[must_use = "look at what the program said"]
    pub fn run_with_input(&self, args: &[&str], input: &[u8]) -> Said {
        let mut child = Command::new(plimsoll())
            .current_dir(self.path())
            .env("COLUMNS", UNWRAPPED)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("it has an input");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
        let output = child.wait_with_output().expect("the program ends");
        writer.join().ok();
        Said::of(output)
    }

    /// Lets other users enter the folder, and run the program from it.
    pub fn open_to_others(&self) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode;
        std::fs::set_permissions(self.path(), mode(0o755)).expect("permissions");
        let own = self.path().join("plimsoll");
        if std::fs::hard_link(plimsoll(), &own).is_err() {
            std::fs::copy(plimsoll(), &own).expect("a copy");
        }
    }

    /// Runs the program in the folder as a user to whom permissions apply: another one, if this one is root.
    #[must_use = "look at what the program said"]
    pub fn run_as_another_user(&self, args: &[&str]) -> Said {
        /// The user `nobody`.
        const NOBODY: u32 = 65_534;
        let mut command = Command::new(self.path().join("plimsoll"));
        command.current_dir(self.path()).env("COLUMNS", UNWRAPPED);
        let own = std::fs::metadata("/proc/self").expect("this process");
        if std::os::unix::fs::MetadataExt::uid(&own) == 0 {
            std::os::unix::process::CommandExt::gid(&mut command, NOBODY);
            std::os::unix::process::CommandExt::uid(&mut command, NOBODY);
        }
        let output = command.args(args).output().expect("the program starts");
        Said::of(output)
    }

    /// Runs a line of shell in the folder, to its end; `$PLIMSOLL` is the program.
    #[must_use = "look at what the program said"]
    pub fn run_in_shell(&self, line: &str) -> Said {
        let output = Command::new("sh")
            .current_dir(self.path())
            .env("COLUMNS", UNWRAPPED)
            .env("PLIMSOLL", plimsoll())
            .args(["-c", line])
            .output()
            .expect("a shell");
        Said::of(output)
    }

    /// Starts the program in the folder, with nobody who listens.
    pub fn start(&self, args: &[&str]) -> Child {
        Command::new(plimsoll())
            .current_dir(self.path())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }

    /// Returns all log files.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path().join("logs")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    files.push(path)
                }
            }
        }
        files.sort();
        files
    }

    /// Returns the days of the logs, as in `20260316`, in order.
    pub fn days(&self) -> Vec<String> {
        let mut days: Vec<String> = self
            .files()
            .iter()
            .filter_map(|path| day_of(path))
            .collect();
        days.sort();
        days.dedup();
        days
    }

    /// Puts the logs of some days into a folder.
    pub fn link_days(&self, folder: &str, days: &[String]) {
        let folder = self.path().join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        for path in self
            .files()
            .iter()
            .filter(|path| day_of(path).is_some_and(|day| days.contains(&day)))
        {
            let name = path.file_name().expect("a file has a name");
            std::fs::copy(path, folder.join(name)).expect("a copy");
        }
    }

    /// Writes the CloudTrail records of some days as JSON lines, in the order of their times.
    pub fn write_lines(&self, name: &str, days: &[String]) {
        let mut records: Vec<(String, String)> = Vec::new();
        for path in self
            .files()
            .iter()
            .filter(|path| day_of(path).is_some_and(|day| days.contains(&day)))
        {
            if !path.to_string_lossy().contains("_CloudTrail_") {
                continue;
            }
            let mut text = String::new();
            let file = std::fs::File::open(path).expect("a log");
            flate2::read::MultiGzDecoder::new(file)
                .read_to_string(&mut text)
                .expect("a gzip file");
            let trail: serde_json::Value = serde_json::from_str(&text).expect("a trail");
            for record in trail["Records"].as_array().expect("records") {
                records.push((
                    record["eventTime"].as_str().unwrap_or_default().to_owned(),
                    record.to_string(),
                ));
            }
        }
        records.sort();
        let lines: Vec<String> = records.into_iter().map(|(_, record)| record).collect();
        self.write(name, lines.join("\n") + "\n");
    }
}

/// Returns the day in the name of a log file, as in `20260316`.
pub fn day_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stamp = name
        .split('_')
        .find(|part| part.len() == 14 && part.ends_with('Z') && part.as_bytes()[8] == b'T')?;
    Some(stamp[..8].to_owned())
}
