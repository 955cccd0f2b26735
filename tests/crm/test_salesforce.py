"""The Salesforce driver keeps the contract, and what is Salesforce's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from byline.crm.salesforce import Salesforce
from byline.testing.crm_contract import CrmCase, CrmContract, CrmWorld
from byline.testing.salesforce import USERNAME, FakeSalesforce
from byline.times import Clock

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    _KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
CLIENT, SECRET = "3MVG9.consumer", "the-client's/secret+of=ours"


def _fake(clock: Clock) -> FakeSalesforce:
    fake = FakeSalesforce(clock, client=(CLIENT, SECRET), public_key=PUBLIC)
    fake.page = 3
    return fake


CASES = (
    CrmCase(
        name="client-credentials",
        fake=_fake,
        environment={"SALESFORCE_CLIENT_ID": CLIENT, "SALESFORCE_CLIENT_SECRET": SECRET},
        block="type: salesforce\napi: {api}",
        public=frozenset({"SALESFORCE_CLIENT_ID"}),
    ),
    CrmCase(
        name="jwt",
        fake=_fake,
        environment={
            "SALESFORCE_CLIENT_ID": CLIENT,
            "SALESFORCE_USERNAME": USERNAME,
            "SALESFORCE_PRIVATE_KEY": PRIVATE,
        },
        block='type: salesforce\napi: {api}\nlogin: {api}\nversion: "61.0"',
        public=frozenset({"SALESFORCE_CLIENT_ID", "SALESFORCE_USERNAME"}),
    ),
)


@pytest.fixture(params=CASES, ids=str)
def world(request: pytest.FixtureRequest) -> Iterator[CrmWorld]:
    with CrmWorld(Salesforce, request.param) as world:
        yield world


class TestSalesforce(CrmContract):
    pass
