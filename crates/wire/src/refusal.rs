//! Why a message is refused.

use std::fmt;

macro_rules! refusals {
    ($($name:ident = $status:literal, $label:literal, $sentence:literal;)*) => {
        /// Why a message is refused: the status that a client is answered, a label, a sentence.
        ///
        /// An endpoint whose response is refused is answered nothing; its client gets 502.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal { $(#[doc = $sentence] $name,)* }

        impl Refusal {
            /// Every refusal, in the order of the table.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            /// The status that a client is answered.
            pub fn status(self) -> u16 { match self { $(Refusal::$name => $status,)* } }

            /// Its label, in a log or a metric.
            pub fn label(self) -> &'static str { match self { $(Refusal::$name => $label,)* } }

            /// What is wrong, as a sentence.
            pub fn sentence(self) -> &'static str { match self { $(Refusal::$name => $sentence,)* } }
        }
    };
}

refusals! {
    StartLine = 400, "start-line", "The first line is malformed (RFC 9112 sections 3 and 4).";
    Version = 505, "version", "The version of HTTP is neither 1.0 nor 1.1.";
    Target = 400, "target", "The request target is malformed (RFC 9112 section 3.2).";
    Path = 400, "path", "The path has an encoding that is broken, a NUL or not UTF-8, or what its route refuses.";
    TargetLength = 414, "target-length", "The request line is longer than the limit.";
    Method = 405, "method", "The method is not served here.";
    Field = 400, "field", "A field line is malformed (RFC 9112 section 5).";
    BareLf = 400, "bare-lf", "A line ends without CR (RFC 9112 section 2.2).";
    FieldsLength = 431, "fields-length", "The fields are longer than the limit.";
    FieldsCount = 431, "fields-count", "There are more fields than the limit.";
    Alias = 400, "alias", "A field is spelt so that others may take it for one that says how long the message is.";
    Underscore = 400, "underscore", "The name of a field has an underscore, and the listener takes none.";
    Host = 400, "host", "There is no Host, more than one, or a malformed one (RFC 9112 section 3.2).";
    ContentLength = 400, "content-length", "Content-Length is malformed or repeated (RFC 9110 section 8.6).";
    TransferEncoding = 400, "transfer-encoding", "Transfer-Encoding is malformed, repeated or not allowed (RFC 9112 section 6.1).";
    Coding = 501, "coding", "The transfer coding is not known (RFC 9112 section 6.1).";
    TwoLengths = 400, "two-lengths", "Both Content-Length and Transfer-Encoding are there (RFC 9112 section 6.3).";
    Expectation = 417, "expectation", "The expectation is not 100-continue (RFC 9110 section 10.1.1).";
    UpgradeBody = 400, "upgrade-body", "A request that asks for another protocol has a body.";
    MaxForwards = 400, "max-forwards", "Max-Forwards is no number, or there are two (RFC 9110 section 7.6.2).";
    TraceBody = 400, "trace-body", "A TRACE request has a body (RFC 9110 section 9.3.8).";
    ChunkSize = 400, "chunk-size", "The size of a chunk is malformed (RFC 9112 section 7.1).";
    ChunkExtension = 400, "chunk-extension", "A chunk extension is malformed, or all of them are longer than the limit.";
    ChunkEnd = 400, "chunk-end", "A chunk does not end where its size says.";
    Trailers = 400, "trailers", "The trailers are malformed, or longer than the limit.";
    Status = 400, "status", "The status does not fit the response or the request it answers.";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Refusal {}
