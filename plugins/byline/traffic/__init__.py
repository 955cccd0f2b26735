"""Visits through our links, counted from what the web server noted anyway: no cookie, no script, no address kept."""
