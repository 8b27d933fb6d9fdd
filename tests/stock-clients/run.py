"""run.py CLIENT SANDBOX STATE: goes through the scenario and prints what was checked, as JSON."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import clients
import scenario


def main() -> None:
    client, sandbox, state = sys.argv[1:]

    def command(*arguments: str) -> subprocess.Popen:
        return subprocess.Popen([sandbox, "--state", state, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    with tempfile.TemporaryDirectory() as folder:
        run = scenario.Scenario(clients.CLIENTS[client](), command, Path(folder))
        run.all()
    print(json.dumps({"operations": run.checked, "signatures": run.signatures}))


main()
