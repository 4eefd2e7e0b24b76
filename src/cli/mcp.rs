//! `plimsoll mcp`

use std::io::IsTerminal;

use clap::Args;

use crate::cli::{Common, Console, Ending};
use crate::engine::Progress;
use crate::error::Result;
use crate::inquiry::Inquiry;
use crate::mcp;

/// Answer the questions of an assistant about the store, over the Model Context Protocol
///
/// An assistant, or another client of the protocol, starts this command and speaks to it over standard input and output. Its tools read
/// incidents, alerts, explanations, baselines, coverage and budgets, and change nothing: no verdict, approval or threshold is given here.
/// What a training publishes meanwhile is seen by the next question. The configuration is read once, at the start.
#[derive(Debug, Args)]
pub struct Arguments {}

/// Runs the command.
///
/// # Errors
///
/// A usage error if the configuration has faults. Fails if the client does not speak the protocol. That nothing was trained is told to
/// the client that asks.
pub fn run(_: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    if std::io::stdin().is_terminal() {
        console.say("waits for a client of the protocol on standard input; see docs/MCP.md\n");
    }
    let streams = (tokio::io::stdin(), tokio::io::stdout());
    let inquiry = Inquiry::of_store(common.store());
    mcp::serve(inquiry, setup, streams, || console.is_cancelled())?;
    Ok(Ending::Complete)
}
