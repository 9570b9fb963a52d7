//! The TypeScript declarations of the plan, as one file.

use ts_rs::{Config, TS};

use crate::{
    Accept, AccessLog, Address, Admission, Answer, CostOp, EncodedSlash, Endpoint, EngineSettings, Forward, HeadLimits,
    HttpListener, HttpPolicy, Listener, LogEncoding, LogPart, LogSample, LogSink, LogValue, PathForm, PathPolicy,
    Picker, Plan, Pool, Protocol, RetryBudget, Reuse, Route, Rule, Semicolon, TableHash, Timeouts, Trust, Underscores,
};

const HEADER: &str = "// Generated from crates/plan by `npm run generate`. Do not edit.\n";

/// The whole text of `ts/plan/types.ts`.
pub fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut text = String::from(HEADER);
    let mut declare = |docs: Option<String>, declaration: String| {
        text.push('\n');
        text.push_str(&docs.unwrap_or_default());
        text.push_str("export ");
        text.push_str(&declaration);
        text.push('\n');
    };
    macro_rules! declare_all {
        ($($type:ty),* $(,)?) => { $( declare(<$type>::docs(), <$type>::decl(&config)); )* };
    }
    declare_all!(
        Plan,
        EngineSettings,
        AccessLog,
        LogSink,
        LogEncoding,
        LogPart,
        LogValue,
        LogSample,
        Listener,
        Protocol,
        HttpListener,
        Trust,
        Underscores,
        HeadLimits,
        Answer,
        Accept,
        Address,
        Rule,
        Route,
        Timeouts,
        HttpPolicy,
        Forward,
        PathPolicy,
        Admission,
        EncodedSlash,
        Semicolon,
        PathForm,
        Pool,
        Reuse,
        RetryBudget,
        Picker,
        TableHash,
        CostOp,
        Endpoint,
    );
    text
}
