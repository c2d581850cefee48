"""A bag in words, for the terminal: ours at the left edge, a stranger's behind the gutter."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from console.extract import bag_name
from console.filetype import FileType, extension_of
from console.layout import GUTTER, Style, human_bytes, labelled, quoted, wrap_cells
from console.neutral import neutral_line
from crypto.attachments import Attachment
from crypto.bag_info import ReplyInfo, Sealed
from crypto.bag_reader import BagReader
from forms.form import MAIN_TEXT, Field, Form

_SEALED = {
    Sealed.BROWSER: "in the source's browser; the server saw ciphertext only",
    Sealed.OFFLINE: "offline by the source; the server saw ciphertext only",
    Sealed.ARRIVAL: "by the server as it arrived; its memory held the text for that moment",
}
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Page:
    """How wide, and with or without colours."""

    cells: int
    style: Style

    def heading(self, text: str, aside: str = "") -> Iterator[str]:
        """Begin a part."""
        room = max(1, self.cells - len(text) - len(aside))
        yield ""
        yield self.style.bold(text) + (" " * room + self.style.dim(aside) if aside else "")

    def fact(self, label: str, value: str) -> Iterator[str]:
        """State one short fact."""
        return labelled(label, value, self.cells)

    def ours(self, text: str, indent: str = "  ") -> Iterator[str]:
        """Say something in our own words."""
        for piece in wrap_cells(neutral_line(text), self.cells - len(indent)):
            yield indent + piece

    def theirs(self, text: str) -> Iterator[str]:
        """Let a stranger speak, behind the gutter."""
        bar = GUTTER.rstrip()
        for line in quoted(text, self.cells):
            yield self.style.dim(bar) + line.removeprefix(bar)


def show_facts(page: Page, bag: BagReader, file_name: str) -> Iterator[str]:
    """Say what it is: kind, day, channel, how sealed, for whom, by whom."""
    answers = bag.answers
    yield from page.heading(bag.kind.capitalize(), f"bag {bag_name(bag)}")
    yield from (page.style.dim(line) for line in page.ours(file_name))
    if "day" in answers:
        yield from page.fact("Day", f"{_plain(answers['day'])} (UTC)")
    yield from page.fact("Channel", bag.channel)
    if bag.sealed is not None:
        yield from page.fact("Sealed", _SEALED[bag.sealed])
    if "readers" in answers:
        yield from page.fact("Readers", _plain(answers["readers"]) or "the channel's shared key")
    if "language" in answers:
        yield from page.fact("Language", _plain(answers["language"]))
    if not isinstance(bag.info, ReplyInfo):
        yield from page.fact("Source's key", bag.info.key.serialize())


def show_text(page: Page, text: str, form: Form | None) -> Iterator[str]:
    """Show the main text under the question that it answers."""
    labels = {field.id: field.label for field in form.fields} if form else {}
    yield from page.heading(labels.get(MAIN_TEXT, "Text"))
    yield from page.theirs(text) if text.strip() else page.ours("(no text)")


def show_answers(page: Page, answers: Mapping[str, object], form: Form | None) -> Iterator[str]:
    """Show the other answers under the form's own sections and questions."""
    given = answers.get("answers")
    if not isinstance(given, Mapping) or not given:
        return
    left = dict(given)
    for section in form.sections if form else ():
        fields = [field for field in section.fields if field.id in left]
        if fields:
            yield from page.heading(section.title)
        for field in fields:
            yield from _show_answer(page, field, left.pop(field.id))
    if left:
        yield from page.heading("Answers" if form is None else "Answers to unknown questions")
    for name, value in left.items():
        yield from page.ours(name)
        yield from page.theirs(_plain(value))


def _show_answer(page: Page, field: Field, value: object) -> Iterator[str]:
    yield from (page.style.dim(line) for line in page.ours(field.label))
    labels: dict[object, str] = {option.id: option.label for option in field.options}
    values = value if isinstance(value, list) else [value]
    if labels and all(isinstance(chosen, str) and chosen in labels for chosen in values):
        for chosen in values:
            yield from page.ours(labels[chosen], _INDENT)
    else:
        yield from page.theirs(_plain(value))


def show_attachment(page: Page, attachment: Attachment, found: FileType) -> Iterator[str]:
    """Show one attachment, and warn when its name and content disagree."""
    size = human_bytes(attachment.size)
    yield f"  {attachment.stored_name:<9} {size:>10}  {neutral_line(found.name)}"
    yield from page.theirs(attachment.original_name)
    yield page.style.dim(f"{_INDENT}SHA-256 {attachment.sha256.hex()}")
    if not found.fits:
        warning = f"Warning: the name ends in {extension_of(attachment.original_name)}, the content"
        for line in page.ours(f"{warning} is: {found.name}", _INDENT):
            yield page.style.warning(line)


def _plain(value: object) -> str:
    """Write any JSON value as people write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)
