"""The service: web pages and REST over what the other rooms do, with storage, a log that shows changes, and guards."""

from portico.service.application import app
from portico.service.settings import Settings

__all__ = ["Settings", "app"]
