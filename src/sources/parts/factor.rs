//! The ways in which Google lets people prove who they are, which two of its logs name alike.

/// Ways to sign in that are no second factor.
const FIRST: [&str; 4] = ["password", "none", "other", "login_location"];
/// What the names of questions begin with, which are none either.
const QUESTION: &str = "knowledge_";

/// Returns whether a `login_challenge_method` is a second factor.
pub fn is_second(method: &str) -> bool {
    !FIRST.contains(&method) && !method.starts_with(QUESTION)
}
