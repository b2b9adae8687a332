"""PyTorch modules as networks."""

import numpy as np
import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_torch import from_torch
from edgeopt.problems.networks.layers import Layer
from edgeopt.problems.networks.zoo import resnet34

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
prune = pytest.importorskip("torch.nn.utils.prune")

nn, F = torch.nn, torch.nn.functional


@pytest.fixture(params=["exported", "traced"])
def _both_ways(request, monkeypatch):
    """Read modules by symbolic tracing too, as if they could not be exported."""

    def refuse(*_, **__):
        raise NotImplementedError

    if request.param == "traced":
        monkeypatch.setattr(torch.export, "export", refuse)


both_ways = pytest.mark.usefixtures("_both_ways")


class Block(nn.Module):
    """The first residual block of ResNet-34's conv3 stage."""

    def __init__(self):
        super().__init__()
        self.conv3_1 = nn.Conv2d(64, 128, 3, 2, 1, bias=False)
        self.conv3_1_bn = nn.BatchNorm2d(128)
        self.conv3_shortcut = nn.Conv2d(64, 128, 1, 2, bias=False)
        self.conv3_shortcut_bn = nn.BatchNorm2d(128)
        self.conv3_2 = nn.Conv2d(128, 128, 3, 1, 1, bias=False)
        self.conv3_2_bn = nn.BatchNorm2d(128)

    def forward(self, x):
        y = self.conv3_1_bn(self.conv3_1(x))
        skip = self.conv3_shortcut_bn(self.conv3_shortcut(x))
        return skip + self.conv3_2_bn(self.conv3_2(y))


@both_ways
def test_residual_block_equals_the_built_in_one():
    read = from_torch(Block(), (64, 56, 56)).layers
    built = resnet34().layers
    first = next(i for i, layer in enumerate(built) if layer.name == "conv3_1")
    assert len(read) == 7
    for layer, own in zip(read, built[first : first + 7], strict=True):
        assert (layer.macs, layer.parameters) == (own.macs, own.parameters)
        assert layer.output_shape == own.output_shape
        assert layer.inputs == tuple(max(i - first, -1) for i in own.inputs)


class Branches(nn.Module):
    """Functions, methods, a tuple, a free parameter, and arithmetic on sizes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, groups=1)
        self.scale = nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, x):
        y = F.max_pool2d(torch.relu(self.conv(x)) * self.scale, 2)
        left, right = y.chunk(2, 1)
        y = torch.cat([left, right + 1], 1)
        return y.view(x.size(0), -1)


@both_ways
def test_branches_by_hand():
    profile = from_torch(Branches(), (3, 10, 10))
    expected = [
        ("conv", 4 * 64 * 27, 112, (4, 8, 8), (-1,)),
        ("activation", 0, 0, (4, 8, 8), (0,)),
        ("multiply", 0, 4, (4, 8, 8), (1,)),
        ("pool", 0, 0, (4, 4, 4), (2,)),
        ("identity", 0, 0, (64,), (3,)),
        ("identity", 0, 0, (2, 4, 4), (4,)),
        ("identity", 0, 0, (2, 4, 4), (4,)),
        ("add", 0, 0, (2, 4, 4), (6,)),
        ("concat", 0, 0, (4, 4, 4), (5, 7)),
        ("identity", 0, 0, (64,), (8,)),
    ]
    names = [layer.name for layer in profile.layers]
    layers = tuple(Layer(name, *fields) for name, fields in zip(names, expected, strict=True))
    assert profile.layers == layers
    assert profile.name == "Branches"
    assert profile.cut_names == ("input", "conv")


@both_ways
def test_chain_by_hand():
    chain = nn.Sequential(
        nn.ConvTranspose2d(2, 6, 2, 2), nn.BatchNorm2d(6), nn.Conv2d(6, 4, 3, groups=2),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3), nn.Softmax(1),
    )  # fmt: skip
    profile = from_torch(chain, (2, 5, 5))
    assert profile.edge_macs.tolist() == [0, 1200, 1200 + 6912, 1200 + 6912 + 12]
    assert profile.edge_parameters.tolist() == [0, 66, 66 + 112, 66 + 112 + 15]
    assert profile.crossing_elements.tolist() == [50, 600, 256, 0]
    assert profile.map_elements.tolist() == [0, 600, 856, 856 + 4 + 3]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(16, 4, bias=False)

    def forward(self, x):
        q = self.query(x)
        return torch.softmax(q @ q.transpose(1, 2), -1)


@both_ways
def test_products_of_activations():
    layers = from_torch(Attention(), (5, 16)).layers
    assert [(x.kind, x.macs) for x in layers] == [
        ("fc", 5 * 16 * 4),
        ("other", 0),
        ("matmul", 5 * 5 * 4),
        ("activation", 0),
    ]


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.one(self.two(self.one(x))) + F.linear(x, self.one.weight)


@both_ways
def test_shared_parameters_count_once():
    layers = from_torch(Shared(), (4,)).layers
    work = [(x.macs, x.parameters) for x in layers]
    assert work == [(16, 20), (16, 4), (16, 0), (16, 0), (0, 0)]


def test_module_stays_as_it_is():
    module = Block().train()
    module.conv3_1_bn.eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    from_torch(module, (64, 8, 8))
    assert module.training
    assert not module.conv3_1_bn.training
    for name, tensor in module.state_dict().items():
        assert tensor.device.type == "cpu"
        assert torch.equal(tensor, before[name])


def test_evaluation_mode_accepts_a_batch_of_one():
    module = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))  # in training it needs two samples
    assert from_torch(module, (6,)).edge_parameters[-1] == 28 + 8


class Inverses(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        return torch.linalg.inv(torch.linalg.inv(self.fc(x).view(1, 2, 2)))


def test_unknown_operators_are_listed_in_one_warning():
    with pytest.warns(UserWarning, match=r"zero work: linalg_inv\w* \(2\); 2 of 4 lay") as caught:
        profile = from_torch(Inverses(), (6,), allow_uncounted=True)
    assert len(caught) == 1
    assert [x.kind for x in profile.layers] == ["fc", "identity", "other", "other"]
    with pytest.raises(InputError, match="linalg_inv"):
        from_torch(Inverses(), (6,))


def test_operators_on_each_element_are_known():
    module = nn.Sequential(nn.Linear(6, 4), nn.Softshrink(), nn.Threshold(0, 0))
    assert from_torch(module, (6,)).edge_macs[-1] == 24


class Dynamic(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Pair(nn.Module):
    def forward(self, x, y):
        return x @ y


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        ("resnet34", (3, 8, 8), "module: got 'resnet34', must be a torch.nn.Module"),
        (Dynamic(), (3,), r"module: got 'Dynamic', must be traceable by torch.export \(.*torch.fx"),
        (Pair(), (3,), r"module: got 'Pair', .* it reads \['x', 'y'\]"),
        (nn.Linear(4, 3), (3,), r"input_shape: got \(3,\), must be one that the module accepts"),
        (nn.Linear(4, 3), (0,), "input_shape: got 0"),
        (nn.Linear(4, 3), (), "input_shape"),
        (nn.ReLU(), (3,), "layers of which one has MACs"),
    ],
)
def test_bad_input(module, shape, message):
    with pytest.raises(InputError, match=message):
        from_torch(module, shape)


class Transformed(nn.Module):
    """Parameters that are standardised, masked, transposed, joined, cast and added before use."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.low, self.high = nn.Parameter(torch.zeros(4, 2)), nn.Parameter(torch.zeros(2, 5))
        self.left, self.right = nn.Parameter(torch.zeros(3, 5)), nn.Parameter(torch.zeros(2, 5))
        self.base = nn.Parameter(torch.zeros(4, 5))
        self.unused = nn.Parameter(torch.zeros(7))

    def forward(self, x):
        w = self.conv.weight
        w = (w - w.mean(dim=(1, 2, 3), keepdim=True)) * torch.ones_like(w)
        x = F.conv2d(weight=w, bias=self.conv.bias, padding=1, input=x).mean((2, 3))
        x = F.linear(weight=(self.base + self.low @ self.high).t().to(torch.float32), input=x)
        return F.linear(x, torch.cat([self.left, self.right]))


@both_ways
def test_transformed_parameters_count_once_and_keyword_operands_by_name():
    with pytest.warns(UserWarning, match=r"7 parameters .*: unused \(7\)$"):
        layers = from_torch(Transformed(), (3, 6, 6)).layers
    work = [(layer.kind, layer.macs, layer.parameters) for layer in layers if layer.macs]
    assert work == [
        ("conv", 4 * 27 * 36, 4 * 27 + 4),
        ("fc", 4 * 5, 4 * 5 + 4 * 2 + 2 * 5),
        ("fc", 5 * 5, 3 * 5 + 2 * 5),
    ]


@both_ways
def test_what_needs_only_the_sizes_of_a_tensor_does_not_read_it():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(6, 6)

        def forward(self, x):
            y = self.fc(x)
            return self.fc(torch.ones_like(x) + y)

    assert from_torch(Net(), (6,)).crossing_elements.tolist() == [6, 6, 0]
    reads = [layer.inputs for layer in from_torch(Net(), (6,)).layers]
    assert reads == [(-1,), (0,), (1,)]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(16, 32, bias=False)

    def forward(self, x):
        return F.linear(self.encode(x), self.encode.weight.t())


@both_ways
@pytest.mark.parametrize(
    ("call", "shapes", "macs"),
    [
        (lambda x, w: torch.mm(x, w), [(16, 8)], 16 * 8),
        (lambda x, w, b: torch.addmm(b, x, w), [(16, 8), (8,)], 16 * 8),
        (lambda x, w: torch.einsum("bc,cd->bd", x, w), [(16, 8)], 16 * 8),
        (lambda x, w: F.conv_transpose1d(x[:, :, None], w), [(16, 4, 3)], 16 * 4 * 3),
        (
            lambda x, w: F.conv_transpose2d(x[..., None, None], w, groups=2),
            [(16, 4, 3, 2)],
            16 * 24,
        ),
        (lambda x, w: torch.tensordot(x, w, 1), [(16, 8)], 16 * 8),
        (lambda x, w: torch.tensordot(x.view(1, 4, 4), w, ([1, 2], [2, 0])), [(4, 3, 4)], 16 * 3),
        (lambda x, w: torch.inner(x, w), [(8, 16)], 16 * 8),
        (lambda x, w, b: torch.addmv(b, w, x[0]), [(8, 16), (8,)], 16 * 8),
        (lambda x, w: F.scaled_dot_product_attention(x[None], w, w), [(1, 5, 16)], 2 * 5 * 16),
        (lambda x, w, b: torch.baddbmm(b, x[None], w[None]), [(16, 8), (1, 1, 8)], 16 * 8),
    ],
)
def test_functions_of_parameters(call, shapes, macs):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = nn.ParameterList(nn.Parameter(torch.zeros(shape)) for shape in shapes)

        def forward(self, x):
            return call(x, *self.weights)

    layers = from_torch(Net(), (16,)).layers
    assert sum(layer.macs for layer in layers) == macs
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in Net().parameters())


@both_ways
def test_a_tied_parameter_counts_once():
    layers = from_torch(Tied(), (16,)).layers
    assert [(layer.macs, layer.parameters) for layer in layers] == [(512, 512), (512, 0)]


@both_ways
@pytest.mark.parametrize(
    ("module", "shape", "macs"),
    [
        (nn.LSTM(6, 4, batch_first=True), (5, 6), 5 * 4 * 4 * (6 + 4)),
        (nn.GRU(6, 4, bidirectional=True, batch_first=True), (5, 6), 2 * 5 * 3 * 4 * (6 + 4)),
        (nn.utils.parametrizations.weight_norm(nn.Linear(6, 4)), (6,), 24),
        (prune.l1_unstructured(nn.Linear(6, 4), "weight", 5), (6,), 24),
    ],
)
def test_recurrent_and_parametrized_modules(module, shape, macs):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, x):
            return self.inner(x)

    layers = from_torch(Net(), shape).layers
    assert sum(layer.macs for layer in layers) == macs
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in module.parameters())


@both_ways
def test_attention_by_hand():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

        def forward(self, x):
            return self.attention(x, x, x)[0]

    profile = from_torch(Net(), (10, 16))
    assert profile.edge_macs[-1] == 4 * 10 * 16 * 16 + 2 * 10 * 10 * 16
    assert profile.edge_parameters[-1] == 4 * 16 * 16 + 4 * 16


class Tokens(nn.Module):
    """Reads integers, and a mask that may be left out."""

    def __init__(self):
        super().__init__()
        self.embed, self.fc = nn.Embedding(50, 8), nn.Linear(8, 3)

    def forward(self, ids, mask=None):
        x = self.embed(ids)
        if mask is not None:
            x = x * mask[..., None]
        if x.shape[1] > 4:  # as a size decides, it can be exported
            x = x @ x.transpose(1, 2) @ x
        return self.fc(x)


def test_integers_and_optional_arguments():
    ids = torch.zeros(1, 6, dtype=torch.int64)
    profile = from_torch(Tokens(), example=(ids,))
    assert profile.edge_macs[-1] == 2 * 6 * 6 * 8 + 6 * 8 * 3
    assert (profile.input_shape, profile.input_element_bytes) == ((6,), 8)
    assert profile.edge_parameters[-1] == 50 * 8 + 8 * 3 + 3
    both = from_torch(Tokens(), example=(ids, torch.ones(1, 6)))
    assert [x.name for x in both.layers[:2]] == ["input:ids", "input:mask"]
    assert both.input_shape == (12,)


@both_ways
def test_half_precision_is_that_of_the_module():
    profile = from_torch(nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2)).half(), (6,))
    assert profile.crossing_bytes.tolist() == [12, 8, 0]
    assert profile.edge_parameter_bytes.tolist() == [0, 56, 76]


def test_the_shape_or_an_example_is_given():
    for options in ({}, {"input_shape": (6,), "example": (torch.zeros(1, 6),)}):
        with pytest.raises(InputError, match="but not both"):
            from_torch(nn.Linear(6, 4), **options)


def test_inputs_by_name():
    ids, mask = torch.zeros(1, 6, dtype=torch.int64), torch.ones(1, 6)
    named = from_torch(Tokens(), example={"mask": mask, "ids": ids})
    assert named.layers == from_torch(Tokens(), example=(ids, mask)).layers
    with pytest.raises(
        InputError, match=r"module: got 'Tokens', .*'masks'.* reads \['ids', 'mask'\]"
    ):
        from_torch(Tokens(), example={"ids": ids, "masks": mask})


def test_what_cannot_be_exported_is_traced(monkeypatch):
    monkeypatch.delattr(torch.export, "export")
    ids, mask = torch.zeros(1, 6, dtype=torch.int64), torch.ones(1, 6)
    both = from_torch(Ungraded(), example={"mask": mask, "ids": ids})
    assert [x.name for x in both.layers[:2]] == ["input:ids", "input:mask"]
    assert from_torch(Ungraded(), example=(ids,)).edge_macs[-1] == 6 * 8 * 3
    with pytest.raises(InputError, match=r"example: got \[\(1, 6\), \(1, 5\)\], must be one that"):
        from_torch(Ungraded(), example=(ids, torch.ones(1, 5)))


class Ungraded(Tokens):
    def forward(self, ids, mask=None):
        with torch.no_grad(), torch.autocast("cpu"):
            x = self.embed(ids)
            with torch.enable_grad():
                x = x if mask is None else x * mask[..., None]
        return self.fc(x)


def test_layers_within_contexts_are_read():
    ids = torch.zeros(1, 6, dtype=torch.int64)
    profile = from_torch(Ungraded(), example=(ids, torch.ones(1, 6)))
    assert [(x.name, x.parameters) for x in profile.layers if x.parameters] == [
        ("embed", 50 * 8), ("fc", 8 * 3 + 3),
    ]  # fmt: skip
    assert profile.layers[-1].inputs == (len(profile.layers) - 2,)


class Written(nn.Module):
    """Writes into a part of a tensor, which is read as a whole."""

    def __init__(self):
        super().__init__()
        self.gate, self.norm, self.fc = nn.Linear(6, 1), nn.BatchNorm1d(6), nn.Linear(6, 6)

    def forward(self, x):
        y, gate = torch.zeros_like(x), self.gate(x)
        y[:, :1] = gate
        return self.fc(self.norm(y))


def test_what_is_written_into_a_part_of_a_tensor_is_read_with_it():
    profile = from_torch(Written(), (6,))
    assert [layer.macs for layer in profile.layers if layer.macs] == [6, 36]
    fc = profile.layers[-1]
    assert fc.name == "fc"
    read = {-1: "input"} | {i: layer.name for i, layer in enumerate(profile.layers)}
    origins, names = [*fc.inputs], set()
    while origins:
        origin = origins.pop()
        names.add(read[origin])
        origins += profile.layers[origin].inputs if origin >= 0 else ()
    assert "gate" in names


def test_layers_are_named_by_their_modules():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stage = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
            self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            x = self.stage(self.stage(x))
            return self.attend(x, x, x)[0]

    names = [layer.name for layer in from_torch(Net(), (5, 8)).layers]
    assert from_torch(nn.Sequential(nn.LSTM(6, 4)), (5, 6)).cut_names == ("input", "_0")
    assert names[:4] == ["stage_0", "stage_1", "stage_0_1", "stage_1_1"]
    assert {"attend_linear", "attend_linear_1"} < set(names)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (torch.zeros(1, 6), "got 'a tensor', must be a sequence"),
        ((np.zeros((1, 6)),), "got 'ndarray', must be tensors of PyTorch"),
        ((torch.zeros(2, 6),), r"got \[\(2, 6\)\], must be of one sample"),
        ({"input": torch.zeros(2, 3, 6)}, r"got \[\(2, 3, 6\)\], must be of one sample"),
    ],
)
def test_bad_examples(example, message):
    with pytest.raises(InputError, match=f"example: {message}"):
        from_torch(nn.Linear(6, 4), example=example)


def test_time_may_come_before_the_batch():
    assert from_torch(nn.LSTM(6, 4), example=(torch.zeros(5, 1, 6),)).edge_macs[-1] == 5 * 160


class Operators(nn.Module):
    """What PyTorch's own counter knows too."""

    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 4, 3, stride=2, groups=1, output_padding=1)
        self.split = nn.ConvTranspose1d(4, 8, 3, groups=2)
        self.encode = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.attend = nn.MultiheadAttention(16, 2, kdim=3, vdim=5, batch_first=True)
        self.lstm = nn.LSTM(16, 6, 2, batch_first=True, bidirectional=True, proj_size=4)
        self.gru, self.rnn = nn.GRU(8, 4, batch_first=True), nn.RNN(4, 4, batch_first=True)
        self.cell = nn.LSTMCell(4, 3)
        self.weight = nn.Parameter(torch.zeros(3, 2, 6))

    def forward(self, x):
        x = self.up(x).flatten(2)
        x = self.encode(self.split(x)[..., :16])
        key = torch.cat([x, x], 1)
        x = self.attend(x, key[..., :3], key[..., :5], need_weights=False)[0]
        x = self.rnn(self.gru(self.lstm(x)[0])[0])[0]
        x = F.scaled_dot_product_attention(x, x[..., :4], x)
        x = torch.stack(self.cell(x[0]), 1)  # 8 x 2 x 3
        x = torch.tensordot(x, self.weight, dims=([2, 1], [0, 1]))  # 8 x 6
        y = torch.einsum("ni,mi->nm", x, x) + torch.addmm(x[0, 0], x, x.t())
        return torch.baddbmm(y, y[None], y[None])


def test_the_work_is_that_of_the_counter_of_pytorch():
    from benchmarks.torch_networks import counted_macs

    module = Operators().requires_grad_(False)  # PyTorch may then fuse layers
    macs = from_torch(module, (3, 4, 4)).edge_macs[-1]
    assert macs == counted_macs(module, torch.zeros(1, 3, 4, 4), folds=False)
