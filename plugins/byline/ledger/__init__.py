"""The sending history: one protocol, several stores. See `base`."""
