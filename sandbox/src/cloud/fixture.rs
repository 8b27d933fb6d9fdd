//! A cloud for tests, with certificates in it.

#[path = "../../tests/it/pki.rs"]
pub(crate) mod pki;

use time::Duration;

use self::pki::{Authority, Identity, NOW, Wish};
use super::{AuthenticationOption, Cloud, CreateEndpoint, EndpointId, ImportCertificate, LogMembers, Moment, Timings};
use crate::world::World;

pub(crate) const TIMINGS: Timings = Timings {
    association: Duration::seconds(3),
    disassociation: Duration::seconds(3),
    authorization: Duration::seconds(1),
    revocation: Duration::seconds(1),
    route_creation: Duration::seconds(1),
    route_deletion: Duration::seconds(1),
    endpoint_deletion: Duration::seconds(2),
};

/// A call at [`NOW`]; different seeds make different ids.
pub(crate) fn at(seconds: i64, seed: u8) -> Moment {
    Moment { now: NOW + Duration::seconds(seconds), seed: [seed; 16] }
}

pub(crate) fn empty_cloud() -> Cloud {
    Cloud::new(World::standard(), TIMINGS)
}

/// A cloud with the server's and the anchor's certificate, and a request for an endpoint that uses them.
pub(crate) fn prepared_cloud() -> (Cloud, CreateEndpoint) {
    let mut cloud = empty_cloud();
    let authority = Authority::new();
    let server = import(&mut cloud, authority.issue(Wish::server()), &authority, 1);
    let anchor = authority.issue(Wish::client("anchor.vpn.example.com", 3));
    let anchor = import(&mut cloud, anchor, &authority, 2);
    (cloud, request(&server, &anchor))
}

/// A cloud with an endpoint that has neither networks nor rules.
pub(crate) fn cloud_with_endpoint() -> (Cloud, EndpointId) {
    let (mut cloud, request) = prepared_cloud();
    let id = cloud.create_endpoint(request, &at(0, 3)).unwrap();
    (cloud, id)
}

pub(crate) fn import(cloud: &mut Cloud, identity: Identity, authority: &Authority, seed: u8) -> String {
    let request = ImportCertificate {
        certificate: identity.certificate,
        private_key: identity.private_key,
        chain: Some(authority.certificate.clone()),
        ..ImportCertificate::default()
    };
    cloud.import_certificate(request, &at(0, seed)).unwrap().to_string()
}

/// The least that an endpoint needs.
pub(crate) fn request(server: &str, anchor: &str) -> CreateEndpoint {
    CreateEndpoint {
        client_cidr: Some("10.88.0.0/16".to_owned()),
        server_certificate: Some(server.to_owned()),
        authentication: vec![AuthenticationOption {
            kind: Some("certificate-authentication".to_owned()),
            client_root: Some(anchor.to_owned()),
            ..AuthenticationOption::default()
        }],
        log: LogMembers { enabled: Some(false), ..LogMembers::default() },
        split_tunnel: true,
        ..CreateEndpoint::default()
    }
}
