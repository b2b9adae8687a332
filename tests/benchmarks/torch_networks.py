"""Work of the networks of torchvision and timm, beside the count of PyTorch's `FlopCounterMode`.

``pip install torchvision timm && cd tests && python -m benchmarks.torch_networks [NAME ...]``
prints a row for each network. The second count knows nothing of the graph: it adds up the operators
that PyTorch dispatches while the network runs on tensors without data.
"""

import argparse
import importlib.util
import sys
import warnings

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from edgeopt.problems.networks import from_torch

TORCHVISION = (
    "alexnet convnext_tiny deeplabv3_mobilenet_v3_large densenet121 efficientnet_b0 "
    "efficientnet_v2_s fcn_resnet50 googlenet inception_v3 lraspp_mobilenet_v3_large maxvit_t "
    "mnasnet1_0 mobilenet_v2 mobilenet_v3_small mvit_v2_s r3d_18 raft_small regnet_y_400mf "
    "resnet18 resnet50 resnext50_32x4d s3d shufflenet_v2_x1_0 squeezenet1_1 swin3d_t swin_t "
    "swin_v2_t vgg11 vit_b_16"
)
TIMM = (
    "beit_base_patch16_224 cait_xxs24_224 coatnet_0_rw_224 convit_tiny convmixer_768_32 "
    "deit_tiny_patch16_224 edgenext_small efficientformer_l1 efficientnet_b0 efficientvit_b0 "
    "fastvit_t8 gcvit_xxtiny ghostnet_100 halonet26t hiera_tiny_224 levit_128s maxvit_tiny_tf_224 "
    "mixer_s32_224 mobilenetv3_small_100 mobilenetv4_conv_small mobilevit_s mobilevitv2_050 "
    "pit_ti_224 poolformer_s12 pvt_v2_b0 regnety_002 repvgg_a0 resnet18 resnetv2_50 sequencer2d_s "
    "swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 tiny_vit_5m_224 twins_pcpvt_small "
    "vit_tiny_patch16_224 volo_d1_224 xcit_nano_12_p16_224"
)
SHAPES = {
    "halonet26t": [(3, 256, 256)],
    "inception_v3": [(3, 299, 299)],
    "mvit_v2_s": [(3, 16, 224, 224)],
    "r3d_18": [(3, 16, 112, 112)],
    "raft_small": [(3, 128, 128), (3, 128, 128)],
    "s3d": [(3, 16, 224, 224)],
    "swin3d_t": [(3, 16, 112, 112)],
    "swinv2_tiny_window8_256": [(3, 256, 256)],
}
"""Inputs other than 3 x 224 x 224."""


class InputCounter(FlopCounterMode):
    """Counts the operators that read what is computed from the inputs; a runtime folds the others.

    Position tables, for instance, depend on parameters alone.
    """

    def __init__(self, inputs):
        super().__init__(display=False)
        self._reached = {}
        self._mark(inputs)

    def _mark(self, value):
        for each in tree_leaves(value):
            if isinstance(each, torch.Tensor):  # views share a storage, and so do writes to them
                storage = each.untyped_storage()
                self._reached[storage._cdata] = storage

    def _count_flops(self, func_packet, out, args, kwargs):
        read = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
        if any(each.untyped_storage()._cdata in self._reached for each in read):
            self._mark(out)
            return super()._count_flops(func_packet, out, args, kwargs)
        return out


def counted_macs(module, *inputs, folds=True):
    """Return half of the FLOP that PyTorch counts, with or without what a runtime folds."""
    given = [each.to("meta") for each in inputs]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    # fused attention and recurrent layers of a CPU are not in the table of the counter
    try:
        plain = None if folds else FlopCounterMode(display=False)
        with sdpa_kernel(SDPBackend.MATH), plain or InputCounter(given) as counter:
            module.eval().to("meta")(*given)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return counter.get_total_flops() // 2


def make_network(library, name):
    """Return a network without trained weights."""
    if library == "timm":
        import timm

        return timm.create_model(name)
    from torchvision import models

    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    backbone = {"weights_backbone": None} if name.startswith(("deeplab", "fcn", "lraspp")) else {}
    return models.get_model(name, weights=None, **options, **backbone)


def row(library, name):
    """Return a line of the table."""
    module = make_network(library, name)
    inputs = [torch.zeros(1, *shape) for shape in SHAPES.get(name, [(3, 224, 224)])]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        profile = from_torch(module, example=inputs)
    notes = {str(each.message) for each in caught if each.category is UserWarning}
    # no runtime folds the product of weights and the first state of a recurrent layer
    folds = not name.startswith("sequencer")
    counted, independent = int(profile.edge_macs[-1]), counted_macs(module, *inputs, folds=folds)
    numbers = f"{profile.depth:4} {counted:15,} {independent:15,} {counted / independent:7.4f}"
    return f"{library + ':' + name:40} {numbers}  {'; '.join(sorted(notes))}".rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="such as timm:pvt_v2_b0; all by default")
    names = parser.parse_args().names or [
        *(f"torchvision:{name}" for name in TORCHVISION.split()),
        *(f"timm:{name}" for name in TIMM.split()),
    ]
    print(f"{'network':40} {'cuts':>4} {'MACs':>15} {'FlopCounterMode':>15}   ratio")
    for library, _, name in (name.partition(":") for name in names):
        if importlib.util.find_spec(library) is None:
            print(f"{library}:{name}: skipped: {library} is not installed", file=sys.stderr)
            continue
        print(row(library, name), flush=True)


if __name__ == "__main__":
    main()
