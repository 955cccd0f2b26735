"""Which driver, and which store of our own, the settings mean. The only place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from byline import registry
from byline.crm.base import Catalogue, CrmDriver, Store, Totals
from byline.errors import UsageError
from byline.model import Deal, Invoice, Lead
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
    """Is there a store of our own already? A database counts as one."""
    from byline.crm.local import FILE

    return settings.crm.store == "postgresql" or (settings.state / FILE).exists()


def open_store(settings: Settings, *, clock: Clock, environment: Mapping[str, str]) -> Store:
    """The store of our own: `.byline/crm.db`, or the private database when `crm.store` says so. Close it.

    Raises UsageError when the environment does not name that database.
    """
    from byline.crm.local import FILE, LocalCrm

    if settings.crm.store == "postgresql":
        from byline import private
        from byline.crm._shared import SharedCrm

        url = environment.get(private.URL, "").strip()
        if not url:
            raise UsageError(
                f"`crm.store` in {settings.file_name} is `postgresql`, but {private.URL} is not set",
                hint=f"{private.URL}=postgresql://USER:PASSWORD@HOST/DATABASE in the environment",
            )
        return SharedCrm(private.open_store(settings.state, url, site=settings.site_key), clock=clock)
    return LocalCrm(settings.state / FILE, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a report needs of leads and money. `asked` is the CRM's label when it was read there and then.

    `totals` are the CRM's own numbers, asked for now, or `totals_then` as the last synchronising kept them.
    """

    leads: tuple[Lead, ...] = ()
    deals: tuple[Deal, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    aside: int = 0
    asked: str = ""
    totals: Totals | None = None
    totals_then: str = ""


def read(
    settings: Settings,
    *,
    clock: Clock,
    environment: Mapping[str, str],
    driver: Callable[[], CrmDriver],
) -> Material:
    """Everything from the store of our own; where it holds no copy of the CRM, from the CRM itself, with nothing kept.

    `driver` is called in that case alone. Invoices come from the store.
    """
    kept = Material()
    if has_store(settings):
        store = open_store(settings, clock=clock, environment=environment)
        try:
            kept = Material(
                leads=tuple(store.leads()),
                deals=tuple(store.deals()),
                invoices=tuple(store.invoices()),
                aside=sum(store.set_aside().values()),
                totals_then=store.mark(f"{settings.crm.type}@{settings.crm.api}:totals"),
            )
        finally:
            store.close()
    if not settings.crm.vendor or kept.totals_then:
        return kept
    crm = driver()
    return Material(
        leads=tuple(crm.leads()),
        deals=tuple(crm.deals()),
        invoices=kept.invoices or tuple(crm.invoices()),
        aside=kept.aside,
        asked=crm.caps.label,
        totals=crm.totals(),
    )
