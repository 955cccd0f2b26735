"""The small service that takes leads where the CRM takes none itself: `form` reads, `service` answers."""

from byline.intake.service import PORT, Limits, Server, application, serve

__all__ = ["PORT", "Limits", "Server", "application", "serve"]
