"""Programs of views, writes and arithmetic do the same in both libraries."""

from hypothesis import given
from hypothesis import strategies as st

from tests.differential.compare import examples
from tests.differential.programs import run_program


def test_views_share_memory_and_writes_are_never_lost(torch):
    @examples(250)
    @given(data=st.data())
    def compare(data):
        run_program(data, torch, 4)

    compare()
