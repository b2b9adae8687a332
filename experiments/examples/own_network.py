# %% [markdown]
# # Where to cut your own network
#
# Run it as a script, `python experiments/examples/own_network.py FOLDER`, or cell by cell.

# %%
"""Cut your own network on your own system, and see why the cut is there."""

import importlib.util
import sys
from pathlib import Path

from edgeopt import build_program, load_system, scan, sensitivities
from edgeopt.experiments.offload import plot_offload
from edgeopt.problems.networks import from_csv

arguments = [] if hasattr(sys, "ps1") else sys.argv[1:]  # a notebook has none
folder = Path(*arguments or ["out"])
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## The network
#
# A table of layers: multiply-accumulates, parameters, output shape, and input layers (here with a
# residual block). `load_network("file.onnx")` reads ONNX, `from_torch(module,
# shape)` PyTorch.

# %%
(folder / "camera.csv").write_text("""\
name,kind,macs,parameters,output_shape,inputs
input,input,0,0,3x224x224,
conv1,conv,14751744,4736,32x56x56,input
pool1,maxpool,0,0,32x28x28,conv1
conv2,conv,3612672,18496,64x14x14,pool1
relu2,relu,0,0,64x14x14,conv2
conv3,conv,7225344,36928,64x14x14,relu2
add,add,0,0,64x14x14,relu2 conv3
conv4,conv,115605504,590848,1024x14x14,add
conv5,conv,924844032,4719104,512x14x14,conv4
pool5,avgpool,0,0,512x1x1,conv5
fc,linear,5120,5130,10,pool5
""")
network = from_csv(folder / "camera.csv")
print(f"{network.name}: {network.depth} layers with work, {network.cut_names}")

# %% [markdown]
# The same from PyTorch, where it is installed (extra `torch`):

# %%
if importlib.util.find_spec("torch"):
    import torch
    from torch import nn

    from edgeopt.problems.networks import from_torch

    class Camera(nn.Module):  # type: ignore[misc]
        """The network of the table."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 32, 7, stride=4, padding=3)
            self.pool1 = nn.MaxPool2d(2)
            self.conv2 = nn.Conv2d(32, 64, 3, stride=2, padding=1)
            self.conv3 = nn.Conv2d(64, 64, 3, padding=1)
            self.conv4 = nn.Conv2d(64, 1024, 3, padding=1)
            self.conv5 = nn.Conv2d(1024, 512, 3, padding=1)
            self.fc = nn.Linear(512, 10)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            """Return the score of each class."""
            low = self.conv2(self.pool1(self.conv1(image))).relu()
            high = self.conv5(self.conv4(low + self.conv3(low)))
            return self.fc(high.mean((2, 3)))

    traced = from_torch(Camera(), (3, 224, 224))
    assert [layer.macs for layer in traced.layers if layer.macs] == [
        layer.macs for layer in network.layers if layer.macs
    ]

# %% [markdown]
# ## The system
#
# Four boards, a slow link to the cloud, and a deadline. `edgeopt offload --help` and the files in
# `problems/systems/presets/` show further options.

# %%
(folder / "site.toml").write_text("""\
[[pool.nodes]]
device = "raspberry_pi_4"
count = 4
energy_budget_j = 9000

[cloud]
flops = 10e12

[link]
bandwidth_bit_s = 40e6
round_trip_s = 0.02

[uplink]
rates_bit_s = [40e6, 60e6, 80e6]

[tasks]
arrival_hz = 5
deadline_s = 0.12
""")
system = load_system(folder / "site.toml")

# %% [markdown]
# ## The cut, and why
#
# `build_program` computes memory, delay, energy and load at every cut; `scan` returns the best cut
# that meets all limits.

# %%
program = build_program(network, system, objective="energy")
answer = scan(program)
assert answer.cut is not None  # None: no cut meets the limits
print(f"cut {answer.cut} ({network.cut_names[answer.cut]}), {answer.objective_value:.4g} J a task")
for cut, name in enumerate(network.cut_names):
    delay, energy = program.terms.delay_s[0, cut], program.goal[cut]
    kept = "" if program.feasible[cut] else "  not feasible"
    print(f"  {cut} {name:6} {1e3 * delay:7.1f} ms {1e3 * energy:7.2f} mJ{kept}")
print("a better cut is ruled out by", *answer.binding)

# %% [markdown]
# How far may one input change, with all others fixed, before another cut is better?

# %%
for one in sensitivities(network, system, objective="energy"):
    if one.below is not None or one.above is not None:
        print(f"{one.name:20} from x {one.lowest:.3g} to x {one.highest:.3g}")

# %% [markdown]
# ## Plot

# %%
print(*plot_offload(answer, folder))
