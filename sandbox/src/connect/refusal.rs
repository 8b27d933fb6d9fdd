//! Why a client does not get in, in plain words, from a line of a log.
//!
//! Over UDP a client that is refused sees nothing for 60 seconds; only the server knows. So the server's log is asked
//! first.

/// Part of a line of the server's log, and what it means. The first one that fits counts.
const SERVER: [(&str, &str); 20] = [
    ("error=CRL has expired", "the revocation list has expired, so the endpoint lets nobody in"),
    ("error=CRL is not yet valid", "the revocation list is not valid yet, so the endpoint lets nobody in"),
    ("error=CRL signature failure", "the revocation list is not signed by the CA, so the endpoint lets nobody in"),
    ("CRL not loaded", "the revocation list cannot be read, so the endpoint lets nobody in"),
    ("error=certificate revoked", "the certificate is revoked"),
    ("error=certificate has expired", "the certificate has expired"),
    ("error=certificate is not yet valid", "the certificate is not valid yet"),
    ("error=unable to get local issuer certificate", "the certificate was issued by another CA"),
    ("error=unable to get issuer certificate", "the certificate was issued by another CA"),
    ("error=self-signed certificate", "the certificate was issued by another CA"),
    ("error=certificate signature failure", "the certificate was issued by another CA of the same name"),
    ("error=unsuitable certificate purpose", "the certificate is not for clients"),
    ("error=unsupported certificate purpose", "the certificate is not for clients"),
    ("VERIFY EKU ERROR", "the certificate is not for clients: it has no extended key usage clientAuth"),
    ("VERIFY KU ERROR", "the certificate is not for clients: its key usage does not allow it"),
    (
        "VERIFY SCRIPT ERROR",
        "the certificate's key is of a kind that Client VPN does not support: only RSA with 1024 or 2048 bits",
    ),
    ("VERIFY ERROR", "the endpoint does not accept the certificate"),
    ("Auth Username/Password verification failed", SECOND_FACTOR),
    (
        "Auth Username/Password was not provided",
        "the endpoint asks for a second factor beside the certificate, and the profile has none",
    ),
    // Not the later "TLS handshake failed": it comes 60 seconds after a refusal and would be taken for another client's.
    ("TLS_ERROR: BIO read", "the handshake with the endpoint failed"),
];

/// The same for the client's own log.
const CLIENT: [(&str, &str); 12] = [
    (
        "RESOLVE: Cannot resolve host address",
        "the endpoint's name does not resolve; only names with a label in front of it do",
    ),
    ("VERIFY X509NAME ERROR", "the server's certificate has another name than the profile demands"),
    ("VERIFY KU ERROR", "the server's certificate is not for servers"),
    ("VERIFY EKU ERROR", "the server's certificate is not for servers"),
    ("VERIFY ERROR", "the server's certificate was issued by another CA than the profile names"),
    ("key values mismatch", "the private key does not belong to the certificate"),
    ("Cannot load inline certificate", "the certificate in the profile cannot be read"),
    ("Cannot load private key", "the private key in the profile cannot be read"),
    ("auth-federate", "the profile is for single sign-on, which AWS's own client does and the stock one does not"),
    ("can't ask for 'Enter Auth Username", "the profile asks for a name and a password, and `connect` has none"),
    ("Options error:", "the profile has an option that the client does not accept"),
    ("AUTH_FAILED", SECOND_FACTOR),
];

/// Client and server say so at the same time.
const SECOND_FACTOR: &str = "the endpoint asks for a second factor, which the sandbox cannot check: it lets nobody in";

/// What a line of the server's log says, if it says why a client is refused.
pub(super) fn by_server(line: &str) -> Option<String> {
    meaning(&SERVER, line)
}

/// What a line of the client's log says, if it says why the client gives up.
pub(super) fn by_client(line: &str) -> Option<String> {
    // Of what the server pushes, a client passes over what it does not know.
    if line.contains("[PUSH-OPTIONS]") { None } else { meaning(&CLIENT, line) }
}

fn meaning(table: &[(&str, &str)], line: &str) -> Option<String> {
    let (_, meaning) = table.iter().find(|(part, _)| line.contains(part))?;
    Some((*meaning).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_words_become_plain() {
        let revoked = "198.51.100.2:40123 VERIFY ERROR: depth=0, error=certificate revoked: CN=bob, serial=1";
        assert_eq!(by_server(revoked).as_deref(), Some("the certificate is revoked"));
        let unknown = "198.51.100.2:40123 VERIFY ERROR: depth=0, error=something new: CN=bob";
        assert_eq!(by_server(unknown).as_deref(), Some("the endpoint does not accept the certificate"));
        assert_eq!(by_server("198.51.100.2:40123 VERIFY OK: depth=0, CN=alice"), None);
    }

    #[test]
    fn an_option_that_was_pushed_in_vain_is_no_refusal() {
        let pushed = "Options error: Unrecognized option or missing or extra parameter(s) in [PUSH-OPTIONS]:2: block-outside-dns (2.6.14)";
        assert_eq!(by_client(pushed), None);
        let own = "Options error: Unrecognized option or missing or extra parameter(s) in alice.ovpn:1: bogus (2.6.14)";
        assert_eq!(by_client(own).as_deref(), Some("the profile has an option that the client does not accept"));
    }
}
