"""Let translators find the texts of forms: an extractor for `pybabel extract`."""

from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO

from forms.loader import load_form


def extract(
    file: BinaryIO,
    keywords: Mapping[str, object],
    comment_tags: Collection[str],
    options: Mapping[str, object],
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Yield every text of a form file as (line, function, message, comments).

    Source: Babel, "Writing Extraction Methods".
    """
    del keywords, comment_tags, options
    for text in load_form(file.read()).texts:
        yield 0, None, text, []
