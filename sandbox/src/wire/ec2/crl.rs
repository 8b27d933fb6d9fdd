//! `ImportClientVpnClientCertificateRevocationList` and `ExportClientVpnClientCertificateRevocationList`.

use serde::Serialize;

use super::form::Form;
use super::xml::{Done, Status};
use crate::cloud::{Cloud, Moment, Refusal};

/// Replaces the CRL of an endpoint.
pub(super) fn import(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Done, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let crl = form.take_required("CertificateRevocationList")?;
    form.finish()?;
    cloud.import_crl(&endpoint, &crl, moment)?;
    Ok(Done::new())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exported {
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_revocation_list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

/// Returns the CRL that was imported last. Without one, nothing: UNCONFIRMED.
pub(super) fn export(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Exported, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    form.finish()?;
    let crl = cloud.endpoint(&endpoint)?.crl.as_ref();
    Ok(Exported {
        certificate_revocation_list: crl.map(|crl| crl.pem.clone()),
        status: crl.map(|_| Status { code: "active" }),
    })
}
