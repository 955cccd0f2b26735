"""HubSpot as a CRM."""

from byline.crm.hubspot.driver import HubSpotCrm

CRM = HubSpotCrm

__all__ = ["CRM", "HubSpotCrm"]
