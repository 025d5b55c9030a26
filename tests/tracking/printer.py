"""A printer of the tests: it speaks CloudPRNT as a printer does, also over a link that loses answers."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from ordersite.core.crypto import new_token, token_hash
from vendors.models import Device, Vendor

PATH = "/cloudprnt"


def pair_printer(vendor: Vendor, name: str = "Kitchen printer") -> tuple[Device, str]:
    """A paired printer, and its token."""
    token = f"osd_{new_token()}"
    device = Device.objects.create(vendor=vendor, name=name, kind=Device.Kind.PRINTER, token_hash=token_hash(token))
    return device, token


@dataclass
class TestPrinter:
    """Polls, fetches, prints and confirms; `papers` is what has come out of it."""

    __test__ = False

    name: str
    token: str
    papers: list[str] = field(default_factory=list)
    status: str = "200%20OK"

    def call(self, method: str, query: str = "", body: Any = None) -> Any:
        credential = base64.b64encode(f"{self.name}:{self.token}".encode()).decode()
        sent = "" if body is None else json.dumps(body)
        return Client().generic(
            method, f"{PATH}{query}", sent, "application/json", headers={"Authorization": f"Basic {credential}"}
        )

    def poll(self, **told: Any) -> dict[str, Any]:
        body = {"status": "23 86 00 00", "printerMAC": "00:11:62:00:00:01", "statusCode": self.status, **told}
        answer = self.call("POST", body=body)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def get(self, token: str = "", media: str = "text/plain") -> Any:
        return self.call("GET", f"?mac=00:11:62:00:00:01&type={media}{f'&token={token}' if token else ''}")

    def delete(self, token: str = "", code: str = "200%20OK") -> Any:
        return self.call("DELETE", f"?mac=00:11:62:00:00:01&code={code}{f'&token={token}' if token else ''}")

    def work(self, *, gets: int = 1, deletes: int = 1) -> bool:
        """One round: whether a paper came out. More gets and deletes are those whose answers were lost."""
        told = self.poll()
        if not told["jobReady"]:
            return False
        token = told["jobToken"]
        answers = [self.get(token) for _ in range(gets)]
        if answers[-1].status_code != 200:
            self.delete(token, code="520")
            return False
        assert len({answer.content for answer in answers}) == 1
        self.papers.append(answers[-1].content.decode())
        for _ in range(deletes):
            assert self.delete(token).status_code == 200
        return True
