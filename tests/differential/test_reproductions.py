"""What public scripts do and what once came out wrong: each with its right value, known without PyTorch."""

import math
import warnings

import nnlite.nn.functional as F
import numpy as np
import pytest

import nnlite as torch
import nnlite.nn as nn
from nnlite import optim
from nnlite.optim.lr_scheduler import LinearLR, StepLR


class TestARangeAsIndex:
    def test_the_usual_negative_log_likelihood(self):
        logp = torch.tensor(np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])), requires_grad=True)
        y = torch.tensor([2, 0])
        picked = logp[range(2), y]
        assert picked.shape == (2,)
        loss = -picked.mean()
        loss.backward()
        assert loss.item() == pytest.approx(-(math.log(0.7) + math.log(0.5)) / 2)
        assert logp.grad.tolist() == [[0, 0, -0.5], [-0.5, 0, 0]]

    def test_one_hot_rows_by_assignment(self):
        z = torch.zeros(2, 3)
        z[range(2), torch.tensor([2, 0])] = 1
        assert z.tolist() == [[0, 0, 1], [1, 0, 0]]

    @pytest.mark.parametrize("key", [range(2), [0, 1], (range(2),), np.arange(2), [np.int64(0), 1]], ids=repr)
    def test_every_sequence_of_places(self, key):
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        w[key].sum().backward()
        assert w.grad.tolist() == [1, 1, 0]


class TestAViewIsNoCopy:
    """Either the write is seen where the view came from, or it is refused; it is never lost."""

    def sees_or_refuses(self, tensor, write, expected):
        before = tensor.tolist()
        try:
            write(tensor)
        except (RuntimeError, ValueError) as error:
            assert "copy" in str(error) or "contiguous" in str(error) or "view" in str(error)
            assert tensor.tolist() == before
        else:
            assert np.array_equal(tensor.detach().numpy(), np.broadcast_to(expected, tensor.shape))

    def test_the_weight_of_a_convolution(self):
        weight = nn.Conv2d(2, 3, 3).weight
        self.sees_or_refuses(weight, lambda w: w.data.view(3, -1).mul_(0), 0.0)

    def test_what_a_pooling_returns(self):
        pooled = nn.MaxPool2d(2)(torch.ones(1, 2, 4, 4))
        before = pooled.clone()
        try:
            pooled.view(1, -1)[:, 0] = 5
        except (RuntimeError, ValueError):
            assert pooled.tolist() == before.tolist()
        else:
            assert pooled.max().item() == 5.0

    def test_what_cat_returns(self):
        joined = torch.cat([torch.ones(1, 2, 2, 2)] * 2, 1)
        self.sees_or_refuses(joined, lambda x: x.view(-1).zero_(), 0.0)

    @pytest.mark.parametrize("flat", ["view", "reshape", "flatten"])
    def test_of_a_fresh_image(self, flat):
        x = torch.ones(1, 2, 3, 3)
        (x.flatten() if flat == "flatten" else getattr(x, flat)(-1)).zero_()
        assert x.sum().item() == 0.0


class TestInPlaceActivations:
    @pytest.mark.parametrize("function", [False, True])
    def test_the_input_is_changed(self, function):
        h = torch.tensor([[-1.0, 2.0]])
        r = F.relu(h, inplace=True) if function else nn.ReLU(inplace=True)(h)
        assert (h + r).tolist() == [[0, 4]]
        assert h.tolist() == [[0, 2]]

    def test_the_others_change_it_too(self):
        for change, expected in (
            (lambda h: F.leaky_relu(h, 0.5, inplace=True), [-0.5, 2.0]),
            (lambda h: nn.LeakyReLU(0.5, inplace=True)(h), [-0.5, 2.0]),
            (lambda h: F.elu(h, inplace=True), [math.expm1(-1.0), 2.0]),
            (lambda h: F.dropout(h, 1.0, inplace=True), [0.0, 0.0]),
        ):
            h = torch.tensor([-1.0, 2.0])
            result = change(h)
            assert h.tolist() == pytest.approx(expected)
            assert result.tolist() == pytest.approx(expected)


class TestSchedulers:
    @staticmethod
    def optimizer():
        return optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)

    def test_two_on_one_optimizer_chain(self):
        o = self.optimizer()
        a, b = LinearLR(o, 0.1, 1.0, 4), StepLR(o, 3, 0.5)
        rates = []
        for _ in range(6):
            o.step()
            a.step()
            b.step()
            rates.append(o.param_groups[0]["lr"])
        assert rates == pytest.approx([0.0325, 0.055, 0.03875, 0.05, 0.05, 0.025])

    def test_a_rate_set_by_hand_stays(self):
        o = self.optimizer()
        s = StepLR(o, 3, 0.5)
        rates = []
        for epoch in range(6):
            if epoch == 1:
                o.param_groups[0]["lr"] = 1.0
            o.step()
            s.step()
            rates.append(o.param_groups[0]["lr"])
        assert rates == [0.1, 1.0, 0.5, 0.5, 0.5, 0.25]


class TestDtypes:
    def test_a_number_of_numpys_does_not_widen(self):
        s = torch.tensor(np.sqrt(np.float64(8)))
        assert s.dtype == torch.float64
        assert (torch.ones(2) / s).dtype == torch.float32
        assert (torch.ones(2) * torch.tensor(np.arange(3.0)).mean()).dtype == torch.float32
        assert nn.Linear(2, 1)(torch.ones(1, 2) / s).dtype == torch.float32

    def test_whole_numbers_keep_their_width_too(self):
        assert (torch.ones(2, dtype=torch.int32) + torch.tensor(1)).dtype == torch.int32

    def test_small_integers_are_summed_in_large_ones(self):
        a, b = (torch.tensor([n], dtype=torch.uint8) for n in (1, 2))
        assert a.sum().dtype == torch.int64
        assert (a.sum() - b.sum()).item() == -1
        assert (a.sum() + torch.tensor(1)).dtype == torch.int64

    def test_lists_of_numpys_numbers_and_arrays(self):
        assert torch.tensor([np.float64(1), np.float64(2)]).dtype == torch.float64
        assert torch.tensor([np.arange(3.0), np.arange(3.0)]).dtype == torch.float64


class TestIndices:
    def test_a_whole_number_of_numpys(self):
        x, i = torch.ones(3, 4), np.int64(1)
        assert x[:, i].shape == (3,)
        assert x[i, 0].shape == ()
        x[i] = 2.0
        assert x.sum(1).tolist() == [4, 8, 4]

    def test_bytes_are_a_mask(self):
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        mask = torch.tensor([1, 0, 1], dtype=torch.uint8)
        assert x[mask].tolist() == [[1, 2], [5, 6]]
        x[mask] = 0.0
        assert x.tolist() == [[0, 0], [3, 4], [0, 0]]

    def test_a_list_of_lists_is_a_tuple(self):
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        assert x[[[0, 2], [1, 0]]].tolist() == [2, 5]


class TestSums:
    def test_a_loss_that_grows_by_plus_equals(self):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        loss = 0
        loss += (w * w).sum()
        loss += w.sum()
        loss.backward()
        assert w.grad.tolist() == [3, 5]

    def test_a_shortcut_added_to_an_output(self):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        out = 3 * w
        out += w
        out.sum().backward()
        assert out.tolist() == [4, 8]
        assert w.grad.tolist() == [4, 4]

    def test_a_number_in_a_format(self):
        loss = torch.tensor(0.12345)
        assert f"{loss:.4f}" == f"{loss:.4f}" == f"{0.12345:.4f}"
        assert float(f"{loss}") == pytest.approx(0.12345)


class TestLoaders:
    def test_the_seed_decides_the_order(self):
        def order(seed):
            torch.manual_seed(seed)
            loader = torch.DataLoader([(np.float32(i),) for i in range(6)], shuffle=True)
            return [int(batch[0][0]) for batch in loader]

        assert order(0) == order(0)
        assert len({tuple(order(seed)) for seed in (0, 1, 2)}) > 1

    def test_what_a_batch_of_nested_tuples_is(self):
        data = [(np.zeros(1, np.float32), (i, i + 10)) for i in range(3)]
        batch = next(iter(torch.DataLoader(data, batch_size=3)))
        assert type(batch) is list
        assert [t.tolist() for t in batch[1]] == [[0, 1, 2], [10, 11, 12]]


class TestWhatRaisedAndNeedNot:
    def test_padding_by_less_than_nothing_crops(self):
        image = torch.tensor(np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3))
        assert nn.ZeroPad2d((-1, 0, -1, 0))(image).tolist() == [[[[4, 5], [7, 8]]]]

    def test_instance_norm_without_weights_takes_any_number_of_channels(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns
            assert nn.InstanceNorm2d(64)(torch.ones(1, 8, 4, 4)).shape == (1, 8, 4, 4)

    def test_a_parameter_given_twice_is_warned_of(self):
        p = nn.Parameter(torch.ones(1))
        with pytest.warns(UserWarning, match="twice|duplicate|more than once"):
            optim.Adam([p, p])


class TestWhatPyTorchRefuses:
    def test_products_of_two_dtypes(self):
        with pytest.raises((TypeError, RuntimeError)):
            torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64)

    def test_binary_cross_entropy_with_whole_targets(self):
        for loss in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits):
            with pytest.raises((TypeError, RuntimeError)):
                loss(torch.tensor([0.5]), torch.tensor([1]))

    def test_bools_in_a_difference(self):
        with pytest.raises((TypeError, RuntimeError)):
            torch.tensor([True]) - torch.tensor([True])

    def test_the_array_of_a_tensor_that_wants_a_gradient(self):
        with pytest.raises(RuntimeError, match="detach"):
            torch.ones(1, requires_grad=True).numpy()

    def test_a_module_that_forgot_its_parents_init(self):
        class Forgetful(nn.Module):
            def __init__(self):
                self.layer = nn.Linear(1, 1)

        with pytest.raises((AttributeError, RuntimeError), match="__init__"):
            Forgetful()
