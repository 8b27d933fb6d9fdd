"""Every operation of the sandbox, with success and failure: what is asked, and what must come back.

The sandbox is started with associations that take an hour of its clock, with quotas that can be reached, and with a
peering of its VPCs. Each area builds on what the ones before it have left.
"""

from certificates import Certificates
from connections import Connections
from endpoints import Endpoints
from networks import Networks
from surroundings import Surroundings


class Scenario(Surroundings, Certificates, Endpoints, Networks, Connections):
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
