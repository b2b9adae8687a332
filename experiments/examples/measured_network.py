# %% [markdown]
# # Layer times measured on this machine
#
# Run it as a script, `python experiments/examples/measured_network.py FOLDER`, or cell by cell. It
# needs the extra `torch`. The command `edgeopt profile` does the same for an ONNX file or a module.

# %%
"""Measure the layers of a network, and cut it by measured times instead of one speed."""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from torch import nn

import edgeopt as eo
from edgeopt.experiments import paper_style, save_figure

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)
table = str(folder / "camera.csv")

# %% [markdown]
# ## A network
#
# Any module of PyTorch; a larger one takes longer to measure.

# %%
layers: dict[str, nn.Module] = {
    "conv1": nn.Conv2d(3, 32, 3, padding=1),
    "relu1": nn.ReLU(),
    "pool1": nn.MaxPool2d(2),
    "conv2": nn.Conv2d(32, 64, 3, padding=1),
    "relu2": nn.ReLU(),
    "pool2": nn.MaxPool2d(2),
    "conv3": nn.Conv2d(64, 64, 3, padding=1),
    "pool3": nn.AdaptiveAvgPool2d(1),
    "flatten": nn.Flatten(),
    "fc": nn.Linear(64, 10),
}
module = nn.Sequential(OrderedDict(layers))

# %% [markdown]
# ## Measure
#
# The network runs whole and layer by layer in turn. The sum of the layers should be close to the
# whole; `ratio` says how close. With one thread it is processor time, which other programs hardly
# lengthen.

# %%
measured = eo.profile_network(module, input_shape=(3, 64, 64), device="desk", repetitions=10)
measured.save(table)
print(
    f"whole {1e3 * measured.whole_s:.2f} ms, sum of the layers {100 * measured.ratio:.0f} % of it"
)

# %% [markdown]
# ## One speed fits no device
#
# Multiply-accumulates per second, layer by layer: pooling and activations have hardly any, and yet
# they take time.

# %%
network = eo.load_network(table)
macs = np.array([layer.macs for layer in network.layers])
seconds = network.measured["desk"].seconds
for layer, count, time in zip(network.layers, macs, seconds, strict=True):
    print(f"{layer.name:10} {1e-6 * count:7.2f} MMAC {1e3 * time:7.3f} ms")

# %% [markdown]
# ## Cut it
#
# Nodes that are as fast as this machine: once by work over speed, once by the measured times. The
# cuts may be the same; the times are not.

# %%
link = {"link.bandwidth_bit_s": 20e6}
for settings in (link, link | {"pool.times": "desk"}):
    choice = eo.offload(table, "pi_lte", objective="delay", settings=settings)
    delay_s = choice.answer.objective_value
    assert delay_s is not None  # some cut is feasible
    print(choice.cut, f"{1e3 * delay_s:.2f} ms")

# %% [markdown]
# ## Plot

# %%
with paper_style():
    figure = Figure(figsize=(5.5, 2.8))
    axes = figure.subplots()
    places = np.arange(len(network.layers))
    axes.bar(places - 0.2, 100 * macs / macs.sum(), 0.4, label="work")
    axes.bar(places + 0.2, 100 * seconds / seconds.sum(), 0.4, label="measured time")
    names = [layer.name for layer in network.layers]
    axes.set_xticks(places, names, rotation=90)
    axes.set_ylabel("share of the network (%)")
    axes.legend()
    print(*save_figure(figure, folder, "measured_network"))
