"""Who asks, and what was there before the first call."""

from asking import ACCOUNT, DEFAULT_GROUP, FIRST, GROUP, OTHER_VPC, PEERING, VPC, Asking


class Surroundings(Asking):
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
            "Ipv6CidrBlockAssociationSet": [
                {
                    "AssociationId": "vpc-cidr-assoc-0a1b2c3d4e5f60718",
                    "Ipv6CidrBlock": "2001:db8:1::/56",
                    "Ipv6CidrBlockState": {"State": "associated"},
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
            "Ipv6CidrBlockAssociationSet": [
                {
                    "AssociationId": FIRST.replace("subnet-", "subnet-cidr-assoc-"),
                    "Ipv6CidrBlock": "2001:db8:1:1::/64",
                    "Ipv6CidrBlockState": {"State": "associated"},
                }
            ],
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
                },
                {
                    "DestinationCidrBlock": "10.2.0.0/16",
                    "VpcPeeringConnectionId": PEERING,
                    "State": "active",
                    "Origin": "CreateRoute",
                },
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

        of_vpc = [{"Name": "vpc-id", "Values": [VPC]}]
        self.good("ec2.DescribeNatGateways", {"NatGateways": []}, Filter=of_vpc)
        self.bad("ec2.DescribeNatGateways", "NatGatewayNotFound", NatGatewayIds=["nat-1"])

        def side(vpc: str, cidr: str) -> dict:
            return {
                "CidrBlock": cidr,
                "CidrBlockSet": [{"CidrBlock": cidr}],
                "OwnerId": ACCOUNT,
                "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": False},
                "VpcId": vpc,
                "Region": "eu-central-1",
            }

        peering = {
            "AccepterVpcInfo": side(OTHER_VPC, "10.2.0.0/16"),
            "RequesterVpcInfo": side(VPC, "10.1.0.0/16"),
            "Status": {"Code": "active", "Message": "Active"},
            "Tags": [],
            "VpcPeeringConnectionId": PEERING,
        }
        describe = "ec2.DescribeVpcPeeringConnections"
        active = {"Name": "status-code", "Values": ["active"]}
        for name, vpc, found in [("requester", VPC, [peering]), ("accepter", OTHER_VPC, [peering]), ("accepter", VPC, [])]:
            filters = [active, {"Name": f"{name}-vpc-info.vpc-id", "Values": [vpc]}]
            self.good(describe, {"VpcPeeringConnections": found}, Filters=filters)
        self.bad(describe, "InvalidVpcPeeringConnectionID.NotFound", VpcPeeringConnectionIds=["pcx-1"])

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
