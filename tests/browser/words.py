"""What the screen says in a language: the console's own texts, and the coded words of the vocabulary."""

from __future__ import annotations

import json
import re
from functools import cache

from app.domain.resource_types import resource_types
from app.entrypoints.http.pages import STATIC_PATH
from app.queries.vocabulary import vocabulary

I18N = STATIC_PATH / "console" / "i18n"


@cache
def texts(language):
    """The console's own texts by key."""
    return json.loads((I18N / f"{language}.json").read_text("utf-8"))


class Words:
    """The words of one language: tests say what they look for by its key, and find it in any language."""

    def __init__(self, language):
        self.language = language

    def __call__(self, key, **values):
        """A text with its values filled in; of a text with plural forms, the one of many."""
        text = texts(self.language)[key]
        if isinstance(text, dict):
            text = text["one"] if values.get(text.get("by", "n")) == 1 and "one" in text else text["other"]
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), text)

    def like(self, key):
        """A text as a pattern, whatever is filled in."""
        text = texts(self.language)[key]
        forms = [form for of, form in text.items() if of != "by"] if isinstance(text, dict) else [text]
        return re.compile("|".join(re.sub(r"\\\{\w+\\\}", ".*", re.escape(form)) for form in forms))

    def state(self, machine, code):
        """The name of a state."""
        return self._named(vocabulary().states[machine][code].names)

    def word(self, group, code):
        """The name of a coded word."""
        return self._named(vocabulary().words[group][str(code)].names)

    def type(self, code):
        """The name of a resource type."""
        return self._named(next(each["names"] for each in resource_types()["types"] if each["code"] == code))

    def _named(self, names):
        return names[self.language]
