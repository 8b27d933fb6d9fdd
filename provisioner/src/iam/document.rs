//! An IAM policy as JSON.

use serde::Serialize;

use super::{
    Deployment,
    grant::{Conditions, Grant},
};

/// A policy document, <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

/// One statement, which allows something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    sid: &'static str,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Conditions::is_empty")]
    condition: Conditions,
}

impl Document {
    pub(super) fn new(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }
}

impl Statement {
    pub(super) fn new(grant: Grant, deployment: &Deployment, action: Vec<&'static str>) -> Self {
        Self {
            sid: grant.id(),
            effect: "Allow",
            action,
            resource: grant.resources(deployment),
            condition: grant.conditions(deployment),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::expect;

    use super::*;
    use crate::config::Config;

    #[test]
    fn a_deployment_s_policy_reads_like_this() {
        expect![[r#"
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Sid": "Look",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:DescribeVpcs",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeVpcPeeringConnections",
                    "ec2:DescribeInternetGateways",
                    "ec2:DescribeRouteTables",
                    "ec2:DescribeClientVpnEndpoints",
                    "ec2:DescribeClientVpnTargetNetworks",
                    "ec2:DescribeClientVpnAuthorizationRules",
                    "ec2:DescribeClientVpnRoutes",
                    "ec2:DescribeClientVpnConnections",
                    "acm:ListCertificates"
                  ],
                  "Resource": [
                    "*"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:RequestedRegion": "eu-central-1"
                    }
                  }
                },
                {
                  "Sid": "LookAtCertificates",
                  "Effect": "Allow",
                  "Action": [
                    "acm:ListTagsForCertificate",
                    "acm:DescribeCertificate"
                  ],
                  "Resource": [
                    "arn:aws:acm:eu-central-1:*:certificate/*"
                  ]
                },
                {
                  "Sid": "ImportOwnCertificates",
                  "Effect": "Allow",
                  "Action": [
                    "acm:ImportCertificate",
                    "acm:AddTagsToCertificate"
                  ],
                  "Resource": [
                    "arn:aws:acm:eu-central-1:*:certificate/*"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:RequestTag/latchkey:deployment": "demo"
                    }
                  }
                },
                {
                  "Sid": "ChangeOwnCertificates",
                  "Effect": "Allow",
                  "Action": [
                    "acm:ImportCertificate",
                    "acm:AddTagsToCertificate",
                    "acm:DeleteCertificate"
                  ],
                  "Resource": [
                    "arn:aws:acm:eu-central-1:*:certificate/*"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:ResourceTag/latchkey:deployment": "demo"
                    }
                  }
                },
                {
                  "Sid": "MakeOwnEndpoint",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:CreateClientVpnEndpoint"
                  ],
                  "Resource": [
                    "arn:aws:ec2:eu-central-1:*:client-vpn-endpoint/*"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:RequestTag/latchkey:deployment": "demo"
                    }
                  }
                },
                {
                  "Sid": "TagOwnEndpoint",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:CreateTags"
                  ],
                  "Resource": [
                    "arn:aws:ec2:eu-central-1:*:client-vpn-endpoint/*"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:RequestTag/latchkey:deployment": "demo",
                      "ec2:CreateAction": "CreateClientVpnEndpoint"
                    }
                  }
                },
                {
                  "Sid": "MakeEndpointInVpc",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:CreateClientVpnEndpoint",
                    "ec2:ModifyClientVpnEndpoint"
                  ],
                  "Resource": [
                    "arn:aws:ec2:eu-central-1:*:vpc/vpc-0a1b2c3d4e5f60718"
                  ]
                },
                {
                  "Sid": "MakeEndpointInGroups",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:CreateClientVpnEndpoint",
                    "ec2:ModifyClientVpnEndpoint"
                  ],
                  "Resource": [
                    "arn:aws:ec2:eu-central-1:*:security-group/*"
                  ]
                },
                {
                  "Sid": "UseOwnEndpoint",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:CreateTags",
                    "ec2:ModifyClientVpnEndpoint",
                    "ec2:DeleteClientVpnEndpoint",
                    "ec2:AssociateClientVpnTargetNetwork",
                    "ec2:DisassociateClientVpnTargetNetwork",
                    "ec2:AuthorizeClientVpnIngress",
                    "ec2:RevokeClientVpnIngress",
                    "ec2:CreateClientVpnRoute",
                    "ec2:DeleteClientVpnRoute",
                    "ec2:ImportClientVpnClientCertificateRevocationList",
                    "ec2:ExportClientVpnClientCertificateRevocationList",
                    "ec2:ExportClientVpnClientConfiguration",
                    "ec2:TerminateClientVpnConnections"
                  ],
                  "Resource": [
                    "arn:aws:ec2:eu-central-1:*:client-vpn-endpoint/*"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "aws:ResourceTag/latchkey:deployment": "demo"
                    }
                  }
                },
                {
                  "Sid": "AssociateSubnets",
                  "Effect": "Allow",
                  "Action": [
                    "ec2:AssociateClientVpnTargetNetwork",
                    "ec2:CreateClientVpnRoute"
                  ],
                  "Resource": [
                    "arn:aws:ec2:eu-central-1:*:subnet/subnet-0a1b2c3d4e5f60001",
                    "arn:aws:ec2:eu-central-1:*:subnet/subnet-0a1b2c3d4e5f60002"
                  ]
                },
                {
                  "Sid": "LetServiceMakeItsRole",
                  "Effect": "Allow",
                  "Action": [
                    "iam:CreateServiceLinkedRole"
                  ],
                  "Resource": [
                    "arn:aws:iam::*:role/aws-service-role/clientvpn.amazonaws.com/AWSServiceRoleForClientVPN"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "iam:AWSServiceName": "clientvpn.amazonaws.com"
                    }
                  }
                }
              ]
            }"#]]
        .assert_eq(&json(&deployment()));
    }

    #[test]
    fn what_is_configured_narrows_it() {
        let mut other = deployment();
        other.region = "us-gov-west-1".parse().unwrap();
        other.security_groups = vec!["sg-0a1b2c3d4e5f60719".parse().unwrap()];
        other.logs_connections = true;
        let text = json(&other);
        assert!(text.contains("arn:aws-us-gov:ec2:us-gov-west-1:*:security-group/sg-0a1b2c3d4e5f60719"), "{text}");
        assert!(text.contains("logs:DescribeLogGroups") && !json(&deployment()).contains("logs:"), "{text}");
    }

    #[test]
    fn a_ledger_in_a_bucket_is_the_only_thing_there_that_it_allows() {
        let mut other = deployment();
        other.ledger = Some("s3://vpn-ledger/demo".parse().unwrap());
        let policy = serde_json::to_value(other.policy()).unwrap();
        let s3: Vec<_> =
            policy["Statement"].as_array().unwrap().iter().filter(|it| it.to_string().contains("s3:")).collect();
        assert_eq!(s3.len(), 2);
        assert_eq!(s3[0]["Resource"][0], "arn:aws:s3:::vpn-ledger");
        assert_eq!(s3[0]["Condition"]["StringLike"]["s3:prefix"], "demo/*");
        assert_eq!(s3[1]["Resource"][0], "arn:aws:s3:::vpn-ledger/demo/*");
        assert!(!json(&deployment()).contains("s3:"));
        other.page = Some("s3://vpn-page".parse().unwrap());
        let text = json(&other);
        assert!(text.contains("arn:aws:s3:::vpn-page/*") && text.contains("\"s3:prefix\": \"*\""), "{text}");
    }

    #[test]
    fn a_key_in_kms_may_sign_as_the_ca_signs_and_do_nothing_else() {
        let mut with_key = deployment();
        with_key.ca_key = Some("arn:aws:kms:eu-central-1:123456789012:key/1234abcd".parse().unwrap());
        let (text, without) = (json(&with_key), json(&deployment()));
        assert!(!without.contains("kms:"), "{without}");
        let more: Vec<&str> = text.lines().skip_while(|line| !line.contains("LookAtCaKey")).collect();
        expect![[r#"
                  "Sid": "LookAtCaKey",
                  "Effect": "Allow",
                  "Action": [
                    "kms:GetPublicKey"
                  ],
                  "Resource": [
                    "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
                  ]
                },
                {
                  "Sid": "SignWithCaKey",
                  "Effect": "Allow",
                  "Action": [
                    "kms:Sign"
                  ],
                  "Resource": [
                    "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
                  ],
                  "Condition": {
                    "StringEquals": {
                      "kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"
                    }
                  }
                }
              ]
            }"#]]
        .assert_eq(&more.join("\n"));
    }

    #[test]
    fn it_fits_into_a_managed_policy() {
        // White space does not count: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
        let size = json(&deployment()).chars().filter(|c| !c.is_whitespace()).count();
        assert!(size < 6144, "{size}");
    }

    fn json(deployment: &Deployment) -> String {
        serde_json::to_string_pretty(&deployment.policy()).unwrap()
    }

    fn deployment() -> Deployment {
        let text = include_str!("../../../latchkey.toml");
        Deployment::of(&Config::parse(Path::new("latchkey.toml"), text).unwrap())
    }
}
