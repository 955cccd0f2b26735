"""The site: feeds, metadata, pictures, forms and the manifest, for any generator; `mkdocs/` is the thin adapter.

Needs no network code and no credentials; import-linter holds it to that.
"""
