//! Azure: what is done with stored data, and with the resources themselves.

pub mod activity;
pub mod keyvault;
pub mod storage;
