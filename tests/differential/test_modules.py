"""Every layer, built with settings drawn from the table, given the same weights and called in both libraries."""

import pytest
from hypothesis import given

from tests.differential.compare import check, examples
from tests.differential.modules import MODULES, module_calls


@pytest.mark.parametrize("name", MODULES)
def test_layer(torch, name):
    @examples(15)
    @given(call=module_calls(name))
    def compare(call):
        check(call, torch, MODULES[name].random, 50.0 if "Norm" in name else 1.0)

    compare()
