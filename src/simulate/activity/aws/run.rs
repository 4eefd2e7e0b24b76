//! A run of calls by one session: listing, reading, storing, with a clock that moves between them.

use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::{Api, ObjectCall, Op, POSTURE};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// Buckets on a page of the console's list.
pub(crate) const CONSOLE_PAGE: usize = 50;

/// From this size on, an object is an anomaly.
const HUGE_BYTES: u64 = 300_000_000;

/// Returns the key of an object: few enough names that objects are read again, and dated ones for tables.
pub(crate) fn object_key(rng: &mut Rng, bucket: &Bucket, day: Day) -> String {
    let number = rng.below(400);
    match bucket.purpose {
        Purpose::Lake => {
            let table = rng.pick(&["events", "orders", "customers", "stock", "visits"]);
            let age = rng.exponential(3.0) as i32;
            format!(
                "{table}/dt={}/part-{:05}.snappy.parquet",
                day.plus(-age),
                number % 40
            )
        }
        Purpose::Sensitive => {
            let (folder, ending) = *rng.pick(&[
                ("2026/02", "pdf"),
                ("2026/03", "csv"),
                ("archive/2025", "pdf"),
            ]);
            format!("{folder}/statement-{number:05}.{ending}")
        }
        Purpose::Service => format!(
            "{}/{:02x}/{number:06}.json",
            rng.pick(&["items", "users", "img"]),
            number % 64
        ),
        Purpose::Public => {
            format!(
                "releases/{}/halcyon-{}.tar.gz",
                rng.pick(&["4.1", "4.2", "4.3"]),
                rng.pick(&["linux", "macos", "win"])
            )
        }
        Purpose::Logs => format!("AWSLogs/{}/{day}-{number:04}.gz", bucket.owner),
        _ => format!(
            "{}/run-{number:04}/output.bin",
            rng.pick(&["build", "data", "tmp", "models"])
        ),
    }
}

/// Returns a folder of a bucket to list.
pub(crate) fn prefix(rng: &mut Rng, bucket: &Bucket) -> &'static str {
    let folders: &[&'static str] = match bucket.purpose {
        Purpose::Lake => &["events/", "orders/", "customers/", "stock/", "visits/"],
        Purpose::Sensitive => &["2026/02/", "2026/03/", "archive/2025/"],
        Purpose::Service => &["items/", "users/", "img/"],
        _ => &["build/", "data/", "tmp/", "models/"],
    };
    folders[rng.below(folders.len())]
}

/// Size of an object: log-normal about the bucket's median, one in five hundred fifty times as large.
pub(crate) fn object_size(rng: &mut Rng, bucket: &Bucket) -> u64 {
    let size = rng.log_normal(bucket.object_bytes, 0.9);
    (if rng.chance(0.002) { size * 50.0 } else { size }).max(40.0) as u64
}

/// One run of calls of a session, with its own clock.
pub(crate) struct Run<'a> {
    pub(crate) trail: &'a mut Trail,
    pub(crate) rng: &'a mut Rng,
    pub(crate) session: &'a Session,
    pub(crate) day: Day,
    pub(crate) clock: f64,
}

impl<'a> Run<'a> {
    /// Begins at a second.
    pub(crate) fn at(
        second: i64,
        day: Day,
        session: &'a Session,
        trail: &'a mut Trail,
        rng: &'a mut Rng,
    ) -> Self {
        Self {
            trail,
            rng,
            session,
            day,
            clock: second as f64,
        }
    }

    /// Lets some time pass, and returns the second that it is then.
    pub(crate) fn tick(&mut self, mean_gap: f64) -> i64 {
        self.clock += self.rng.exponential(mean_gap);
        self.clock as i64
    }

    /// Lists pages of a bucket.
    pub(crate) fn list(&mut self, bucket: &Bucket, prefix: &str, pages: usize, gap: f64) {
        for page in 0..pages {
            let at = self.tick(gap);
            let last = page + 1 == pages;
            let bytes = if last {
                self.rng.between(400, 200_000)
            } else {
                self.rng.between(225_000, 260_000)
            };
            self.trail.s3(&ObjectCall {
                at,
                session: self.session,
                op: Op::List(page),
                bucket,
                key: prefix,
                bytes: bytes as u64,
                fault: None,
            });
        }
    }

    /// Reads objects; returns their bytes.
    pub(crate) fn read(&mut self, bucket: &Bucket, objects: usize, gap: f64) -> u64 {
        let mut total = 0;
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, bucket, self.day);
            if self.rng.chance(0.004) {
                let fault = Some(("NoSuchKey", "The specified key does not exist."));
                self.trail.s3(&ObjectCall {
                    at,
                    session: self.session,
                    op: Op::Get,
                    bucket,
                    key: &key,
                    bytes: 0,
                    fault,
                });
                continue;
            }
            let bytes = object_size(self.rng, bucket);
            let since = self.trail.anomalies.mark();
            self.trail.s3(&ObjectCall {
                at,
                session: self.session,
                op: Op::Get,
                bucket,
                key: &key,
                bytes,
                fault: None,
            });
            if bytes >= HUGE_BYTES {
                self.trail.anomalies.note_anomaly(Cause::HugeObject, since);
            }
            total += bytes;
        }
        total
    }

    /// Stores objects.
    pub(crate) fn store(&mut self, bucket: &Bucket, objects: usize, gap: f64) {
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, bucket, self.day);
            let bytes = object_size(self.rng, bucket);
            self.trail.s3(&ObjectCall {
                at,
                session: self.session,
                op: Op::Put,
                bucket,
                key: &key,
                bytes,
                fault: None,
            });
        }
    }

    /// Deletes objects.
    pub(crate) fn delete(&mut self, bucket: &Bucket, objects: usize, gap: f64) {
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, bucket, self.day);
            self.trail.s3(&ObjectCall {
                at,
                session: self.session,
                op: Op::Delete,
                bucket,
                key: &key,
                bytes: 0,
                fault: None,
            });
        }
    }

    /// Copies objects from one bucket to another.
    pub(crate) fn copy(&mut self, from: &Bucket, to: &Bucket, objects: usize, gap: f64) {
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, from, self.day);
            self.trail.s3(&ObjectCall {
                at,
                session: self.session,
                op: Op::Copy(from, &key),
                bucket: to,
                key: &key,
                bytes: 0,
                fault: None,
            });
        }
    }

    /// Is denied to list or read a bucket.
    pub(crate) fn refused(&mut self, bucket: &Bucket, listing: bool, gap: f64) {
        let at = self.tick(gap);
        let (op, action) = if listing {
            (Op::List(0), "s3:ListBucket")
        } else {
            (Op::Get, "s3:GetObject")
        };
        let message = self.session.refusal(action, bucket);
        self.trail.s3(&ObjectCall {
            at,
            session: self.session,
            op,
            bucket,
            key: "",
            bytes: 0,
            fault: Some(("AccessDenied", &message)),
        });
    }

    /// Makes a call of another service.
    pub(crate) fn api(&mut self, account: usize, gap: f64, api: &Api<'_>) {
        let at = self.tick(gap);
        self.trail.api(at, self.session, account, api);
    }

    /// Lists all buckets of the account.
    pub(crate) fn list_buckets(&mut self, account: usize) {
        let parameters = "{\"Host\":\"s3.amazonaws.com\"}";
        self.api(
            account,
            2.0,
            &Api {
                service: "s3",
                name: "ListBuckets",
                parameters,
                command: "s3.ls",
                ..Api::default()
            },
        );
    }

    /// Reads posture settings of a bucket.
    pub(crate) fn posture(
        &mut self,
        account: usize,
        bucket: &Bucket,
        settings: &[usize],
        gap: f64,
    ) {
        for &setting in settings {
            let at = self.tick(gap);
            self.trail
                .posture(at, self.session, account, bucket, setting % POSTURE.len());
        }
    }

    /// Opens the bucket list of the S3 console, which reads the posture of everything that it shows.
    pub(crate) fn browse(&mut self, world: &World, account: usize, most: usize) {
        let since = self.trail.anomalies.mark();
        self.list_buckets(account);
        let day = self.day;
        let shown: Vec<&Bucket> = world
            .own_buckets(day)
            .filter(|b| b.account == Some(account))
            .take(most)
            .collect();
        for bucket in shown {
            self.posture(account, bucket, &[2, 3, 0], 0.3);
        }
        if most >= CONSOLE_PAGE {
            self.trail.anomalies.note_anomaly(Cause::ConsolePage, since);
        }
    }
}
