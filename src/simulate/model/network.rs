//! The addresses of the company and of the internet.

use crate::simulate::model::random::splitmix;

/// The company's own egress range, which the configuration calls internal.
pub(crate) const EGRESS: &str = "203.0.113.0/24";

/// First octets of blocks that are not routed on the internet, so that no real host plays a part.
const UNROUTED: [u8; 8] = [11, 21, 22, 26, 28, 29, 30, 33];

/// Returns an address in the /16 that belongs to `number`, with a host part that belongs to `host`.
pub(crate) fn external_address(number: u64, host: u64) -> String {
    let (n, h) = (splitmix(number), splitmix(host ^ 0x5eed));
    format!(
        "{}.{}.{}.{}",
        UNROUTED[(n % 8) as usize],
        (n >> 8) % 254 + 1,
        (h >> 8) % 254 + 1,
        (h >> 16) % 254 + 1
    )
}

/// Returns one of the company's egress addresses.
pub(crate) fn office_address(number: u64) -> String {
    format!("203.0.113.{}", 8 + splitmix(number) % 6)
}
