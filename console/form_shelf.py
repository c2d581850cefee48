"""The forms by which answers are shown: those that came with bundles, and Candor's own."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from console.errors import ImportDirectoryError
from console.import_directory import form_path, imports_around, read_state
from crypto.roster import FormReference
from forms.errors import FormError
from forms.form import Form
from forms.loader import MAX_FORM_BYTES, default_form, load_form


class FormShelf:
    """Finds the form that a report names; what was found once is kept at hand."""

    def __init__(self) -> None:
        self._named: dict[Path, tuple[FormReference, ...]] = {}
        self._forms: dict[Path, Form | None] = {}

    def find(self, answers: Mapping[str, object], envelope: Path) -> Form | None:
        """Return the form whose id and version a report names, if it is here.

        A form of the service's roster, which came with the bundle that brought the envelope, goes
        before Candor's own: an operator may have made another one of the same name.

        Args:
            answers: report.json.
            envelope: where it lies; the forms lie in the import directory around it.
        """
        wanted = (answers.get("form"), answers.get("version"))
        directory = imports_around(envelope)
        if directory is not None:
            for reference in reversed(self._references(directory)):
                if (reference.id, reference.version) == wanted:
                    form = self._load(form_path(directory, reference), reference)
                    if form is not None:
                        return form
        own = default_form()
        return own if (own.id, own.version) == wanted else None

    def _references(self, directory: Path) -> tuple[FormReference, ...]:
        """Return what the rosters of an import directory named, the newest last."""
        if directory not in self._named:
            try:
                state = read_state(directory)
            except ImportDirectoryError:
                state = None
            self._named[directory] = state.forms if state else ()
        return self._named[directory]

    def _load(self, path: Path, reference: FormReference) -> Form | None:
        if path not in self._forms:
            self._forms[path] = _load(path, reference)
        return self._forms[path]


def _load(path: Path, reference: FormReference) -> Form | None:
    """Read a form; one that is gone or was altered since leaves the answers without their words."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FORM_BYTES + 1)
        if hashlib.sha256(data).digest() != reference.sha256:
            return None
        return load_form(data)
    except (OSError, FormError):
        return None
