"""The `crm` group of mkdocs.yml -> CrmSettings. What only one vendor needs is checked by its own driver."""

from __future__ import annotations

from types import MappingProxyType

from byline.fields import Fields, kind
from byline.settings import CrmSettings
from byline.yamlread import Mapping_, Scalar

_TYPES = ("local", "salesforce", "dynamics", "hubspot", "csv")
_TEXTS = ("version", "tenant", "prefix")


def read_crm(block: Fields, currency: str) -> CrmSettings:
    """The settings of the CRM; mistakes are in `block.problems`. `currency` is that of `costs`."""
    from byline import registry

    section = block.section("crm")
    if section is None:
        return CrmSettings(currency=currency)
    known = registry.crms()
    name = section.choice("type", tuple(dict.fromkeys((*_TYPES, *known))), "local")
    api = section.url("api").rstrip("/")
    texts = {key: _text(section, key) for key in _TEXTS}
    section.get("forms")
    section.get("mappings")  # files that `publish crm map` wrote; read when something is imported
    section.text(
        "drop", expected="a folder, such as ../crm-leads"
    )  # the folder of a CRM that takes files alone
    found = CrmSettings(
        type=name,
        api=api,
        login=section.url("login").rstrip("/") or api,
        fields=MappingProxyType(_fields(section)),
        currency=section.text(
            "currency", currency, pattern=r"[A-Z]{3}", expected="a code such as EUR, USD or GBP"
        ),
        store="postgresql"
        if section.choice("store", ("local", "postgresql"), "local") == "postgresql"
        else "local",
        node=section.node,
        line=section.line(),
        **texts,
    )
    if found.vendor and name in known:
        registry.crm(name).settings(section)
    section.done()
    return found


def _text(section: Fields, key: str) -> str:
    """A text, or a number as it was typed: `version: 61.0` is meant as it stands."""
    node = section.get(key)
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.raw
    return section.text(key).strip()


def _fields(section: Fields) -> dict[str, str]:
    """Our words -> the vendor's fields, as written; an empty one leaves the field out."""
    node = section.get("fields")
    if node is None:
        return {}
    if not isinstance(node, Mapping_):
        section.problem(
            "fields",
            "wrong-kind",
            f"`fields` is {kind(node)}; a group of our words with the CRM's field names is expected",
            "write `fields:` and below it lines such as `utm_source: UTM_Source__c`",
        )
        return {}
    own = section.below(node, section.full("fields"))
    return {word: own.text(word).strip() for word in own}
