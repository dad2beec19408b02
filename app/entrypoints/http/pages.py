"""Pages that are made on the server: plain HTML, readable without scripts, styled by one file under /static."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape
from starlette.routing import Mount

import app.entrypoints.console
from app.entrypoints.http.static_files import KeptFiles

STATIC_PATH = Path(app.entrypoints.console.__file__).with_name("static")


def _code(text: str) -> Markup:
    """Show what stands between backticks as code; everything is escaped first."""
    return Markup(re.sub(r"`+([^`]+)`+", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped in this line


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    return environment


def render(name: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
    """Return the page made from a template; a name that the template wants and is not given is an error."""
    return HTMLResponse(_templates().get_template(name).render(shown), status_code=status)


STATIC = Mount("/static", KeptFiles(STATIC_PATH), name="static")
"""Style sheets, scripts and vendored files with entity tags, compressed."""
