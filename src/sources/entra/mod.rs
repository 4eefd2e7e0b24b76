//! Entra ID: its audit, sign-in and Graph activity logs, as diagnostic records, table rows and answers of Microsoft Graph.

pub mod audit;
pub mod graph;
pub mod signin;
