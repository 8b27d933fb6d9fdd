"""The same call through two clients. Both answer with what their own model made of the response."""

import contextlib
import datetime
import io
import json
import os
import re
import tempfile
from unittest import mock

import boto3
import botocore.exceptions
from botocore import UNSIGNED, xform_name
from botocore.config import Config

KEY = os.environ["AWS_ACCESS_KEY_ID"]
ONCE = Config(retries={"total_max_attempts": 1})


class Refused(Exception):
    """The service's refusal: its code and its sentence."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@contextlib.contextmanager
def a_slow_clock(slow: bool):
    """What is signed meanwhile is signed six minutes ago."""
    then = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(minutes=6)
    with mock.patch("botocore.auth.get_current_datetime", lambda *_: then) if slow else contextlib.nullcontext():
        yield


class Boto3:
    """boto3, as a program uses it."""

    name = "boto3"

    def __init__(self):
        self.clients = {name: boto3.client(name, config=ONCE) for name in ("ec2", "acm", "sts")}

    def call(self, service: str, operation: str, members: dict) -> dict:
        try:
            answer = getattr(self.clients[service], xform_name(operation))(**members)
        except botocore.exceptions.ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        assert answer["ResponseMetadata"]["RequestId"], answer
        del answer["ResponseMetadata"]
        return answer

    def pages(self, service: str, operation: str, size: int, members: dict) -> list:
        paginator = self.clients[service].get_paginator(xform_name(operation))
        return [answer for answer in paginator.paginate(PaginationConfig={"PageSize": size}, **members)]

    def wrongly_signed(self, service: str, operation: str, how: str) -> Refused:
        """The refusal of a call without members, signed wrongly or not at all."""
        if how == "late":
            client = self.clients[service]
        elif how == "unsigned":
            client = boto3.client(service, config=ONCE.merge(Config(signature_version=UNSIGNED)))
        elif how == "wrong secret":
            client = boto3.client(service, config=ONCE, aws_access_key_id=KEY, aws_secret_access_key="wrong")
        elif how == "wrong key":
            client = boto3.client(service, config=ONCE, aws_access_key_id="AKIAWRONG", aws_secret_access_key="wrong")
        else:
            client = boto3.client(service, config=ONCE, region_name="us-east-1")
        try:
            with a_slow_clock(how == "late"):
                getattr(client, xform_name(operation))()
        except botocore.exceptions.ClientError as error:
            return Refused(error.response["Error"]["Code"], error.response["Error"]["Message"])
        raise AssertionError(f"{service} took a call that was signed with {how}")


class AwsCommand:
    """The `aws` command: its own program, in this process, because starting Python for every call takes half a second."""

    name = "aws"

    def __init__(self):
        from awscli.clidriver import create_clidriver

        self.driver = create_clidriver()
        self.folder = tempfile.mkdtemp()

    def call(self, service: str, operation: str, members: dict) -> dict:
        options = [part for name, value in members.items() for part in self.option(name, value)]
        return self.run([service, xform_name(operation, "-"), *options])

    def pages(self, service: str, operation: str, size: int, members: dict) -> list:
        """The command joins the pages itself."""
        options = [part for name, value in members.items() for part in self.option(name, value)]
        return [self.run([service, xform_name(operation, "-"), "--page-size", str(size), *options])]

    def wrongly_signed(self, service: str, operation: str, how: str) -> Refused:
        changes = {
            "late": ({}, []),
            "unsigned": ({}, ["--no-sign-request"]),
            "wrong secret": ({"AWS_SECRET_ACCESS_KEY": "wrong"}, []),
            "wrong key": ({"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, []),
            "wrong region": ({}, ["--region", "us-east-1"]),
        }
        environment, options = changes[how]
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            # A driver of its own: the other one has read the environment.
            with a_slow_clock(how == "late"):
                AwsCommand().run([service, xform_name(operation, "-"), *options])
        except Refused as refused:
            return refused
        finally:
            os.environ.clear()
            os.environ.update(before)
        raise AssertionError(f"{service} took a call that was signed with {how}")

    def option(self, name: str, value) -> list:
        option = f"--{xform_name(name, '-')}"
        if isinstance(value, bool):
            return [option if value else f"--no-{option[2:]}"]
        if isinstance(value, bytes):
            file = tempfile.NamedTemporaryFile(dir=self.folder, delete=False)
            with file:
                file.write(value)
            return [option, f"fileb://{file.name}"]
        if isinstance(value, (list, dict)):
            return [option, json.dumps(value)]
        return [option, str(value)]

    def run(self, arguments: list) -> dict:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = self.driver.main([*arguments, "--output", "json"])
        if code == 0:
            return json.loads(out.getvalue() or "{}")
        refused = re.search(r"An error occurred \((\S+)\) when calling the \w+ operation(?: \(.*?\))?: (.*)", err.getvalue(), re.S)
        assert refused, f"aws {' '.join(arguments)} ended with {code}: {err.getvalue()}"
        raise Refused(refused[1], refused[2].strip())


CLIENTS = {client.name: client for client in (Boto3, AwsCommand)}
