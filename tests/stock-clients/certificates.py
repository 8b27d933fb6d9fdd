"""ACM."""

import re

from asking import ARN, NO_ARN, Anything, Asking, Like
from pki import CLIENT, SERVER, Authority


class Certificates(Asking):
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
