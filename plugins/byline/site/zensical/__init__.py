"""The site built by Zensical: it turns Markdown into pages with our templates, everything else is made here.

Zensical runs no plugin of MkDocs. So it gets a copy of what is public, with the values of every page beside it
(`stage`, `views`, `options`), and what it made is cleaned, completed and given its feeds afterwards (`finish`, `build`).
"""
