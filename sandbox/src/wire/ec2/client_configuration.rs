//! `ExportClientVpnClientConfiguration`: the text that every user's profile is made from.

use serde::Serialize;

use super::form::Form;
use crate::cloud::{Cloud, Moment, Refusal, Transport};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exported {
    client_configuration: String,
}

/// Writes the client configuration of an endpoint.
pub(super) fn export(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Exported, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    form.finish()?;
    let endpoint = cloud.endpoint(&endpoint)?;
    let server = cloud.certificate(endpoint.settings.server_certificate.as_str())?;
    let chain: String = server.chain.iter().map(crate::cloud::X509::to_pem).collect();
    let configuration = text(&Content {
        transport: endpoint.settings.transport,
        host: &endpoint.dns_name(&cloud.world.region),
        port: endpoint.settings.port,
        // When common name and domain name differ, which one AWS takes is UNCONFIRMED.
        server_name: server.leaf.domain_name().unwrap_or_default(),
        chain: &chain,
    });
    Ok(Exported { client_configuration: configuration })
}

struct Content<'a> {
    transport: Transport,
    host: &'a str,
    port: u16,
    server_name: &'a str,
    /// PEM, each certificate with a line feed at its end.
    chain: &'a str,
}

/// The text as the service exports it for mutual authentication, blank lines included.
///
/// `proto tcp` for TCP and the order of several certificates are UNCONFIRMED.
fn text(content: &Content<'_>) -> String {
    let Content { transport, host, port, server_name, chain } = content;
    let transport = transport.as_str();
    format!(
        "client\n\
         dev tun\n\
         proto {transport}\n\
         remote {host} {port}\n\
         remote-random-hostname\n\
         resolv-retry infinite\n\
         nobind\n\
         remote-cert-tls server\n\
         cipher AES-256-GCM\n\
         verb 3\n\
         <ca>\n\
         {chain}\n\
         </ca>\n\
         \n\
         \n\
         reneg-sec 0\n\
         \n\
         verify-x509-name {server_name} name\n"
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_text_is_the_service_s_to_the_blank_line() {
        let content = Content {
            transport: Transport::Udp,
            host: "cvpn-endpoint-063385602a3155e6d.prod.clientvpn.us-west-2.amazonaws.com",
            port: 1194,
            server_name: "server",
            chain: "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
        };
        expect![[r#"
            client
            dev tun
            proto udp
            remote cvpn-endpoint-063385602a3155e6d.prod.clientvpn.us-west-2.amazonaws.com 1194
            remote-random-hostname
            resolv-retry infinite
            nobind
            remote-cert-tls server
            cipher AES-256-GCM
            verb 3
            <ca>
            -----BEGIN CERTIFICATE-----
            …
            -----END CERTIFICATE-----

            </ca>


            reneg-sec 0

            verify-x509-name server name
        "#]]
        .assert_eq(&text(&content));
    }
}
