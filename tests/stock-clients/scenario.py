"""Every operation of the sandbox, with success and failure: what is asked, and what must come back.

The sandbox is started with associations that take an hour of its clock, and with quotas that can be reached.
"""

import json
import re
import time

from clients import Refused
from pki import CLIENT, SERVER, Authority

VPC, OTHER_VPC = "vpc-0a1b2c3d4e5f60718", "vpc-0a1b2c3d4e5f60728"
GROUP, DEFAULT_GROUP = "sg-0a1b2c3d4e5f60719", "sg-0a1b2c3d4e5f60718"
ACCOUNT, STRANGER = "123456789012", "210987654321"
FIRST, SECOND, SAME_ZONE, SMALL, ELSEWHERE, SHARED = (f"subnet-0a1b2c3d4e5f6000{digit}" for digit in range(1, 7))
ARN = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/"
NOWHERE = "cvpn-endpoint-00000000000000000"
NO_ARN = ARN + "00000000-0000-4000-8000-000000000000"


class Like:
    """Equal to every string that matches."""

    def __init__(self, pattern: str):
        self.pattern = pattern

    def __eq__(self, other) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None

    def __repr__(self) -> str:
        return f"/{self.pattern}/"


class Anything:
    """Equal to everything."""

    def __eq__(self, other) -> bool:
        return True

    def __repr__(self) -> str:
        return "…"


class Scenario:
    def __init__(self, client, command, folder):
        self.client, self.command, self.folder = client, command, folder
        self.checked, self.signatures = {}, {}

    # How things are asked.

    def good(self, operation: str, expected, **members):
        """The call succeeds, and its answer is exactly that."""
        service, name = operation.split(".")
        try:
            answer = self.client.call(service, name, members)
        except Refused as refused:
            raise AssertionError(f"{operation} {members} was refused: {refused}") from refused
        assert expected == answer, f"{operation}:\n expected {expected}\n      got {answer}"
        self.record(operation)["successes"] += 1
        return answer

    def bad(self, operation: str, code: str, message: str = ".*", **members) -> None:
        """The call is refused with that code."""
        service, name = operation.split(".")
        try:
            answer = self.client.call(service, name, members)
        except Refused as refused:
            assert refused.code == code and re.fullmatch(message, refused.message, re.S), f"{operation}: {refused}"
        else:
            raise AssertionError(f"{operation} {members} was not refused: {answer}")
        codes = self.record(operation)["codes"]
        codes.append(code) if code not in codes else None

    def paged(self, operation: str, member: str, size: int, expected: int, **members) -> None:
        """The list comes on several pages and has that many items."""
        service, name = operation.split(".")
        pages = self.client.pages(service, name, size, members)
        lengths = [len(page[member]) for page in pages]
        assert sum(lengths) == expected and expected > size, f"{operation}: pages of {lengths}"
        assert len(lengths) == 1 or all(length <= size for length in lengths), f"{operation}: pages of {lengths}"
        self.record(operation)["pages"] = True

    def record(self, operation: str) -> dict:
        return self.checked.setdefault(operation, {"successes": 0, "codes": [], "pages": False})

    def sandbox(self, *arguments: str) -> str:
        process = self.command(*arguments)
        output, _ = process.communicate()
        assert process.returncode == 0, f"sandbox {arguments}: {output.decode()}"
        return output.decode()

    def advance(self, seconds: int) -> None:
        self.sandbox("advance", str(seconds))

    # What is asked.

    def all(self) -> None:
        self.who_is_asking()
        self.what_was_there_before()
        self.certificates()
        self.endpoints()
        self.tags()
        self.target_networks()
        self.routes()
        self.rules()
        self.revocation_list()
        self.connections()
        self.end()

    def who_is_asking(self) -> None:
        identity = {"UserId": "AIDASANDBOXEXAMPLE234", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/sandbox"}
        self.good("sts.GetCallerIdentity", identity)
        calls = {"ec2": "DescribeVpcs", "acm": "ListCertificates", "sts": "GetCallerIdentity"}
        codes = {
            "wrong secret": {"ec2": "AuthFailure", "acm": "InvalidSignatureException", "sts": "SignatureDoesNotMatch"},
            "wrong key": {"ec2": "AuthFailure", "acm": "UnrecognizedClientException", "sts": "InvalidClientTokenId"},
            "wrong region": {"ec2": "AuthFailure", "acm": "InvalidSignatureException", "sts": "SignatureDoesNotMatch"},
            "late": {"ec2": "RequestExpired", "acm": "InvalidSignatureException", "sts": "SignatureDoesNotMatch"},
            "unsigned": {
                "ec2": "MissingAuthenticationToken",
                "acm": "MissingAuthenticationTokenException",
                "sts": "MissingAuthenticationToken",
            },
        }
        for how, expected in codes.items():
            for service, code in expected.items():
                refused = self.client.wrongly_signed(service, calls[service], how)
                assert refused.code == code, f"{service}, {how}: {refused}"
        self.signatures = codes
        self.record("sts.GetCallerIdentity")["codes"] = [codes[how]["sts"] for how in ("wrong secret", "wrong key", "unsigned")]

        self.bad("ec2.DescribeInstances", "InvalidAction", "The action DescribeInstances is not valid.*")
        self.bad("acm.GetAccountConfiguration", "UnknownOperationException", ".*GetAccountConfiguration.*")
        self.bad("sts.GetSessionToken", "InvalidAction", ".*GetSessionToken.*")
        for unknown in ("ec2.DescribeInstances", "acm.GetAccountConfiguration", "sts.GetSessionToken"):
            del self.checked[unknown]

    def what_was_there_before(self) -> None:
        vpc = {
            "OwnerId": ACCOUNT,
            "InstanceTenancy": "default",
            "CidrBlockAssociationSet": [
                {
                    "AssociationId": "vpc-cidr-assoc-0a1b2c3d4e5f60718",
                    "CidrBlock": "10.1.0.0/16",
                    "CidrBlockState": {"State": "associated"},
                }
            ],
            "IsDefault": False,
            "Tags": [],
            "VpcId": VPC,
            "State": "available",
            "CidrBlock": "10.1.0.0/16",
            "DhcpOptionsId": "default",
        }
        self.good("ec2.DescribeVpcs", {"Vpcs": [vpc]}, VpcIds=[VPC])
        self.bad("ec2.DescribeVpcs", "InvalidVpcID.NotFound", ".*vpc-1.*", VpcIds=["vpc-1"])
        self.bad("ec2.DescribeVpcs", "DryRunOperation", DryRun=True)

        subnet = {
            "AvailabilityZone": "eu-central-1a",
            "AvailabilityZoneId": "euc1-az2",
            "AvailableIpAddressCount": 250,
            "CidrBlock": "10.1.1.0/24",
            "DefaultForAz": False,
            "MapPublicIpOnLaunch": False,
            "OwnerId": ACCOUNT,
            "State": "available",
            "SubnetArn": f"arn:aws:ec2:eu-central-1:{ACCOUNT}:subnet/{FIRST}",
            "SubnetId": FIRST,
            "Tags": [],
            "VpcId": VPC,
        }
        only_first = [{"Name": "cidr-block", "Values": ["10.1.1.0/24"]}]
        self.good("ec2.DescribeSubnets", {"Subnets": [subnet]}, Filters=only_first)
        self.paged("ec2.DescribeSubnets", "Subnets", 5, 6)
        self.bad("ec2.DescribeSubnets", "InvalidSubnetID.NotFound", SubnetIds=["subnet-1"])

        groups = [
            (DEFAULT_GROUP, "default", "default VPC security group"),
            (GROUP, "vpn-clients", "what clients of the VPN may reach"),
        ]
        groups = [
            {
                "OwnerId": ACCOUNT,
                "GroupId": group,
                "GroupName": name,
                "Description": description,
                "VpcId": VPC,
                "IpPermissions": [],
                "IpPermissionsEgress": [],
                "Tags": [],
            }
            for group, name, description in groups
        ]
        in_vpc = [{"Name": "vpc-id", "Values": [VPC]}]
        self.good("ec2.DescribeSecurityGroups", {"SecurityGroups": groups}, Filters=in_vpc)
        self.bad("ec2.DescribeSecurityGroups", "InvalidGroup.NotFound", GroupIds=["sg-1"])

        table = {
            "RouteTableId": "rtb-0a1b2c3d4e5f60718",
            "VpcId": VPC,
            "OwnerId": ACCOUNT,
            "Routes": [
                {
                    "DestinationCidrBlock": "10.1.0.0/16",
                    "GatewayId": "local",
                    "State": "active",
                    "Origin": "CreateRouteTable",
                }
            ],
            "Associations": [
                {
                    "RouteTableAssociationId": "rtbassoc-0a1b2c3d4e5f60718",
                    "RouteTableId": "rtb-0a1b2c3d4e5f60718",
                    "Main": True,
                    "AssociationState": {"State": "associated"},
                }
            ],
            "PropagatingVgws": [],
            "Tags": [],
        }
        self.good("ec2.DescribeRouteTables", {"RouteTables": [table]}, Filters=in_vpc)
        self.bad("ec2.DescribeRouteTables", "InvalidRouteTableID.NotFound", RouteTableIds=["rtb-1"])

        attached = [{"Name": "attachment.vpc-id", "Values": [VPC]}]
        self.good("ec2.DescribeInternetGateways", {"InternetGateways": []}, Filters=attached)
        self.bad(
            "ec2.DescribeInternetGateways", "InvalidInternetGatewayID.NotFound", InternetGatewayIds=["igw-1"]
        )

        zone = {
            "OptInStatus": "opt-in-not-required",
            "Messages": [],
            "RegionName": "eu-central-1",
            "ZoneName": "eu-central-1b",
            "ZoneId": "euc1-az3",
            "GroupName": "eu-central-1-zg-1",
            "NetworkBorderGroup": "eu-central-1",
            "ZoneType": "availability-zone",
            "State": "available",
        }
        self.good("ec2.DescribeAvailabilityZones", {"AvailabilityZones": [zone]}, ZoneNames=["eu-central-1b"])
        self.bad("ec2.DescribeAvailabilityZones", "InvalidParameterValue", ZoneNames=["eu-central-1z"])

    def certificates(self) -> None:
        self.authority = Authority(self.folder, "authority")
        self.stranger = Authority(self.folder, "stranger")
        self.server = self.authority.issue("vpn.example.com", SERVER)
        arn = {"CertificateArn": Like(re.escape(ARN) + r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")}
        tags = [{"Key": "latchkey:role", "Value": "server"}]

        def members(identity, chain=self.authority.certificate, **more):
            return {"Certificate": identity[0], "PrivateKey": identity[1], "CertificateChain": chain, **more}

        def imported(identity, **more) -> str:
            return self.good("acm.ImportCertificate", arn, **members(identity, **more))["CertificateArn"]

        self.arn = imported(self.server, Tags=tags)
        self.alice = self.authority.issue("alice.vpn.example.com", CLIENT)
        self.nameless = imported(self.authority.issue("server", CLIENT))
        self.curve = imported(self.authority.issue("curve.example.com", SERVER, ("ecparam", "prime256v1")))
        renewed = self.authority.issue("vpn.example.com", SERVER)
        assert imported(renewed, CertificateArn=self.arn) == self.arn
        self.server = renewed

        mismatch = (self.server[0], self.alice[1])
        self.bad("acm.ImportCertificate", "ValidationException", ".*does not match.*", **members(mismatch))
        other_chain = members(self.server, self.stranger.certificate)
        self.bad("acm.ImportCertificate", "ValidationException", ".*Could not validate.*", **other_chain)
        again = members(self.alice, CertificateArn=self.arn)
        self.bad("acm.ImportCertificate", "ValidationException", ".*at least one of its domain.*", **again)
        self.bad("acm.ImportCertificate", "ResourceNotFoundException", **members(renewed, CertificateArn=NO_ARN))

        got = {"Certificate": renewed[0].decode(), "CertificateChain": self.authority.certificate.decode()}
        self.good("acm.GetCertificate", got, CertificateArn=self.arn)
        self.bad("acm.GetCertificate", "ResourceNotFoundException", CertificateArn=NO_ARN)

        detail = {
            "CertificateArn": self.arn,
            "DomainName": "vpn.example.com",
            "SubjectAlternativeNames": ["vpn.example.com"],
            "Serial": Like("[0-9a-f]{2}"),
            "Subject": "CN=vpn.example.com",
            "Issuer": "CN=Stock CA",
            "CreatedAt": Anything(),
            "ImportedAt": Anything(),
            "Status": "ISSUED",
            "NotBefore": Anything(),
            "NotAfter": Anything(),
            "KeyAlgorithm": "RSA_2048",
            "InUseBy": [],
            "Type": "IMPORTED",
            "KeyUsages": [{"Name": "DIGITAL_SIGNATURE"}, {"Name": "KEY_ENCIPHERMENT"}],
            "ExtendedKeyUsages": [{"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}],
            "RenewalEligibility": "INELIGIBLE",
        }
        self.good("acm.DescribeCertificate", {"Certificate": detail}, CertificateArn=self.arn)
        self.bad("acm.DescribeCertificate", "ResourceNotFoundException", CertificateArn=NO_ARN)
        self.bad("acm.DescribeCertificate", "InvalidArnException", CertificateArn="arn:aws:acm:eu-central-1:1:other/thing")

        more = [{"Key": "a", "Value": "1"}]
        self.good("acm.AddTagsToCertificate", {}, CertificateArn=self.arn, Tags=more)
        self.good("acm.ListTagsForCertificate", {"Tags": more + tags}, CertificateArn=self.arn)
        reserved = [{"Key": "aws:a", "Value": "1"}]
        self.bad("acm.AddTagsToCertificate", "InvalidTagException", CertificateArn=self.arn, Tags=reserved)
        many = [{"Key": f"key-{number}", "Value": ""} for number in range(49)]
        self.bad("acm.AddTagsToCertificate", "TooManyTagsException", CertificateArn=self.arn, Tags=many)
        self.bad("acm.ListTagsForCertificate", "ResourceNotFoundException", CertificateArn=NO_ARN)

        imported(self.authority.issue("four.example.com", SERVER))
        five = imported(self.authority.issue("five.example.com", SERVER))
        self.bad("acm.ImportCertificate", "LimitExceededException", **members(self.server))
        every = {"Includes": {"keyTypes": ["RSA_2048", "EC_prime256v1"]}}
        self.paged("acm.ListCertificates", "CertificateSummaryList", 2, 5, **every)
        curve = {
            "CertificateArn": self.curve,
            "DomainName": "curve.example.com",
            "SubjectAlternativeNameSummaries": ["curve.example.com"],
            "HasAdditionalSubjectAlternativeNames": False,
            "Status": "ISSUED",
            "Type": "IMPORTED",
            "KeyAlgorithm": "EC_prime256v1",
            "KeyUsages": ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"],
            "ExtendedKeyUsages": ["TLS_WEB_SERVER_AUTHENTICATION"],
            "InUse": False,
            "RenewalEligibility": "INELIGIBLE",
            "NotBefore": Anything(),
            "NotAfter": Anything(),
            "CreatedAt": Anything(),
            "ImportedAt": Anything(),
        }
        only_curve = {"keyTypes": ["EC_prime256v1"]}
        self.good("acm.ListCertificates", {"CertificateSummaryList": [curve]}, Includes=only_curve)
        self.bad("acm.ListCertificates", "ValidationException", SortBy="CREATED_AT")

        self.good("acm.DeleteCertificate", {}, CertificateArn=five)
        self.bad("acm.DeleteCertificate", "ResourceNotFoundException", CertificateArn=five)

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
        self.others = [create(ClientCidrBlock="10.1.0.0/22")] + [create() for _ in range(5)]
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

    def target_networks(self) -> None:
        here = {"ClientVpnEndpointId": self.endpoint}
        associated = {"AssociationId": Like(r"cvpn-assoc-[0-9a-f]{17}"), "Status": {"Code": "associating"}}

        def refused(code: str, subnet: str, endpoint: str = self.endpoint) -> None:
            self.bad("ec2.AssociateClientVpnTargetNetwork", code, ClientVpnEndpointId=endpoint, SubnetId=subnet)

        refused("InvalidClientVpnEndpointId.NotFound", FIRST, NOWHERE)
        refused("InvalidClientVpnSubnetId.NotFound", "subnet-1")
        refused("InvalidClientVpnSubnetId.DifferentAccount", SHARED)
        refused("InvalidClientVpnSubnetId.OverlappingCidr", FIRST, self.others[0])
        refused("InvalidParameterValue", SMALL)
        call = {**here, "SubnetId": FIRST, "ClientToken": "b-token"}
        first = self.good("ec2.AssociateClientVpnTargetNetwork", associated, **call)["AssociationId"]
        assert self.good("ec2.AssociateClientVpnTargetNetwork", associated, **call)["AssociationId"] == first
        refused("InvalidClientVpnDuplicateAssociationException", FIRST)
        refused("InvalidClientVpnSubnetId.DuplicateAz", SAME_ZONE)
        refused("InvalidParameterValue", ELSEWHERE)
        refused("ConcurrentMutationLimitExceeded", SECOND)
        too_early = {**here, "AssociationId": first}
        self.bad("ec2.DisassociateClientVpnTargetNetwork", "ConcurrentMutationLimitExceeded", **too_early)

        def network(association: str, subnet: str, status: str, groups: list) -> dict:
            return {
                "AssociationId": association,
                "VpcId": VPC,
                "TargetNetworkId": subnet,
                "ClientVpnEndpointId": self.endpoint,
                "Status": {"Code": status},
                "SecurityGroups": groups,
            }

        listed = {"ClientVpnTargetNetworks": [network(first, FIRST, "associating", [DEFAULT_GROUP])]}
        self.good("ec2.DescribeClientVpnTargetNetworks", listed, **here, AssociationIds=[first])
        self.advance(3600)
        second = self.good("ec2.AssociateClientVpnTargetNetwork", associated, **here, SubnetId=SECOND)["AssociationId"]
        self.associations = [first, second]
        self.advance(3600)
        by_subnet = [{"Name": "target-network-id", "Values": [SECOND]}]
        listed = {"ClientVpnTargetNetworks": [network(second, SECOND, "associated", [DEFAULT_GROUP])]}
        self.good("ec2.DescribeClientVpnTargetNetworks", listed, **here, Filters=by_subnet)
        unknown = "cvpn-assoc-00000000000000000"
        code = "InvalidClientVpnAssociationIdNotFound"
        self.bad("ec2.DescribeClientVpnTargetNetworks", code, **here, AssociationIds=[unknown])
        self.bad("ec2.DisassociateClientVpnTargetNetwork", code, **here, AssociationId=unknown)

        apply = "ec2.ApplySecurityGroupsToClientVpnTargetNetwork"
        self.good(apply, {"SecurityGroupIds": [GROUP]}, **here, VpcId=VPC, SecurityGroupIds=[GROUP])
        self.bad(apply, "InvalidGroup.NotFound", **here, VpcId=VPC, SecurityGroupIds=["sg-1"])
        waiting = {"ClientVpnEndpointId": self.others[0], "VpcId": VPC, "SecurityGroupIds": [GROUP]}
        self.bad(apply, "InvalidClientVpnActiveAssociationNotFound", **waiting)

        self.bad(
            "ec2.DeleteClientVpnEndpoint",
            "ClientVpnEndpointAssociationExists",
            f"The endpoint that you're trying to delete has associations {first}, {second}",
            **here,
        )

    def routes(self) -> None:
        here = {"ClientVpnEndpointId": self.endpoint}
        creating = {"Status": {"Code": "creating"}}

        def wish(destination: str, subnet: str = FIRST) -> dict:
            return {**here, "DestinationCidrBlock": destination, "TargetVpcSubnetId": subnet}

        def route(destination: str, subnet: str, origin: str, description: str) -> dict:
            return {
                "ClientVpnEndpointId": self.endpoint,
                "DestinationCidr": destination,
                "TargetSubnet": subnet,
                "Type": "Nat",
                "Origin": origin,
                "Status": {"Code": "active"},
                "Description": description,
            }

        by_hand = {**wish("192.168.0.0/24"), "Description": "the office", "ClientToken": "c-token"}
        self.good("ec2.CreateClientVpnRoute", creating, **by_hand)
        self.good("ec2.CreateClientVpnRoute", creating, **by_hand)
        self.bad("ec2.CreateClientVpnRoute", "InvalidClientVpnDuplicateRoute", **wish("10.1.0.0/16"))
        self.bad("ec2.CreateClientVpnRoute", "InvalidClientVpnSubnetId.NotFound", **wish("192.168.1.0/24", "subnet-1"))
        not_associated = wish("192.168.1.0/24", SAME_ZONE)
        self.bad("ec2.CreateClientVpnRoute", "InvalidClientVpnActiveAssociationNotFound", **not_associated)
        self.bad("ec2.CreateClientVpnRoute", "InvalidParameterValue", **wish("10.88.4.0/24"))
        for third in range(1, 6):
            self.advance(2)
            self.good("ec2.CreateClientVpnRoute", creating, **wish(f"192.168.{third}.0/24"))
        self.bad("ec2.CreateClientVpnRoute", "ClientVpnRouteLimitExceeded", **wish("192.168.99.0/24"))
        self.advance(2)

        local = route("10.1.0.0/16", SECOND, "associate", "Default Route")
        self.good("ec2.DescribeClientVpnRoutes", {"Routes": [local]}, **here, Filters=[{"Name": "target-subnet", "Values": [SECOND]}])
        office = route("192.168.0.0/24", FIRST, "add-route", "the office")
        found = [{"Name": "destination-cidr", "Values": ["192.168.0.0/24"]}]
        self.good("ec2.DescribeClientVpnRoutes", {"Routes": [office]}, **here, Filters=found)
        self.paged("ec2.DescribeClientVpnRoutes", "Routes", 5, 8, **here)
        self.bad("ec2.DescribeClientVpnRoutes", "InvalidClientVpnEndpointId.NotFound", ClientVpnEndpointId=NOWHERE)

        self.good("ec2.DeleteClientVpnRoute", {"Status": {"Code": "deleting"}}, **wish("192.168.0.0/24"))
        self.advance(2)
        self.bad("ec2.DeleteClientVpnRoute", "InvalidClientVpnRouteNotFound", **wish("192.168.0.0/24"))
        self.bad("ec2.DeleteClientVpnRoute", "OperationNotPermitted", **wish("10.1.0.0/16"))

    def rules(self) -> None:
        here = {"ClientVpnEndpointId": self.endpoint}
        authorizing = {"Status": {"Code": "authorizing"}}

        def wish(network: str) -> dict:
            return {**here, "TargetNetworkCidr": network}

        first = {**wish("10.1.0.0/16"), "AuthorizeAllGroups": True, "Description": "all of it", "ClientToken": "d-token"}
        self.good("ec2.AuthorizeClientVpnIngress", authorizing, **first)
        self.good("ec2.AuthorizeClientVpnIngress", authorizing, **first)
        self.bad(
            "ec2.AuthorizeClientVpnIngress",
            "InvalidClientVpnDuplicateAuthorizationRule",
            **wish("10.1.0.0/16"),
            AuthorizeAllGroups=True,
        )
        self.bad("ec2.AuthorizeClientVpnIngress", "MissingParameter", **wish("10.2.0.0/16"))
        self.bad("ec2.AuthorizeClientVpnIngress", "InvalidParameterValue", **wish("10.2.0.1/16"), AuthorizeAllGroups=True)
        for third in range(6):
            self.good("ec2.AuthorizeClientVpnIngress", authorizing, **wish(f"192.168.{third}.0/24"), AuthorizeAllGroups=True)
        over = {**wish("192.168.6.0/24"), "AuthorizeAllGroups": True}
        self.bad("ec2.AuthorizeClientVpnIngress", "ClientVpnAuthorizationRuleLimitExceeded", **over)
        self.advance(2)
        rule = {
            "ClientVpnEndpointId": self.endpoint,
            "Description": "all of it",
            "GroupId": "",
            "AccessAll": True,
            "DestinationCidr": "10.1.0.0/16",
            "Status": {"Code": "active"},
        }
        described = [{"Name": "description", "Values": ["all of it"]}]
        self.good(
            "ec2.DescribeClientVpnAuthorizationRules", {"AuthorizationRules": [rule]}, **here, Filters=described
        )
        self.paged("ec2.DescribeClientVpnAuthorizationRules", "AuthorizationRules", 5, 7, **here)
        code = "InvalidClientVpnEndpointId.NotFound"
        self.bad("ec2.DescribeClientVpnAuthorizationRules", code, ClientVpnEndpointId=NOWHERE)

        last = {**wish("192.168.5.0/24"), "RevokeAllGroups": True}
        self.good("ec2.RevokeClientVpnIngress", {"Status": {"Code": "revoking"}}, **last)
        self.advance(2)
        self.bad("ec2.RevokeClientVpnIngress", "InvalidClientVpnEndpointAuthorizationRuleNotFound", **last)

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
