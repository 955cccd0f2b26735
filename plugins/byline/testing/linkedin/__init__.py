"""LinkedIn as its documentation describes it: versions, rights, little text, duplicates, pictures.

What it takes from practice rather than from the documentation: text is cut without a word at the first reserved
character that starts no element, and a duplicate within ten minutes answers 422 with the URN of the first.
"""

from byline.testing.linkedin.fake import CASES, LinkedIn
from byline.testing.linkedin.little import read_little
from byline.testing.linkedin.shapes import Member

__all__ = ["CASES", "LinkedIn", "Member", "read_little"]
