"""Every command there is: importing this module enters all handlers at the door."""

from app.commands import agreements, incidents

__all__ = ["agreements", "incidents"]
