"""Salesforce, over its REST interface."""

from byline.crm.salesforce.driver import Salesforce

CRM = Salesforce

__all__ = ["CRM", "Salesforce"]
