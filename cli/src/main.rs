//! The `qala` command: arguments in, exit code out. No logic.

mod arguments;
mod banner;
mod bench;
mod exit;
mod health;
mod help;
mod log;
mod serve;
mod top;

use std::env;
use std::process::ExitCode;

use arguments::Request;
use exit::Exit;

fn main() -> ExitCode {
    let environment = env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    let exit = match arguments::parse(env::args_os(), environment) {
        Ok(Request::Print(text)) => {
            exit::print(&text);
            Exit::Success
        }
        Ok(Request::Serve(arguments)) => serve::serve(arguments),
        Ok(Request::Bench(given)) => bench::bench(&given),
        Ok(Request::Health(asked)) => serve::health(asked),
        Ok(Request::Top(arguments)) => top::top(&arguments),
        Err(complaint) => exit::fail(&complaint),
    };
    exit.into()
}
