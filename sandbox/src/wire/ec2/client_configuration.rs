//! `ExportClientVpnClientConfiguration`: the text that every user's profile is made from.

use serde::Serialize;

use super::form::Form;
use crate::cloud::{Cloud, Moment, Refusal, SecondFactor, Transport};

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
        second_factor: endpoint.settings.second_factor.as_ref(),
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
    second_factor: Option<&'a SecondFactor>,
}

/// The text as the service exports it for mutual authentication, blank lines included.
///
/// `proto tcp` for TCP, the order of several certificates, and order and blank lines of what a second factor adds are
/// UNCONFIRMED.
fn text(content: &Content<'_>) -> String {
    let Content { transport, host, port, server_name, chain, second_factor } = content;
    let transport = transport.as_str();
    let second = match second_factor {
        None => "",
        Some(SecondFactor::Directory { .. }) => "auth-user-pass",
        Some(SecondFactor::Federated { .. }) => "auth-user-pass\nauth-federate\nauth-retry interact\nauth-nocache",
    };
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
         {second}\n\
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

    fn content<'a>() -> Content<'a> {
        Content {
            transport: Transport::Udp,
            host: "cvpn-endpoint-063385602a3155e6d.prod.clientvpn.us-west-2.amazonaws.com",
            port: 1194,
            server_name: "server",
            chain: "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
            second_factor: None,
        }
    }

    #[test]
    fn the_text_is_the_service_s_to_the_blank_line() {
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
        .assert_eq(&text(&content()));
    }

    #[test]
    fn a_second_factor_is_asked_for_after_the_certificates() {
        let after = |second_factor: &SecondFactor| {
            let text = text(&Content { second_factor: Some(second_factor), ..content() });
            text.split_once("</ca>\n").unwrap().1.to_owned()
        };
        expect![[r"
            auth-user-pass

            reneg-sec 0

            verify-x509-name server name
        "]]
        .assert_eq(&after(&SecondFactor::Directory { id: "d-0123456789".to_owned() }));
        expect![[r"
            auth-user-pass
            auth-federate
            auth-retry interact
            auth-nocache

            reneg-sec 0

            verify-x509-name server name
        "]]
        .assert_eq(&after(&SecondFactor::Federated {
            saml_provider: "arn:aws:iam::123456789012:saml-provider/office".to_owned(),
            self_service_saml_provider: None,
        }));
    }
}
