"""How each file that people write is read: mkdocs.yml, a post, its `share` section, the authors.

Used through `byline.settings.load` and `byline.content.read`; nothing here opens a connection.
"""
