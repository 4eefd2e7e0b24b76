//! `aws.s3access`
#![no_main]

plimsoll_fuzz::target!(Some(plimsoll::event::Source::AwsS3Access));
