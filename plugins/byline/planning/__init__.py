"""What would go out, where, when and why: content, settings, sending history and the time in, a plan out. Pure.

`plan` prints a plan and `send` carries one out: both get it from `plan()`. Texts are composed only for what is
shown or sent, so that a site with thousands of old posts is planned in a moment; the hash is made from the same
inputs as the texts and covers every delivery of the scope, whatever has become of it.

shape      what a plan is           standing   what times and rules alone make of a delivery
words      the exact texts          spending   the month's budget
planner    all of it together
"""

from byline.planning.planner import plan
from byline.planning.shape import (
    EVERYTHING,
    NOT_YET,
    NOTHING,
    OPEN,
    Asked,
    Delivery,
    Drivers,
    Plan,
    Scope,
    State,
    updated,
)
from byline.planning.spending import money, over_budget, spent
from byline.planning.words import fingerprint

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "NOT_YET",
    "OPEN",
    "Asked",
    "Delivery",
    "Drivers",
    "Plan",
    "Scope",
    "State",
    "fingerprint",
    "money",
    "over_budget",
    "plan",
    "spent",
    "updated",
]
