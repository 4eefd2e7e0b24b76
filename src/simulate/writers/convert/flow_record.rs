//! A line of a flow log of AWS, taken apart.

use crate::simulate::model::company::{ACCOUNTS, Account, REGIONS};

/// A line of a flow log of AWS, taken apart.
pub(crate) struct FlowRecord<'a> {
    /// The place of the account and of the region in the tables of the company.
    pub(crate) place: (usize, usize),
    pub(crate) account: &'static Account,
    pub(crate) region: &'static str,
    pub(crate) version: &'a str,
    pub(crate) interface: &'a str,
    /// The instance, where the format of the account has it.
    pub(crate) instance: Option<&'a str>,
    pub(crate) source: &'a str,
    pub(crate) target: &'a str,
    pub(crate) source_port: &'a str,
    pub(crate) target_port: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) packets: &'a str,
    pub(crate) bytes: &'a str,
    pub(crate) start: &'a str,
    pub(crate) end: &'a str,
}

impl<'a> FlowRecord<'a> {
    /// Takes a line of an account and region apart; nothing if it is too short.
    pub(crate) fn parse(account: usize, region: usize, line: &'a str) -> Option<Self> {
        let place = (account, region);
        let account = &ACCOUNTS[account];
        let mut fields = line.split(' ');
        let (version, _, interface) = (fields.next()?, fields.next()?, fields.next()?);
        // The company's own format has the instance before the addresses.
        let instance = if account.custom_flows {
            Some(fields.next()?)
        } else {
            None
        };
        Some(Self {
            place,
            account,
            region: REGIONS[region],
            version,
            interface,
            instance,
            source: fields.next()?,
            target: fields.next()?,
            source_port: fields.next()?,
            target_port: fields.next()?,
            protocol: fields.next()?,
            packets: fields.next()?,
            bytes: fields.next()?,
            start: fields.next()?,
            end: fields.next()?,
        })
    }
}
