"""PDFs of drills as somebody reads them who has only the file."""

from __future__ import annotations

import io
from functools import cache

import pypdf

from app.domain.drills.texts import mark, normalised
from app.domain.protocol_data import LANGUAGES
from app.interop.paper import words

MARK = " · ".join(mark(LANGUAGES))
"""The one form that it has on every paper, first and last on each page."""


def pages_of(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf)).pages


@cache
def texts_of(pdf):
    """What stands on each page."""
    return tuple(page.extract_text() for page in pages_of(pdf))


def squeezed(text):
    """Letters and digits alone: lines may be broken, and words hyphenated, anywhere."""
    return normalised(text).replace(" ", "")


@cache
def read(pdf):
    return squeezed("".join(texts_of(pdf)))


def require_marked(pdf, language):
    """Each page has its number, the mark of a drill first and last, and no letter that our font lacks."""
    pages, texts = pages_of(pdf), texts_of(pdf)
    common = words()
    for number, (page, text) in enumerate(zip(pages, texts, strict=True), 1):
        assert f"{common['page'][language]} {number} {common['of'][language]} {len(pages)}" in text
        lines = text.strip().splitlines()
        marks = [n for n, line in enumerate(lines) if line.strip() == MARK]
        assert len(marks) == len({"first", "last"})
        assert marks[0] == 0
        assert marks[-1] >= len(lines) - 2
        # A font of another name stands for a letter that ours lacks.
        fonts = {str(font["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
        assert all("NotoSans" in font for font in fonts), fonts
