"""The contract that every driver of a CRM keeps, as a suite to inherit.

    from byline.testing.crm_contract import CrmCase, CrmContract, CrmWorld

    @pytest.fixture(params=CASES, ids=str)
    def world(request):
        with CrmWorld(MyCrm, request.param) as world:
            yield world

    class TestMyCrm(CrmContract):
        pass

A `CrmCase` is one way of signing in, with the stateful fake that stands for the CRM (a `CrmFake`). All of it runs on
loopback, on a clock that stands still.
"""

from __future__ import annotations

from byline.testing.crm_contract.arriving import Arriving
from byline.testing.crm_contract.keeping import Keeping
from byline.testing.crm_contract.returning import Returning
from byline.testing.crm_contract.syncing import Syncing
from byline.testing.crm_contract.world import (
    CAMPAIGNS,
    CATALOGUE,
    HOSTILE,
    NOW,
    CrmCase,
    CrmFake,
    CrmWorld,
    GivenDeal,
    GivenLead,
    Kept,
    KeptCampaign,
    every_deal,
    every_lead,
    lead,
    touches,
)

__all__ = [
    "CAMPAIGNS",
    "CATALOGUE",
    "HOSTILE",
    "NOW",
    "CrmCase",
    "CrmContract",
    "CrmFake",
    "CrmWorld",
    "GivenDeal",
    "GivenLead",
    "Kept",
    "KeptCampaign",
    "every_deal",
    "every_lead",
    "lead",
    "touches",
]


class CrmContract(Arriving, Returning, Keeping, Syncing):
    """Inherit, with a fixture `world`."""
