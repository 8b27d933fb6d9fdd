//! What is tried: one line for each command that changes something.

/// A command, what was done before it, and how its outcome is judged.
///
/// The outcome of an undisturbed run is the one that every disturbed run must come to.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Done once; every point begins with a copy.
    pub(crate) before: &'static [Before],
    /// Arguments of `latchkey`.
    pub(crate) command: &'static [&'static str],
    /// Lines that the inventory has afterwards: how each begins, and how often.
    pub(crate) outcome: &'static [(&'static str, usize)],
    /// Who is on the CRL that the endpoint has, beside the client anchor; `None` where that is not the scenario's affair.
    pub(crate) locked_out: Option<&'static [&'static str]>,
    /// Whether `plan --check` must find nothing to do afterwards.
    pub(crate) is_settled: bool,
}

/// Something that was done before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Before {
    /// `latchkey` was run with these arguments.
    Run(&'static [&'static str]),
    /// This user's request, made by OpenSSL, was signed.
    Sign(&'static str),
    /// In the configuration, the second was put in the place of the first.
    Configure(&'static str, &'static str),
}

const REVOCABLE: &[Before] = &[Before::Run(&["provision", "--yes"]), Before::Sign("alice"), Before::Sign("bob")];

/// The default deployment, all there.
const COMPLETE: &[(&str, usize)] =
    &[("endpoint: ", 1), ("certificate of ", 2), ("association ", 2), ("rule ", 1), ("CRL imported: true", 1)];

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "provision",
        before: &[],
        command: &["provision", "--yes"],
        outcome: COMPLETE,
        locked_out: None,
        is_settled: true,
    },
    Scenario {
        name: "change",
        before: &[
            Before::Run(&["provision", "--yes"]),
            Before::Configure(
                "authorize = []",
                "authorize = [\"10.1.1.0/24\", { network = \"192.168.0.0/24\", description = \"the office\" }]",
            ),
            Before::Configure(
                "routes = []",
                "routes = [{ destination = \"192.168.0.0/24\", subnet_id = \"subnet-0a1b2c3d4e5f60001\" }]",
            ),
            Before::Configure(", \"subnet-0a1b2c3d4e5f60002\"", ""),
            Before::Configure("port = 443", "port = 1194"),
            Before::Configure("#tags = { team = \"networks\" }", "tags = { team = \"network\" }"),
        ],
        command: &["provision", "--yes"],
        outcome: &[
            ("endpoint: ", 1),
            ("certificate of ", 2),
            ("association ", 1),
            ("rule ", 2),
            ("CRL imported: true", 1),
        ],
        locked_out: None,
        is_settled: true,
    },
    Scenario {
        name: "replace",
        before: &[
            Before::Run(&["provision", "--yes"]),
            Before::Configure("transport = \"udp\"", "transport = \"tcp\""),
        ],
        command: &["provision", "--replace"],
        outcome: COMPLETE,
        locked_out: None,
        is_settled: true,
    },
    Scenario {
        name: "revoke",
        before: REVOCABLE,
        command: &["revoke", "alice", "--reason", "keyCompromise", "--yes"],
        outcome: &[("endpoint: ", 1), ("certificate of ", 2), ("association ", 2), ("CRL imported: true", 1)],
        locked_out: Some(&["alice"]),
        is_settled: true,
    },
    Scenario {
        name: "undo",
        before: &[
            Before::Run(&["provision", "--yes"]),
            Before::Sign("alice"),
            Before::Sign("bob"),
            Before::Run(&["revoke", "alice", "--reason", "certificateHold", "--yes"]),
            Before::Run(&["revoke", "bob", "--reason", "superseded", "--yes"]),
        ],
        command: &["revoke", "alice", "--undo", "--yes"],
        outcome: &[("endpoint: ", 1), ("certificate of ", 2), ("association ", 2), ("CRL imported: true", 1)],
        locked_out: Some(&["bob"]),
        is_settled: true,
    },
    Scenario {
        name: "rotate",
        before: &[Before::Run(&["provision", "--yes"])],
        command: &["rotate", "--yes"],
        outcome: COMPLETE,
        locked_out: None,
        is_settled: true,
    },
    Scenario {
        name: "rotate-anchor",
        before: &[Before::Run(&["provision", "--yes"])],
        command: &["rotate", "anchor", "--yes"],
        outcome: COMPLETE,
        // A run that was cut off may have issued one anchor more, which is listed, too.
        locked_out: None,
        is_settled: true,
    },
    Scenario {
        name: "destroy",
        before: &[Before::Run(&["provision", "--yes"])],
        command: &["destroy", "--yes"],
        outcome: &[("endpoint: ", 0), ("certificate of ", 0), ("association ", 0), ("rule ", 0)],
        locked_out: None,
        is_settled: false,
    },
];
