"""Show what was read: as pages for people, or as lines of JSON for programs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from console.custody_page import show_identity, show_reason, show_signer
from console.examine import Examined, Item
from console.extract import Extracted
from console.form_shelf import FormShelf
from console.layout import human_bytes
from console.neutral import neutral_line
from console.show import Page, show_answers, show_attachment, show_facts, show_text
from crypto.bag_info import SOURCE_KINDS, BagKind
from crypto.bag_salvage import UnverifiedBag

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Pages:
    """For people."""

    page: Page
    say: Say
    forms: FormShelf = field(default_factory=FormShelf)

    def show(self, path: Path, examined: Examined) -> None:
        """Show a bag, or only the attachments that were asked for."""
        bag = examined.bag
        lines = [*show_facts(self.page, bag, path.name)]
        if examined.signer is not None:
            lines += show_signer(self.page, bag, examined.signer)
        if bag.kind is BagKind.REQUEST:
            lines += [*show_reason(self.page, bag.text), *self._identity(examined)]
        elif bag.kind is BagKind.DISCLOSURE:
            lines += show_identity(self.page, bag.text)
        elif not examined.single:
            form = self.forms.find(bag.answers, path)
            lines += [
                *show_text(self.page, bag.text, form),
                *show_answers(self.page, bag.answers, form),
                *self._identity(examined),
            ]
        lines += [*self._items(examined), "", *self._verdict(examined)]
        for line in lines:
            self.say(line)

    def show_unverified(self, path: Path, bag: UnverifiedBag) -> None:
        """Show what is left, and that it proves nothing."""
        warning = "DAMAGED OR FORGED: what follows proves nothing, least of all who wrote it."
        lines = [*self.page.heading(path.name), *self.page.ours(warning)]
        lines[-1] = self.page.style.bad(lines[-1])
        text = bag.text
        lines += self.page.theirs(text) if text else self.page.ours("(no text)")
        lines += [f"  {human_bytes(file.size):>10}  {file.name}" for file in bag.files]
        for line in lines:
            self.say(line)

    def _identity(self, examined: Examined) -> Iterator[str]:
        """Show who the source is, or who can see that."""
        if examined.bag.identity_file is None:
            return
        if examined.identity is not None:
            yield from show_identity(self.page, examined.identity)
            return
        yield from self.page.heading("Who the source is")
        yield from self.page.ours(
            "(the custodian's to look at and to tell: `candor disclose`)"
            if examined.bag.kind is BagKind.REQUEST
            else "(sealed to the custodian, who alone can see whether anything was given)"
        )

    def _items(self, examined: Examined) -> Iterator[str]:
        if not examined.items:
            return
        count = len(examined.items)
        total = human_bytes(sum(item.attachment.size for item in examined.items))
        files = "1 file" if count == 1 else f"{count} files"
        yield from self.page.heading("Attachments", f"{files}, {total}")
        for item in examined.items:
            if item.type is None:
                yield self.page.style.bad(f"  {item.attachment.stored_name}  DAMAGED OR FORGED")
            else:
                yield from show_attachment(self.page, item.attachment, item.type)

    def _verdict(self, examined: Examined) -> Iterator[str]:
        if examined.extracted is not None:
            yield from self._where(examined.extracted)
        if examined.problems:
            yield self.page.style.bad("DAMAGED OR FORGED, in part: see the messages.")
        elif examined.whole:
            yield self.page.style.good("Verified: the signature, and every byte that it covers.")
        else:
            count = len(examined.items)
            what = "This item" if count == 1 else f"These {count} items"
            yield self.page.style.good(f"{what} verified; the rest was not read.")

    def _where(self, extracted: Extracted) -> Iterator[str]:
        # in one line whatever its length: a path is there to be copied
        yield neutral_line(f"Written to {extracted.directory}")
        left = len(extracted.left)
        if left:
            count = f"{left} of {left + len(extracted.written)} files were there already"
            yield from self.page.ours(f"{count}, the same to the byte, and were left alone.", "")


@dataclass(frozen=True, slots=True)
class JsonLines:
    """For programs: one object a line, ASCII only, so that a terminal is safe from it as well."""

    say: Say

    def show(self, path: Path, examined: Examined) -> None:
        """Write a bag as an object."""
        bag = examined.bag
        self._write(
            {
                "file": str(path),
                "bag": bag.hash.hex(),
                "kind": bag.kind,
                "channel": bag.channel,
                "sealed": bag.sealed,
                "signer": bag.signer.serialize(),
                "signed_by": examined.signer.id if examined.signer else None,
                "source": bag.kind in SOURCE_KINDS,
                "text": bag.text,
                "report": bag.answers,
                "identity": examined.identity,
                "attachments": [_item(item) for item in examined.items],
                "problems": list(examined.problems),
                "whole_verified": examined.whole,
                **_extracted(examined.extracted),
            }
        )

    def show_unverified(self, path: Path, bag: UnverifiedBag) -> None:
        """Write what is left as an object that cannot be mistaken for a bag."""
        self._write({"file": str(path), "damaged": True, "unverified_text": bag.text})

    def _write(self, value: dict[str, object]) -> None:
        self.say(json.dumps(value).replace("\x7f", "\\u007f"))


def _extracted(extracted: Extracted | None) -> dict[str, object]:
    return {
        "directory": str(extracted.directory) if extracted else None,
        "written": list(extracted.written) if extracted else [],
        "left": list(extracted.left) if extracted else [],
    }


def _item(item: Item) -> dict[str, object]:
    return {
        "file": item.attachment.stored_name,
        "name": item.attachment.original_name,
        "claimed_type": item.attachment.claimed_type,
        "type": item.type.name if item.type else None,
        "name_fits": item.type.fits if item.type else None,
        "bytes": item.attachment.size,
        "sha256": item.attachment.sha256.hex(),
        "problem": item.problem or None,
    }
