"""Endpoints and their tags."""

from asking import GROUP, NOWHERE, SAML, VPC, Asking, Like


class Endpoints(Asking):
    def wish(self, **changes) -> dict:
        """The members for an endpoint."""
        root = {"ClientRootCertificateChainArn": self.arn}
        wish = {
            "ClientCidrBlock": "10.88.0.0/16",
            "ServerCertificateArn": self.arn,
            "AuthenticationOptions": [{"Type": "certificate-authentication", "MutualAuthentication": root}],
            "ConnectionLogOptions": {"Enabled": False},
        }
        return {**wish, **changes}

    def endpoints(self) -> None:
        name = Like(r"cvpn-endpoint-[0-9a-f]{17}")
        created = {
            "ClientVpnEndpointId": name,
            "Status": {"Code": "pending-associate"},
            "DnsName": Like(r"\*\.cvpn-endpoint-[0-9a-f]{17}\.prod\.clientvpn\.eu-central-1\.amazonaws\.com"),
        }

        def create(**changes) -> str:
            return self.good("ec2.CreateClientVpnEndpoint", created, **self.wish(**changes))["ClientVpnEndpointId"]

        def refused(code: str, message: str = ".*", **changes) -> None:
            self.bad("ec2.CreateClientVpnEndpoint", code, message, **self.wish(**changes))

        full = {
            "Description": "for tests & <more>",
            "DnsServers": ["10.1.0.2"],
            "TransportProtocol": "tcp",
            "VpnPort": 1194,
            "SplitTunnel": True,
            "SessionTimeoutHours": 8,
            "DisconnectOnSessionTimeout": False,
            "ClientLoginBannerOptions": {"Enabled": True, "BannerText": "Welcome, 欢迎"},
            "TagSpecifications": [{"ResourceType": "client-vpn-endpoint", "Tags": [{"Key": "latchkey:role", "Value": "endpoint"}]}],
            "ClientToken": "a-token",
        }
        self.endpoint = create(**full)
        assert create(**full) == self.endpoint, "one token made two endpoints"
        refused("IdempotentParameterMismatch", **{**full, "VpnPort": 443})
        refused("DryRunOperation", DryRun=True)
        refused("InvalidParameterValue", f"Certificate {self.nameless} does not have a domain", ServerCertificateArn=self.nameless)
        refused("InvalidParameterValue", ".*EC_prime256v1.*", ServerCertificateArn=self.curve)
        refused("InvalidParameterValue", ".*between /12 and /22", ClientCidrBlock="10.88.0.0/24")
        refused("InvalidParameterValue", ".*VpnPort.*", VpnPort=1195)
        refused("MissingParameter", SecurityGroupIds=[GROUP])
        refused("InvalidVpcID.NotFound", VpcId="vpc-1")
        refused("InvalidGroup.NotFound", VpcId=VPC, SecurityGroupIds=["sg-1"])
        refused("InvalidParameterValue", ".*overlaps.*", VpcId=VPC, ClientCidrBlock="10.1.0.0/16")
        root = {"ClientRootCertificateChainArn": self.arn}
        certificate = {"Type": "certificate-authentication", "MutualAuthentication": root}
        directory = {"Type": "directory-service-authentication", "ActiveDirectory": {"DirectoryId": "d-0123456789"}}
        provider = {"SAMLProviderArn": SAML, "SelfServiceSAMLProviderArn": SAML}
        federated = {"Type": "federated-authentication", "FederatedAuthentication": provider}
        refused("InvalidParameterValue", ".*one user-based type at most", AuthenticationOptions=[certificate, directory, federated])
        refused("UnsupportedOperation", ".*without certificates", AuthenticationOptions=[directory])
        refused("InvalidParameterValue", ".*DNS server.*", DnsServers=["2001:db8:1::2"])
        refused("UnsupportedOperation", ".*TrafficIpAddressType ipv6", TrafficIpAddressType="ipv6")
        refused("MissingParameter", ".*CloudwatchLogGroup", ConnectionLogOptions={"Enabled": True})
        self.with_directory = create(
            AuthenticationOptions=[certificate, directory],
            ConnectionLogOptions={"Enabled": True, "CloudwatchLogGroup": "vpn", "CloudwatchLogStream": "connections"},
            ClientRouteEnforcementOptions={"Enforced": True},
        )
        self.federated = create(
            AuthenticationOptions=[certificate, federated],
            ConnectionLogOptions={"Enabled": True, "CloudwatchLogGroup": "vpn"},
            SelfServicePortal="disabled",
        )
        self.others = [create(ClientCidrBlock="10.1.0.0/22"), self.with_directory, self.federated] + [create() for _ in range(2)]
        both = {"EndpointIpAddressType": "dual-stack", "TrafficIpAddressType": "dual-stack"}
        self.dual_stack = create(**both, DnsServers=["2001:db8:1::2"])
        self.others.append(self.dual_stack)
        refused("ClientVpnEndpointLimitExceeded")

        expected = {
            "ClientVpnEndpointId": self.endpoint,
            "Description": "for tests & <more>",
            "Status": {"Code": "pending-associate"},
            "CreationTime": Like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
            "DnsName": f"*.{self.endpoint}.prod.clientvpn.eu-central-1.amazonaws.com",
            "ClientCidrBlock": "10.88.0.0/16",
            "DnsServers": ["10.1.0.2"],
            "SplitTunnel": True,
            "VpnProtocol": "openvpn",
            "TransportProtocol": "tcp",
            "VpnPort": 1194,
            "AssociatedTargetNetworks": [],
            "ServerCertificateArn": self.arn,
            "AuthenticationOptions": [
                {
                    "Type": "certificate-authentication",
                    "MutualAuthentication": {"ClientRootCertificateChain": self.arn},
                }
            ],
            "ConnectionLogOptions": {"Enabled": False},
            "Tags": [{"Key": "latchkey:role", "Value": "endpoint"}],
            "SecurityGroupIds": [],
            "ClientConnectOptions": {"Enabled": False},
            "SessionTimeoutHours": 8,
            "ClientLoginBannerOptions": {"Enabled": True, "BannerText": "Welcome, 欢迎"},
            "ClientRouteEnforcementOptions": {"Enforced": False},
            "DisconnectOnSessionTimeout": False,
            "EndpointIpAddressType": "ipv4",
            "TrafficIpAddressType": "ipv4",
        }
        def minimal(endpoint: str, second: dict, **changes) -> dict:
            same = {**expected, "DnsServers": [], "TransportProtocol": "udp", "VpnPort": 443, "SplitTunnel": False, "Tags": []}
            same["AuthenticationOptions"] = [*expected["AuthenticationOptions"], second]
            same["DnsName"] = f"*.{endpoint}.prod.clientvpn.eu-central-1.amazonaws.com"
            same.update(ClientVpnEndpointId=endpoint, SessionTimeoutHours=24, DisconnectOnSessionTimeout=True)
            same.update(ClientLoginBannerOptions={"Enabled": False}, **changes)
            del same["Description"]
            return same

        described = "ec2.DescribeClientVpnEndpoints"
        log = {"Enabled": True, "CloudwatchLogGroup": "vpn", "CloudwatchLogStream": "connections"}
        portal = f"https://self-service.clientvpn.amazonaws.com/endpoints/{self.with_directory}"
        enforced = {"ClientRouteEnforcementOptions": {"Enforced": True}, "SelfServicePortalUrl": portal}
        found = minimal(self.with_directory, directory, ConnectionLogOptions=log, **enforced)
        self.good(described, {"ClientVpnEndpoints": [found]}, ClientVpnEndpointIds=[self.with_directory])
        answered = {"SamlProviderArn": SAML, "SelfServiceSamlProviderArn": SAML}
        second = {"Type": "federated-authentication", "FederatedAuthentication": answered}
        log = {"Enabled": True, "CloudwatchLogGroup": "vpn"}
        found = minimal(self.federated, second, ConnectionLogOptions=log)
        self.good(described, {"ClientVpnEndpoints": [found]}, ClientVpnEndpointIds=[self.federated])

        found = minimal(self.dual_stack, {}, DnsServers=["2001:db8:1::2"], **both)
        found["AuthenticationOptions"] = expected["AuthenticationOptions"]
        self.good(described, {"ClientVpnEndpoints": [found]}, ClientVpnEndpointIds=[self.dual_stack])

        by_tag = [{"Name": "tag:latchkey:role", "Values": ["endpoint"]}]
        self.good("ec2.DescribeClientVpnEndpoints", {"ClientVpnEndpoints": [expected]}, Filters=by_tag)
        self.paged("ec2.DescribeClientVpnEndpoints", "ClientVpnEndpoints", 5, 7)
        self.bad(
            "ec2.DescribeClientVpnEndpoints", "InvalidClientVpnEndpointId.NotFound", ClientVpnEndpointIds=[NOWHERE]
        )

        changes = {
            "Description": "changed",
            "DnsServers": {"CustomDnsServers": ["10.1.0.3", "10.1.0.4"], "Enabled": True},
            "TransportProtocol": "tcp",
            "VpnPort": 443,
            "SplitTunnel": False,
            "ClientLoginBannerOptions": {"Enabled": False},
            "SessionTimeoutHours": 12,
        }
        expected.update(changes, DnsServers=["10.1.0.3", "10.1.0.4"])
        del changes["TransportProtocol"]
        self.good("ec2.ModifyClientVpnEndpoint", {"Return": True}, ClientVpnEndpointId=self.endpoint, **changes)
        self.good("ec2.DescribeClientVpnEndpoints", {"ClientVpnEndpoints": [expected]}, Filters=by_tag)
        self.bad(
            "ec2.ModifyClientVpnEndpoint",
            "InvalidParameterValue",
            "Security Groups cannot be modified without specifying Vpc Id",
            ClientVpnEndpointId=self.endpoint,
            SecurityGroupIds=[GROUP],
        )
        self.bad("ec2.ModifyClientVpnEndpoint", "InvalidClientVpnEndpointId.NotFound", ClientVpnEndpointId=NOWHERE)
        back = {"DnsServers": {"Enabled": False}, "SplitTunnel": True}
        self.good("ec2.ModifyClientVpnEndpoint", {"Return": True}, ClientVpnEndpointId=self.endpoint, **back)

        self.bad("acm.DeleteCertificate", "ResourceInUseException", CertificateArn=self.arn)
        configuration = self.good(
            "ec2.ExportClientVpnClientConfiguration",
            {"ClientConfiguration": Like(rf"client\ndev tun\nproto tcp\nremote {self.endpoint}[a-z0-9.-]* 443\n(?s:.*)")},
            ClientVpnEndpointId=self.endpoint,
        )["ClientConfiguration"]
        assert "\nverify-x509-name vpn.example.com name\n" in configuration
        assert self.authority.certificate.decode().strip() in configuration
        certificate, key = (part.decode() for part in self.alice)
        self.profile = self.folder / "alice.ovpn"
        self.profile.write_text(f"{configuration}<cert>\n{certificate}</cert>\n<key>\n{key}</key>\n")
        for endpoint, asked in [
            (self.with_directory, "auth-user-pass"),
            (self.federated, "auth-user-pass\nauth-federate\nauth-retry interact\nauth-nocache"),
        ]:
            text = {"ClientConfiguration": Like(rf"client\n(?s:.*)\n</ca>\n{asked}\n\nreneg-sec 0\n(?s:.*)")}
            self.good("ec2.ExportClientVpnClientConfiguration", text, ClientVpnEndpointId=endpoint)
        self.bad(
            "ec2.ExportClientVpnClientConfiguration", "InvalidClientVpnEndpointId.NotFound", ClientVpnEndpointId=NOWHERE
        )

    def tags(self) -> None:
        tags = [{"Key": f"key-{number}", "Value": "x"} for number in range(5)]
        self.good("ec2.CreateTags", {}, Resources=[self.endpoint, VPC], Tags=tags)
        self.good("ec2.DeleteTags", {}, Resources=[VPC], Tags=tags[1:])
        vpc_tag = {"ResourceId": VPC, "ResourceType": "vpc", "Key": "key-0", "Value": "x"}
        of_vpc = [{"Name": "resource-type", "Values": ["vpc"]}]
        self.good("ec2.DescribeTags", {"Tags": [vpc_tag]}, Filters=of_vpc)
        self.paged("ec2.DescribeTags", "Tags", 5, 7)
        self.bad("ec2.DescribeTags", "InvalidParameterValue", Filters=[{"Name": "nonsense", "Values": ["x"]}])
        self.bad("ec2.CreateTags", "InvalidClientVpnEndpointId.NotFound", Resources=[NOWHERE], Tags=tags)
        self.bad("ec2.CreateTags", "InvalidParameterValue", Resources=[VPC], Tags=[{"Key": "aws:x", "Value": "x"}])
        self.bad("ec2.DeleteTags", "InvalidID", Resources=["nonsense"], Tags=tags)
