"""Every error has its reason, every reason its status and its words."""

import inspect

import pytest

import crypto.errors
import forms.answers
import intake.errors
from app.errors import DOMAIN_REASONS, STATUS, Reason, reason_of
from app.words import ADVICE


def leaves(module: object) -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == getattr(module, "__name__", "")
    ]


@pytest.mark.parametrize("kind", leaves(crypto.errors) + leaves(intake.errors))
def test_every_domain_error_stands_in_the_table(kind: type[Exception]) -> None:
    assert DOMAIN_REASONS[kind] is reason_of(kind("x"))


def test_the_table_names_nothing_that_is_gone() -> None:
    assert set(DOMAIN_REASONS) == {*leaves(crypto.errors), *leaves(intake.errors)}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_refusing_status_and_words(reason: Reason) -> None:
    assert STATUS[reason] >= 400
    assert ADVICE[reason]


@pytest.mark.parametrize("reason", list(forms.answers.Reason))
def test_every_reason_of_a_form_is_one_of_ours(reason: forms.answers.Reason) -> None:
    assert Reason(reason)


def test_any_other_error_is_a_fault_of_ours() -> None:
    assert reason_of(ZeroDivisionError()) is Reason.INTERNAL
