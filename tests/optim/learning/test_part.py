"""Parts: their steps, their state, and the device that they run on."""

import copy

import pytest

from edgeopt.problems.errors import InputError

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.part import LayerChain, OnMap, Part, choose_device, fix_bits
from edgeopt.optim.learning.training import Training

TRAINING = Training(learning_rate=0.5, momentum=0.5, weight_decay=0.1)


def one_weight(value=2.0, training=TRAINING) -> Part:
    """Return a part that holds a single number."""
    module = torch.nn.Linear(1, 1, bias=False).double()
    torch.nn.init.constant_(module.weight, value)
    return Part(module, training)


def step(part, gradient) -> float:
    """Step along a gradient and return the weight."""
    part.module.weight.grad = torch.full_like(part.module.weight, gradient)
    part.step()
    return part.module.weight.item()


def test_two_steps_by_hand():
    part = one_weight()
    first = 2.0 - 0.5 * (3.0 + 0.1 * 2.0)  # momentum starts at 0
    assert step(part, 3.0) == pytest.approx(first)
    momentum = 0.5 * 3.2 + (-1.0 + 0.1 * first)
    assert step(part, -1.0) == pytest.approx(first - 0.5 * momentum)
    assert part.module.weight.grad is None


def test_the_rate_is_that_of_the_next_step():
    part = one_weight(training=Training(momentum=0.0, weight_decay=0.0))
    part.set_rate(0.25)
    assert step(part, 4.0) == pytest.approx(1.0)


def test_a_state_holds_all_that_the_next_step_depends_on():
    part = one_weight()
    step(part, 3.0)
    state = copy.deepcopy(part.state())
    assert set(state) == {"weight", "momentum.weight"}
    other = one_weight(9.0)
    other.load(state)
    assert step(other, 1.0) == step(part, 1.0)


def test_a_state_is_complete_before_the_first_step():
    state = one_weight().state()
    assert state["momentum.weight"].item() == 0.0
    plain = one_weight(training=Training(momentum=0.0)).state()
    assert set(plain) == {"weight"}


def test_a_part_without_parameters_takes_no_step():
    part = Part(LayerChain([]), TRAINING)
    part.set_rate(0.1)
    part.step()
    assert part.state() == {}
    tensors = (torch.ones(1), torch.zeros(2))
    assert part.module(tensors) == tensors


def test_layers_run_one_after_another_and_a_head_reads_the_map():
    class Shift(torch.nn.Module):
        def forward(self, tensors):
            return tuple(tensor + 1 for tensor in tensors)

    image, skip = torch.zeros(2), torch.full((2,), 5.0)
    main, other = LayerChain([Shift(), Shift()])((image, skip))
    assert main.tolist() == [2, 2]
    assert other.tolist() == [7, 7]
    (logits,) = OnMap(torch.nn.Identity())((image, skip))
    assert logits is image


def test_a_device_that_is_missing_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with pytest.raises(InputError, match="device: got 'cuda'"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(name) for name in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


def test_bits_are_fixed_for_the_process():
    fix_bits()
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
