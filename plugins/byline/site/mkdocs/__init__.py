"""The adapter to MkDocs with Material: the only place that knows their plugins and pages."""
