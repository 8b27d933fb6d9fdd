//! `DeleteClientVpnEndpoint`: only once no network is associated any more.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-delete.html>. Rules that are left go
//! with the endpoint.

use super::{Cloud, Moment, Refusal};

impl Cloud {
    /// Begins the deletion of an endpoint. To ask again while it is under way changes nothing.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `ClientVpnEndpointAssociationExists`.
    pub fn delete_endpoint(&mut self, id: &str, moment: &Moment) -> Result<(), Refusal> {
        let timings = self.timings;
        let endpoint = self.endpoint_mut(id)?;
        endpoint.pass_time(moment.now, &timings);
        if !endpoint.associations.is_empty() {
            let associations: Vec<_> =
                endpoint.associations.iter().map(|association| association.id.as_str()).collect();
            // In these words people have seen it of the service.
            return Err(Refusal::new(
                "ClientVpnEndpointAssociationExists",
                format!("The endpoint that you're trying to delete has associations {}", associations.join(", ")),
            ));
        }
        endpoint.deleting.get_or_insert(moment.now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::cloud::fixture::{TIMINGS, at, cloud_with_endpoint};
    use crate::cloud::{EndpointStatus, ModifyEndpoint};

    #[test]
    fn an_endpoint_goes_once_its_networks_are_gone() {
        let (mut cloud, id) = cloud_with_endpoint();
        let id = id.as_str();
        let association = cloud.associate(id, "subnet-0a1b2c3d4e5f60001", &at(0, 4)).unwrap();
        let refusal = cloud.delete_endpoint(id, &at(5, 5)).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!(
                "ClientVpnEndpointAssociationExists: \
                 The endpoint that you're trying to delete has associations {association}"
            )
        );
        cloud.disassociate(id, association.as_str(), &at(5, 5)).unwrap();
        assert!(cloud.delete_endpoint(id, &at(6, 5)).is_err());

        cloud.delete_endpoint(id, &at(8, 5)).unwrap();
        assert_eq!(cloud.endpoint(id).unwrap().status(at(8, 0).now, &TIMINGS), EndpointStatus::Deleting);
        let refusal = cloud.modify_endpoint(id, ModifyEndpoint::default(), &at(8, 6)).unwrap_err();
        assert_eq!(refusal.code, "IncorrectState");
        cloud.delete_endpoint(id, &at(9, 5)).unwrap();

        cloud.pass_time(at(10, 0).now);
        assert_eq!(cloud.delete_endpoint(id, &at(10, 5)).unwrap_err().code, "InvalidClientVpnEndpointId.NotFound");
    }

    #[test]
    fn certificates_are_in_use_until_the_endpoint_is_gone() {
        let (mut cloud, id) = cloud_with_endpoint();
        let server = cloud.endpoint(id.as_str()).unwrap().settings.server_certificate.to_string();
        assert_eq!(cloud.delete_certificate(&server).unwrap_err().code, "ResourceInUseException");
        cloud.delete_endpoint(id.as_str(), &at(1, 5)).unwrap();
        assert_eq!(cloud.delete_certificate(&server).unwrap_err().code, "ResourceInUseException");
        cloud.pass_time(at(3, 0).now);
        assert_eq!(cloud.delete_certificate(&server), Ok(()));
        assert_eq!(cloud.delete_certificate(&server).unwrap_err().code, "ResourceNotFoundException");
    }
}
