"""Networks that run from any cut to any other, against their profiles."""

import math

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_torch import from_torch
from edgeopt.problems.networks.load import load_network

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from edgeopt.optim.learning.networks.resnet import PLANS, build_network

CASES = [
    ("resnet-digits", 1, 8),
    ("resnet-digits", 3, 13),
    ("resnet34-cifar", 3, 32),
    ("resnet34-cifar", 1, 28),
    ("resnet34", 3, 224),
    ("resnet34", 3, 65),
]
every_case = pytest.mark.parametrize(("name", "channels", "side"), CASES)


def build(name, channels, side, **options):
    return build_network(
        name, channels=channels, height=side, width=side, **{"classes": 10, "seed": 0} | options
    )


def test_plans_are_the_built_in_profiles():
    for name in PLANS:
        built = load_network(name)
        channels, side, _ = built.input_shape
        classes = built.layers[-1].output_shape[0]
        read = build(name, channels, side, classes=classes).profile(built.input_shape)
        assert (read.name, read.layers, read.cut_ends) == (built.name, built.layers, built.cut_ends)


@every_case
def test_profile_agrees_with_the_module_layer_by_layer(name, channels, side):
    network = build(name, channels, side).eval()
    profile = network.profile((channels, side, side))
    assert len(network.layers) == profile.depth
    counts = [0]
    hooks = [
        m.register_forward_hook(lambda *a: counts.append(counted(*a))) for m in leaves(network)
    ]
    tensors = (torch.zeros(1, channels, side, side),)
    with torch.no_grad():
        for j in range(1, profile.depth + 1):
            tensors = network.run(tensors, j - 1, j)
            assert sum(counts) == profile.edge_macs[j]
            parameters = sum(p.numel() for p in network.layers[:j].parameters())
            assert parameters == profile.edge_parameters[j]
            assert tensors[0].numel() == profile.output_elements[j]
            if j < profile.depth:
                assert sum(t.numel() for t in tensors) == profile.crossing_elements[j]
    for hook in hooks:
        hook.remove()


def leaves(network):
    return [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]


def counted(module, inputs, output):
    """Return the MACs of one call, from the tensors that went through it."""
    return output.numel() * module.weight[0].numel()


@every_case
def test_maps_of_the_module_add_up_to_those_of_the_profile(name, channels, side):
    network = build(name, channels, side).eval()
    profile = network.profile((channels, side, side))
    sizes = []
    main = [m for key, m in network.named_modules() if key.endswith(("main.0", ".pool", ".fc"))]
    for module in main:
        module.register_forward_hook(lambda m, i, output: sizes.append(output.numel()))
    with torch.no_grad():
        network(torch.zeros(1, channels, side, side))
    pooled = math.prod(profile.layers[-2].output_shape)
    assert sum(sizes) + pooled == profile.map_elements[-1]


@every_case
def test_traced_module_has_the_layers_of_the_profile(name, channels, side):
    network = build(name, channels, side)
    kinds = {"shortcut": "conv"}
    own = [
        (kinds.get(x.kind, x.kind), x.macs, x.parameters, math.prod(x.output_shape))
        for x in network.profile((channels, side, side)).layers
    ]
    read = [
        (x.kind, x.macs, x.parameters, math.prod(x.output_shape))
        for x in from_torch(network, (channels, side, side)).layers
        if x.kind not in ("activation", "identity")
    ]
    assert read == own


@every_case
def test_cuts_of_the_traced_module_are_those_of_the_profile(name, channels, side):
    network = build(name, channels, side)
    own = network.profile((channels, side, side))
    read = from_torch(network, (channels, side, side))  # has a cut behind each projection too
    after = [*read.cut_names[1:], ""]
    kept = [i for i, following in enumerate(after) if "shortcut" not in following]
    assert (read.edge_macs[kept] == own.edge_macs).all()
    assert (read.edge_parameters[kept] == own.edge_parameters).all()
    assert (read.crossing_elements[kept] == own.crossing_elements).all()


@pytest.mark.parametrize(
    ("name", "side", "training"),
    [
        ("resnet-digits", 8, False),
        ("resnet-digits", 8, True),
        ("resnet34-cifar", 9, True),
        ("resnet34", 33, False),
    ],
)
def test_two_parts_equal_the_whole_bit_for_bit(name, side, training):
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    network = build(name, 3, side).train(training)
    depth = len(network.layers)
    with torch.no_grad():
        whole = network(images)
        for j in range(depth + 1):
            parts = network.run(network.run((images,), 0, j), j, depth)
            assert len(parts) == 1
            assert torch.equal(parts[0], whole)


def test_gradient_through_the_cut_equals_that_of_the_whole():
    images = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    network = build("resnet-digits", 1, 8)
    network(images).square().sum().backward()
    whole = [p.grad.clone() for p in network.parameters()]
    for j in range(1, 8):
        network.zero_grad()
        sent = network.run((images,), 0, j)
        received = tuple(t.detach().requires_grad_() for t in sent)
        network.run(received, j, 8)[0].square().sum().backward()
        torch.autograd.backward(sent, [t.grad for t in received])
        assert all(map(torch.equal, whole, [p.grad for p in network.parameters()]))


def test_seed_alone_decides_the_weights():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    one = build("resnet-digits", 1, 8, seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(6)
    two = build("resnet-digits", 1, 8, seed=3).state_dict()
    other = build("resnet-digits", 1, 8, seed=4).state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not torch.equal(one["layers.0.main.0.weight"], other["layers.0.main.0.weight"])


def test_initial_weights_are_hes():
    weight = build("resnet34-cifar", 3, 32).layers[32].main[0].weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 512)), rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=1e-4)


def test_small_network_stays_small():
    assert sum(p.numel() for p in build("resnet-digits", 1, 8).parameters()) < 60_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "resnet50"}, "network: got 'resnet50', must be one of resnet34, "),
        ({"channels": 0}, "channels: got 0"),
        ({"classes": 1}, "classes: got 1"),
        ({"width": 9}, "width: got 9, must be equal to height, 8"),
        ({"height": 2, "width": 2}, "height: got 2, must be an integer >= 3"),
        ({"name": "resnet34", "height": 16, "width": 16}, "height: got 16, .* >= 17"),
        ({"seed": -1}, "seed: got -1"),
        ({"seed": 0.5}, "seed: got 0.5"),
    ],
)
def test_bad_input(options, message):
    good = {
        "name": "resnet-digits", "channels": 1, "height": 8, "width": 8, "classes": 10, "seed": 0,
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        build_network(**good | options)


@pytest.mark.parametrize(
    ("start", "stop", "message"),
    [
        (0, 9, "stop: got 9, must be an integer >= 0 and <= 8"),
        (0, -1, "stop: got -1"),
        (5, 4, "start: got 5, must be an integer >= 0 and <= 4"),
        (-1, 4, "start: got -1"),
    ],
)
def test_no_such_cut(start, stop, message):
    with pytest.raises(InputError, match=message):
        build("resnet-digits", 1, 8).run((torch.zeros(1, 1, 8, 8),), start, stop)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8), (3, 8, 9), (3, 2, 2)])
def test_shape_that_the_network_does_not_read(shape):
    with pytest.raises(InputError, match="input_shape"):
        build("resnet-digits", 3, 8).profile(shape)
