"""Dynamics 365 Sales as a CRM, by the Web API of its store, Dataverse."""

from byline.crm.dynamics.driver import DynamicsCrm

CRM = DynamicsCrm

__all__ = ["CRM", "DynamicsCrm"]
