"""The files that pages load: compressed once, kept in memory, and asked for again only when they have changed.

Every answer has an entity tag made from the content, and `no-cache`: a browser keeps the file and asks whether it is still the
one; after an update of the service nobody works with half of the old console. A changed file is seen at once, which is
what makes the console workable without a build.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import stat
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from typing_extensions import override

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from starlette.types import Scope

COMPRESSED: Final = frozenset({".css", ".html", ".js", ".json", ".md", ".mjs", ".svg", ".txt", ""})
"""Endings of what gzip makes smaller; pictures and fonts are compressed in themselves."""
WORTH_IT: Final = 1_000
"""Bytes from which on compressing pays: what is smaller travels in one packet anyway."""
_TYPES: Final[Mapping[str, str]] = {
    # Said here, for what the machine's own table says differs between systems, and a module of another type is not run.
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file as it is sent; `mark` tells whether it has changed on the disk since."""

    mark: tuple[int, int]
    type: str
    tag: str
    plain: bytes
    packed: bytes | None


class KeptFiles(StaticFiles):
    """A folder, served from memory."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        super().__init__(directory=directory)
        self._kept: dict[str, _Kept] = {}

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, with 304 if the client has it, or as for an address that does not exist."""
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(status_code=405, headers={"Allow": "GET, HEAD"})
        kept = await self._file(path)
        wanted = Headers(scope=scope)
        packed = kept.packed if accepts_gzip(wanted.get("accept-encoding", "")) else None
        tag = f'"{kept.tag}-gz"' if packed is not None else f'"{kept.tag}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if kept.packed is not None:
            headers["Vary"] = "Accept-Encoding"
        if names(wanted.get("if-none-match", ""), kept.tag):
            return Response(status_code=304, headers=headers)
        if packed is not None:
            headers["Content-Encoding"] = "gzip"
        body = kept.plain if packed is None else packed
        headers |= {"Content-Type": kept.type, "Content-Length": str(len(body))}
        return Response(b"" if scope["method"] == "HEAD" else body, headers=headers)

    async def _file(self, path: str) -> _Kept:
        """Return the file, read again if it has changed; 404 for what is no file in the folder.

        Whether it has changed is seen at once, which takes less than to ask a thread; only what is read waits for one.
        """
        try:
            found, about = self.lookup_path(path)
        except OSError:  # a name that is longer than names may be
            raise HTTPException(status_code=404) from None
        if about is None or not stat.S_ISREG(about.st_mode):
            raise HTTPException(status_code=404)
        mark = (about.st_mtime_ns, about.st_size)
        kept = self._kept.get(found)
        if kept is None or kept.mark != mark:
            kept = self._kept[found] = await anyio.to_thread.run_sync(_read, found, mark)
        return kept


def _read(path: str, mark: tuple[int, int]) -> _Kept:
    with open(path, "rb") as stream:  # noqa: PTH123 - the base class hands out texts
        plain = stream.read()
    ending = PurePath(path).suffix.lower()
    packed = None
    if ending in COMPRESSED and len(plain) >= WORTH_IT:
        # Without a time in the header: two processes send the same bytes.
        packed = gzip.compress(plain, 9, mtime=0)
    return _Kept(
        mark=mark,
        type=_TYPES.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream",
        tag=hashlib.sha256(plain).hexdigest()[:32],
        plain=plain,
        packed=packed if packed is not None and len(packed) < len(plain) else None,
    )


def accepts_gzip(header: str) -> bool:
    """Return whether an `Accept-Encoding` (RFC 9110, 12.5.3) takes gzip; `gzip;q=0` does not."""
    for part in header.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in {"gzip", "x-gzip"}:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def names(header: str, tag: str) -> bool:
    """Return whether an `If-None-Match` (RFC 9110, 13.1.2) names the file, in either of its encodings."""
    tags = {part.strip().removeprefix("W/").strip('"').removesuffix("-gz") for part in header.split(",")}
    return tag in tags or header.strip() == "*"
