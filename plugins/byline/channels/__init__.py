"""The networks: one file each. `base` is the contract, `byline.registry` finds the rest."""
