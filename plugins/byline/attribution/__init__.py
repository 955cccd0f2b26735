"""Touches and deals to credit. Pure: no file, no clock, no network. One table holds every model."""
