"""Why something was refused, coded: what the English ``detail`` of a problem says, for whoever reads another language.

Beside the agreements' own reasons, which have their words in ``protocols/``. These are worded where they are read: in the console's
``i18n`` (``because.*``). A test sees to it that each has its words in every language.
"""

from __future__ import annotations

from typing import Any


def because(code: str, **figures: Any) -> dict[str, Any]:
    """Return the members of a problem that tell one reason; figures that are codes are shown by their names."""
    return {"reasons": [{"code": code, "figures": figures}]}
