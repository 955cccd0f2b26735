"""Which driver, and which store of our own, the settings mean. The only place that knows all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from byline import registry
from byline.crm.base import Catalogue, CrmDriver, Store
from byline.errors import UsageError
from byline.settings import Secrets, Settings

if TYPE_CHECKING:
    from byline.http import Http
    from byline.times import Clock


def open_driver(
    settings: Settings, *, http: Http, secrets: Secrets, clock: Clock, catalogue: Catalogue | None = None
) -> CrmDriver:
    """The vendor's driver. UsageError when the settings name none."""
    if not settings.crm.vendor:
        raise UsageError(
            f"`crm` in {settings.file_name} names no CRM with an interface (its type is {settings.crm.type})",
            hint="write `crm: {type: salesforce}` (or dynamics, hubspot) with its address, or use `publish crm import`",
        )
    made: CrmDriver = registry.crm(settings.crm.type)(
        settings.crm, http=http, secrets=secrets, clock=clock, catalogue=catalogue or Catalogue()
    )
    return made


def has_store(settings: Settings) -> bool:
    """Is there a store of our own already?"""
    from byline.crm.local import FILE

    return (settings.state / FILE).exists()


def open_store(settings: Settings, *, clock: Clock) -> Store:
    """The store of our own, `.byline/crm.db`. Close it."""
    from byline.crm.local import FILE, LocalCrm

    return LocalCrm(settings.state / FILE, clock=clock)
