"""In which language an answer speaks: the one named in the address, else the reader's own."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Query

from app.domain.forms import Code
from app.domain.protocol_data import LANGUAGES
from app.domain.vocabulary import require
from app.entrypoints.http.identity import Identified


async def _chosen(
    found: Identified,
    language: Annotated[
        Code | None, Query(description="Language of the answer's words; your own if none is named.", examples=["fr"])
    ] = None,
) -> str:
    """Return the language.

    Raises:
        UnknownCode: it is none of ours.
    """
    if language is not None:
        require("language", language, LANGUAGES, pointer="query/language")
        return language
    own = found.holder.language
    return own if own in LANGUAGES else "en"


ReadersLanguage: TypeAlias = Annotated[str, Depends(_chosen)]
