//! What a client configuration must not make the client do on the user's machine (openvpn(8)).

use super::OvpnError;

/// Looks at a directive or an inline block, whose arguments these are.
///
/// # Errors
/// [`OvpnError::RunsPrograms`] or [`OvpnError::UsesFiles`].
pub(super) fn check<'a>(name: &str, mut arguments: impl Iterator<Item = &'a str>) -> Result<(), OvpnError> {
    let own = name.to_owned();
    // OpenVPN tells capitals from small letters; other clients need not.
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    let runs_programs = RUNS_PROGRAMS.contains(&name)
        || name.starts_with("management")
        || name == "setenv" && !arguments.next().is_some_and(|variable| HARMLESS_VARIABLES.contains(&variable));
    if runs_programs {
        return Err(OvpnError::RunsPrograms { name: own });
    }
    let names_file = TAKES_FILE.iter().any(|(directive, place)| *directive == name && arguments.nth(*place).is_some());
    if USES_FILES.contains(&name) || names_file {
        return Err(OvpnError::UsesFiles { name: own });
    }
    Ok(())
}

/// They run a program, load code, or open a way to make the client do so.
const RUNS_PROGRAMS: &[&str] = &[
    "auth-user-pass-verify",
    "client-connect",
    "client-crresponse",
    "client-disconnect",
    "config",
    "dns-updown",
    "down",
    "down-pre",
    "engine",
    "ipchange",
    "iproute",
    "learn-address",
    "pkcs11-providers",
    "plugin",
    "providers",
    "route-pre-down",
    "route-up",
    "script-security",
    "tls-crypt-v2-verify",
    "tls-verify",
    "up",
    "up-restart",
];

/// They write files, as root where the client is, or say where others are.
const USES_FILES: &[&str] = &[
    "askpass",
    "cd",
    "chroot",
    "client-config-dir",
    "genkey",
    "ifconfig-pool-persist",
    "log",
    "log-append",
    "memstats",
    "replay-persist",
    "status",
    "tls-export-cert",
    "tmp-dir",
    "writepid",
];

/// With so many arguments before it, they take a file whose content is sent away as a name and a password.
const TAKES_FILE: &[(&str, usize)] =
    &[("auth-user-pass", 0), ("http-proxy", 2), ("http-proxy-user-pass", 0), ("socks-proxy", 2)];

/// Graphical clients run programs of their own with the variables of a profile. These two are addressed to OpenVPN itself.
const HARMLESS_VARIABLES: &[&str] = &["CLIENT_CERT", "FORWARD_COMPATIBLE"];

#[cfg(test)]
mod tests {
    use crate::ovpn::Document;

    #[test]
    fn what_harms_the_users_machine_never_becomes_a_profile() {
        for (lines, code) in HARMFUL {
            let text = format!("client\nremote a 1\n{lines}\n");
            let refusal = Document::parse(&text).and_then(|document| document.check());
            assert_eq!(refusal.map_err(|refusal| refusal.code()), Err(*code), "{lines:?}");
        }
        let with_mark = Document::parse("\u{feff}up x\nremote a 1\n").unwrap();
        assert_eq!(with_mark.check().unwrap_err().code(), RUNS);
    }

    /// Lines that OpenVPN takes for the end of a block, and readers that know lines of any length do not.
    #[test]
    fn what_openvpn_would_read_otherwise_is_refused() {
        let cut = format!("<ca>\n{}</ca>\nup x\n</ca>\n", "A".repeat(255));
        for text in [cut.as_str(), "# \0 x\n", "up\u{1a}\n", "<ca>\n\u{7f}\n</ca>\n"] {
            assert_eq!(Document::parse(text).unwrap_err().code(), "ovpn-unreadable", "{text:?}");
        }
    }

    #[test]
    fn what_a_client_needs_is_no_harm() {
        for line in [
            "auth-user-pass",
            "http-proxy proxy.example.com 8080",
            "setenv CLIENT_CERT 0",
            "setenv opt block-outside-dns",
            "# up x",
            "<ca>\nup x\n</ca>",
            "verb 3 up",
            "auth-federate",
        ] {
            let document = Document::parse(&format!("client\nremote a 1\n{line}\n")).unwrap();
            assert_eq!(document.check(), Ok(()), "{line:?}");
        }
    }

    const RUNS: &str = "ovpn-runs-programs";
    const FILES: &str = "ovpn-uses-files";

    const HARMFUL: &[(&str, &str)] = &[
        ("auth-user-pass-verify /bin/sh via-env", RUNS),
        ("client-connect /bin/sh", RUNS),
        ("config other.ovpn", RUNS),
        ("down /bin/sh", RUNS),
        ("engine x", RUNS),
        ("ipchange /bin/sh", RUNS),
        ("iproute /bin/sh", RUNS),
        ("learn-address /bin/sh", RUNS),
        ("management 127.0.0.1 7505", RUNS),
        ("management-client", RUNS),
        ("plugin x.so", RUNS),
        ("route-up /bin/sh", RUNS),
        ("script-security 2", RUNS),
        ("setenv LD_PRELOAD x.so", RUNS),
        ("tls-verify /bin/sh", RUNS),
        ("up /bin/sh", RUNS),
        ("UP /bin/sh", RUNS),
        ("--up /bin/sh", RUNS),
        ("\"up\" /bin/sh", RUNS),
        ("\"up\"/bin/sh", RUNS),
        ("'up'/bin/sh", RUNS),
        ("\\ up /bin/sh", RUNS),
        ("\t up /bin/sh", RUNS),
        ("setenv opt up /bin/sh", RUNS),
        ("--setenv opt setenv opt --up /bin/sh", RUNS),
        ("<up>\nx\n</up>", RUNS),
        // After the end of a block as OpenVPN sees it.
        ("<ca> # x\n</ca>\nup /bin/sh", RUNS),
        ("<ca>\n  </ca> x\nup /bin/sh\n<ca>\n</ca>", RUNS),
        ("<ca>\n\u{a0}</ca>\n<x>\n</ca>\nup /bin/sh\n</x>\n<//x>", RUNS),
        ("ignore-unknown-option \u{a0}<x>\n\u{a0}<x>\nup /bin/sh\n\u{a0}</x>", RUNS),
        ("\"<ca>\"\n<x>\n</ca>\nup /bin/sh\n</x>\n<//x>", RUNS),
        ("<a_b>\n<x>\n</a_b>\nup /bin/sh\n</x>\n<//x>", RUNS),
        ("--<ca>\n<x>\n</ca>\nup /bin/sh\n</x>\n<//x>", RUNS),
        ("</x>\n<y>\n<//x>\nup /bin/sh\n</y>\n<//y>", RUNS),
        ("<connection>\nup /bin/sh\n</connection>", RUNS),
        ("auth-user-pass /etc/shadow", FILES),
        ("cd /", FILES),
        ("http-proxy a 1 /etc/shadow", FILES),
        ("log /etc/passwd", FILES),
        ("log-append /etc/passwd", FILES),
        ("status /etc/passwd", FILES),
        ("tmp-dir /", FILES),
        ("writepid /etc/passwd", FILES),
    ];
}
