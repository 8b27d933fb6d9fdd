"""How things are asked, and what answers are compared with."""

import re

from clients import Refused

VPC, OTHER_VPC = "vpc-0a1b2c3d4e5f60718", "vpc-0a1b2c3d4e5f60728"
GROUP, DEFAULT_GROUP = "sg-0a1b2c3d4e5f60719", "sg-0a1b2c3d4e5f60718"
ACCOUNT = "123456789012"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/office"
PEERING = "pcx-0a1b2c3d4e5f60718"
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


class Asking:
    """One client, one sandbox, and what was checked."""

    def __init__(self, client, command, folder):
        self.client, self.command, self.folder = client, command, folder
        self.checked, self.signatures = {}, {}

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
