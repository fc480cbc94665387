from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from gate.exhibits import CELLS, Matrix, tabulate
from reports.html import render
from reports.html.grids import TONES, grid
from reports.reading import read
from tests.reports.clean import CLEAN, LEAKED, verdict
from tests.reports.examples import EXAMPLES, failing
from tests.reports.strategies import matrices, unhurried


def test_of_two_words_for_one_place_the_graver_one_counts() -> None:
    shown = grid(read(failing()), "access")
    row = dict(shown.rows)["GET /v1/runs/{run_id}"]
    assert row[shown.columns.index("other tenant's owner")] == "got through"


def test_callers_are_from_near_to_far_and_operations_by_path() -> None:
    shown = grid(read(EXAMPLES["pass"]), "access")
    assert shown.columns == ("own tenant's owner", "other tenant's owner", "nobody")
    assert [name.partition(" ")[2] for name, _ in shown.rows] == [
        "/v1/members/{member_id}",
        "/v1/models/{model_id}",
        "/v1/runs/{run_id}",
    ]


def test_what_no_check_tried_is_said() -> None:
    shown = dict(grid(read(EXAMPLES["pass"]), "access").rows)
    assert shown["DELETE /v1/members/{member_id}"] == ("not tried",) * 3


def test_matrices_of_several_checks_are_one() -> None:
    other = replace(CLEAN["contract.responses"], exhibits=(LEAKED,))
    text = render(verdict(other))
    assert "Got through: 1" in text
    assert text.count('<details class="grid"') == 2


def test_the_table_tells_by_words() -> None:
    text = render(failing())
    assert "got through</span>" in text
    assert "not tried</span>" in text
    assert "Promises by fault" in text


def test_without_such_checks_the_report_says_so() -> None:
    bare = [replace(CLEAN[name], exhibits=()) for name in CLEAN]
    text = render(verdict(*bare))
    assert "No check of this run tried operations as several callers." in text
    assert "No check of this run injected a fault." in text


def test_a_matrix_with_holes_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells for 2"):
        Matrix(topic="access", columns=("a", "b"), rows=(("r", ("kept",)),))


def test_every_marked_word_is_one_that_a_cell_can_say() -> None:
    assert TONES.keys() <= set(CELLS)


@given(matrices)
@unhurried
def test_a_matrix_made_again_of_its_own_cells_is_the_same(matrix: Matrix) -> None:
    said = [
        (name, column, cell)
        for name, row in matrix.rows
        for column, cell in zip(matrix.columns, row, strict=True)
    ]
    assert tabulate(matrix.topic, said) == matrix
