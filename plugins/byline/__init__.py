"""Byline: a Markdown post becomes a page, a post on each network exactly once, and a lead with a source."""

__version__ = "0.1.0"
