//! Columns: the seeds of this target are Parquet files
#![no_main]

// What the decoder stumbles over is caught, and no finding; what is not caught ends the process all the same.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| plimsoll_fuzz::check(bytes, None)
);
