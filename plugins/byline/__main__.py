"""`python -m byline` is `publish`."""

from byline.cli import main

main()
