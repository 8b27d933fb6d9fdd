"""The revocation list, connections, and the end of everything."""

import json
import time

from asking import NOWHERE, SECOND, Asking, Like


class Connections(Asking):
    def revocation_list(self) -> None:
        here = {"ClientVpnEndpointId": self.endpoint}
        load, export = (
            f"ec2.{verb}ClientVpnClientCertificateRevocationList" for verb in ("Import", "Export")
        )  # fmt: skip
        self.good(export, {}, **here)
        crl = self.authority.crl([90, 91])
        self.good(load, {"Return": True}, **here, CertificateRevocationList=crl)
        self.good(export, {"CertificateRevocationList": crl, "Status": {"Code": "active"}}, **here)
        self.bad(load, "InvalidParameterValue", **here, CertificateRevocationList="nonsense")
        self.bad(load, "InvalidParameterValue", **here, CertificateRevocationList=self.stranger.crl([]))
        many = self.authority.crl([90, 91, 92])
        self.bad(load, "ClientVpnCertificateRevocationListLimitExceeded", **here, CertificateRevocationList=many)
        self.bad(export, "InvalidClientVpnEndpointId.NotFound", ClientVpnEndpointId=NOWHERE)

    def connections(self) -> None:
        here = {"ClientVpnEndpointId": self.endpoint}
        terminate, describe = "ec2.TerminateClientVpnConnections", "ec2.DescribeClientVpnConnections"
        self.good(describe, {"Connections": []}, **here)
        status = json.loads(self.sandbox("status", "--json"))
        assert not status["data_plane"].startswith("unavailable"), f"a connection needs the data plane: {status['data_plane']}"

        client = self.command("connect", "--json", "--hold", "60", str(self.profile))
        deadline = time.monotonic() + 30
        while not (connections := self.client.call("ec2", "DescribeClientVpnConnections", here)["Connections"]):
            assert time.monotonic() < deadline and client.poll() is None, "the client does not connect"
            time.sleep(0.1)
        connection = connections[0]
        stamp = Like(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
        expected = {
            "ClientVpnEndpointId": self.endpoint,
            "Timestamp": stamp,
            "ConnectionId": Like(r"cvpn-connection-[0-9a-f]{17}"),
            "ConnectionEstablishedTime": stamp,
            "IngressBytes": Like(r"\d+"),
            "EgressBytes": Like(r"\d+"),
            "IngressPackets": Like(r"\d+"),
            "EgressPackets": Like(r"\d+"),
            "ClientIp": Like(r"10\.88\.\d+\.\d+"),
            "CommonName": "alice.vpn.example.com",
            "Status": {"Code": "active"},
            "ConnectionEndTime": "-",
        }
        assert expected == connection, connection
        number = connection["ConnectionId"]
        ending = [{"ConnectionId": number, "PreviousStatus": {"Code": "active"}, "CurrentStatus": {"Code": "terminating"}}]
        answer = {"ClientVpnEndpointId": self.endpoint, "ConnectionStatuses": ending}
        self.good(terminate, answer, **here, ConnectionId=number)
        while (last := self.client.call("ec2", "DescribeClientVpnConnections", here)["Connections"][0])["Status"] != {
            "Code": "terminated"
        }:
            assert time.monotonic() < deadline, f"the connection does not end: {last}"
            time.sleep(0.1)
        expected.update(Status={"Code": "terminated"}, ConnectionEndTime=stamp)
        self.good(describe, {"Connections": [expected]}, **here, Filters=[{"Name": "connection-id", "Values": [number]}])
        client.terminate()
        client.communicate()

        self.bad(describe, "InvalidClientVpnEndpointId.NotFound", ClientVpnEndpointId=NOWHERE)
        unknown = "cvpn-connection-00000000000000000"
        self.bad(terminate, "InvalidClientVpnConnection.IdNotFound", **here, ConnectionId=unknown)
        self.bad(terminate, "InvalidClientVpnConnection.UserNotFound", **here, Username="alice")
        self.advance(3601)
        self.good(describe, {"Connections": []}, **here)

    def end(self) -> None:
        here = {"ClientVpnEndpointId": self.endpoint}
        for association in self.associations:
            leaving = {"AssociationId": association, "Status": {"Code": "disassociating"}}
            self.good("ec2.DisassociateClientVpnTargetNetwork", leaving, **here, AssociationId=association)
            if association == self.associations[0]:
                message = "Cannot initiate another change for this endpoint at this time"
                route = {**here, "DestinationCidrBlock": "192.168.9.0/24", "TargetVpcSubnetId": SECOND}
                self.bad("ec2.CreateClientVpnRoute", "ConcurrentMutationLimitExceeded", message, **route)
            self.advance(3600)
        self.good("ec2.DescribeClientVpnTargetNetworks", {"ClientVpnTargetNetworks": []}, **here)
        self.good("ec2.DescribeClientVpnRoutes", {"Routes": []}, **here)
        for endpoint in [self.endpoint, *self.others]:
            deleting = {"Status": {"Code": "deleting"}}
            self.good("ec2.DeleteClientVpnEndpoint", deleting, ClientVpnEndpointId=endpoint)
        self.advance(2)
        self.good("ec2.DescribeClientVpnEndpoints", {"ClientVpnEndpoints": []})
        self.bad("ec2.DeleteClientVpnEndpoint", "InvalidClientVpnEndpointId.NotFound", **here)
        self.good("acm.DeleteCertificate", {}, CertificateArn=self.arn)
