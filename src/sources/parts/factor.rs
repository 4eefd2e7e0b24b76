//! Google's sign-in methods, which two of its logs name in the same way.

/// Sign-in methods that are not a second factor.
const FIRST: [&str; 4] = ["password", "none", "other", "login_location"];
/// Prefix of security questions, which are not a second factor either.
const QUESTION: &str = "knowledge_";

/// Returns whether a `login_challenge_method` is a second factor.
pub fn is_second(method: &str) -> bool {
    !FIRST.contains(&method) && !method.starts_with(QUESTION)
}
