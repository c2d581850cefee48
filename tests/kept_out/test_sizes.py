"""What the threat model says about lengths is what the published distribution gives."""

import math
from pathlib import Path

import pytest

from crypto.decoys import DEFAULT_DECOYS, mean_envelope_bytes
from crypto.padding import SMALLEST_BYTES
from crypto.payload import ciphertext_bytes
from tests.kept_out.sizes import CAP, DECOYS, MODELS, octaves, ratios, table

THREAT_MODEL = Path(__file__).parents[2] / "docs" / "threat-model.md"
A_DAY = DEFAULT_DECOYS.mean_per_day


def test_the_threat_model_has_the_table_as_it_is():
    assert "\n".join(table()) in THREAT_MODEL.read_text("utf-8")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_models_chances_are_one_together(model):
    assert sum(model.chances().values()) == pytest.approx(1)
    assert min(model.chances().values()) > 0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_length_speaks_for_a_report_by_more_than_the_threat_model_says(model):
    assert max(most for lengths in octaves() for _, most in (ratios(model, lengths),)) < 2.1
    assert ratios(model, [SMALLEST_BYTES])[1] < 1.3


def test_the_other_figures_of_the_threat_model_are_right():
    waits = [1 / (A_DAY * DECOYS[n]) for n in DECOYS if n > SMALLEST_BYTES]
    assert (round(min(waits)), round(max(waits))) == (95, 444)
    assert round(A_DAY * DECOYS[SMALLEST_BYTES]) == 4
    assert round(math.exp(A_DAY), -2) == 400
    two_deviations = [4 * A_DAY / rate**2 for rate in (1, 1 / 7)]
    assert two_deviations[0] == 24
    assert round(two_deviations[1] / 365) == 3
    odds = (1 / 7) / A_DAY
    assert round(1 + 1 / odds) == 43
    assert round(1 + 1 / (2.1 * odds)) == 21


def test_two_fifths_of_what_decoys_cost_are_those_of_the_last_octave():
    last = sum(DECOYS[n] * ciphertext_bytes(n) for n in DECOYS if n > CAP // 2)
    assert last / mean_envelope_bytes(DEFAULT_DECOYS, 16) == pytest.approx(0.4, abs=0.05)
