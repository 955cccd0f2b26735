"""Credit to what an owner reads: `build` makes the numbers and words once, the others show them."""
