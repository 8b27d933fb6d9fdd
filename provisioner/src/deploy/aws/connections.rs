//! Connections of clients: `DescribeClientVpnConnections` and `TerminateClientVpnConnections`.

use aws_sdk_ec2::types::{ClientVpnConnection, ClientVpnConnectionStatus};

use super::{
    Aws, endpoint,
    error::{call_error, has_code},
    read::Answer,
};
use crate::{
    config::DeploymentName,
    deploy::{
        cloud::CallError,
        connection::{Connection, ConnectionStatus},
        id::{ConnectionId, EndpointId},
    },
};

impl Aws {
    /// The deployment's endpoint, `None` where there is none.
    pub async fn endpoint(&self, deployment: &DeploymentName) -> Result<Option<EndpointId>, CallError> {
        let endpoints = endpoint::find(&self.ec2, deployment).await?;
        Ok(endpoints.live.into_iter().next().map(|endpoint| endpoint.id))
    }

    /// The endpoint's connections: live ones, and those that ended within the hour.
    pub async fn connections(&self, endpoint: &EndpointId) -> Result<Vec<Connection>, CallError> {
        let mut pages = self
            .ec2
            .describe_client_vpn_connections()
            .client_vpn_endpoint_id(endpoint.as_str())
            .into_paginator()
            .items()
            .send();
        let mut connections = Vec::new();
        while let Some(raw) = pages.next().await {
            connections.push(read(&raw.map_err(|error| call_error(CONNECTIONS.0, error))?)?);
        }
        Ok(connections)
    }

    /// Asks AWS to end a connection, by its id: with certificates alone, AWS knows no user by name. One that is gone
    /// has ended.
    pub async fn terminate(
        &self,
        endpoint: &EndpointId,
        connection: &ConnectionId,
    ) -> Result<ConnectionStatus, CallError> {
        let sent = self
            .ec2
            .terminate_client_vpn_connections()
            .client_vpn_endpoint_id(endpoint.as_str())
            .connection_id(connection.as_str())
            .send()
            .await;
        let answer = match sent.map_err(|error| call_error(TERMINATE.0, error)) {
            Ok(answer) => answer,
            Err(error) if has_code(&error, &["InvalidClientVpnConnection.IdNotFound"]) => {
                return Ok(ConnectionStatus::Terminated);
            }
            Err(error) => return Err(error),
        };
        let ours = answer.connection_statuses().iter().find(|it| it.connection_id() == Some(connection.as_str()));
        status(TERMINATE, TERMINATE.required("connection", ours)?.current_status())
    }
}

fn read(raw: &ClientVpnConnection) -> Result<Connection, CallError> {
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    let address = text(raw.client_ip()).or_else(|| text(raw.client_ipv6_address()));
    Ok(Connection {
        id: ConnectionId::new(CONNECTIONS.required("connection id", raw.connection_id())?),
        common_name: raw.common_name().unwrap_or_default().to_owned(),
        login: text(raw.username()),
        address: address.unwrap_or_default(),
        since: raw.connection_established_time().unwrap_or_default().to_owned(),
        bytes_in: CONNECTIONS.parse("number of bytes", raw.ingress_bytes())?,
        bytes_out: CONNECTIONS.parse("number of bytes", raw.egress_bytes())?,
        status: status(CONNECTIONS, raw.status())?,
    })
}

fn status(answer: Answer, raw: Option<&ClientVpnConnectionStatus>) -> Result<ConnectionStatus, CallError> {
    let code = answer.required("connection status", raw.and_then(|status| status.code()))?;
    ConnectionStatus::of(code.as_str()).ok_or_else(|| answer.unknown("connection status", code.as_str()))
}

const CONNECTIONS: Answer = Answer("DescribeClientVpnConnections");
const TERMINATE: Answer = Answer("TerminateClientVpnConnections");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_nobody_knows_stops_with_its_name() {
        let raw = |code: &str| {
            ClientVpnConnection::builder()
                .connection_id("cvpn-connection-1")
                .ingress_bytes("1")
                .egress_bytes("2")
                .status(ClientVpnConnectionStatus::builder().code(code.into()).build())
                .build()
        };
        assert_eq!(read(&raw("active")).unwrap().status, ConnectionStatus::Active);
        assert_eq!(
            read(&raw("paused")).unwrap_err().to_string(),
            "AWS answered `DescribeClientVpnConnections` with the connection status `paused`, which this version does \
             not know"
        );
    }
}
