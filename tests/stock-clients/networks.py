"""Target networks, routes and authorization rules."""

from asking import DEFAULT_GROUP, ELSEWHERE, FIRST, GROUP, NOWHERE, SAME_ZONE, SECOND, SHARED, SMALL, VPC, Asking, Like


class Networks(Asking):
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
        self.bad("ec2.CreateClientVpnRoute", "InvalidParameterValue", ".*IPv6.*", **wish("2001:db8:9::/48"))
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

        six = {"TargetNetworkCidr": "2001:db8:1::/56", "AuthorizeAllGroups": True}
        self.good("ec2.AuthorizeClientVpnIngress", authorizing, ClientVpnEndpointId=self.dual_stack, **six)
        self.bad("ec2.AuthorizeClientVpnIngress", "InvalidParameterValue", ".*IPv6.*", **here, **six)
        there = {"ClientVpnEndpointId": self.with_directory, "TargetNetworkCidr": "10.1.0.0/16"}
        self.good("ec2.AuthorizeClientVpnIngress", authorizing, **there, AccessGroupId="admins")
        self.good("ec2.AuthorizeClientVpnIngress", authorizing, **there, AuthorizeAllGroups=True)
        code = "InvalidClientVpnDuplicateAuthorizationRule"
        self.bad("ec2.AuthorizeClientVpnIngress", code, **there, AccessGroupId="admins")
        self.bad("ec2.AuthorizeClientVpnIngress", "InvalidParameterValue", **wish("10.3.0.0/16"), AccessGroupId="admins")
        self.advance(2)
        rule.update(ClientVpnEndpointId=self.with_directory, GroupId="admins", AccessAll=False)
        del rule["Description"]
        of_admins = [{"Name": "group-id", "Values": ["admins"]}]
        listed = {"AuthorizationRules": [rule]}
        self.good("ec2.DescribeClientVpnAuthorizationRules", listed, ClientVpnEndpointId=self.with_directory, Filters=of_admins)
        revoking = {"Status": {"Code": "revoking"}}
        self.good("ec2.RevokeClientVpnIngress", revoking, **there, AccessGroupId="admins")
        self.bad("ec2.RevokeClientVpnIngress", "InvalidClientVpnEndpointAuthorizationRuleNotFound", **there, AccessGroupId="users")

        last = {**wish("192.168.5.0/24"), "RevokeAllGroups": True}
        self.good("ec2.RevokeClientVpnIngress", {"Status": {"Code": "revoking"}}, **last)
        self.advance(2)
        self.bad("ec2.RevokeClientVpnIngress", "InvalidClientVpnEndpointAuthorizationRuleNotFound", **last)
