"""Markdown with front matter -> posts, or every Problem in them at once. Reads files only; never raises for bad ones.

shape         what reading gives                front_matter  a text divided in two
reader        the whole folder, or one post     source        a file divided in two
across        what only shows among all posts   without_id    posts that still need an id
"""

from byline.content.front_matter import split
from byline.content.reader import read, read_again
from byline.content.shape import Content, addresses, public
from byline.content.without_id import ids_of_unreadable, missing_ids, write_missing_ids

__all__ = [
    "Content",
    "addresses",
    "ids_of_unreadable",
    "missing_ids",
    "public",
    "read",
    "read_again",
    "split",
    "write_missing_ids",
]
