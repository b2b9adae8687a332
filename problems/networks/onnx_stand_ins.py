"""Operators whose shapes onnx does not infer, those of ONNX Runtime, or infers wrongly."""

from __future__ import annotations

from typing import Any

from edgeopt.problems.errors import import_extra
from edgeopt.problems.networks.onnx_graph import is_operator, set_nodes

_SAME = ("Identity", (0,))

_LIKE: dict[str, tuple[str, tuple[int, ...]]] = {
    "DynamicQuantizeLSTM": ("LSTM", (0, 0, 0)),  # only the input and the attributes matter
    "FusedConv": ("Conv", (0, 1)),
    "DynamicQuantizeMatMul": ("MatMul", (0, 1)),
    "FusedMatMul": ("MatMul", (0, 1)),
    "BiasAdd": _SAME,
    "QLinearAdd": ("Add", (0, 3)),
    "QLinearMul": ("Mul", (0, 3)),
    **dict.fromkeys(("BiasGelu", "FastGelu", "Gelu", "QuickGelu"), _SAME),
    **dict.fromkeys(("QLinearLeakyRelu", "QLinearSigmoid", "QLinearSoftmax"), _SAME),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), _SAME),
}
"""Operator of onnx with outputs of the same shape and type, and the inputs that decide them."""


def with_stand_ins(model: Any) -> Any:
    """Return the model, or a copy with operators whose shapes onnx knows instead of others.

    Only the shapes and types of its tensors mean something.
    """
    found = [_stand_in(node) for node in model.graph.node]
    if all(each is None for each in found):
        return model
    copied = type(model).FromString(model.SerializeToString())
    pairs = zip(copied.graph.node, found, strict=True)
    set_nodes(copied.graph, [node if each is None else each for node, each in pairs])
    return copied


def _stand_in(node: Any) -> Any:
    """Return a node whose outputs have the shapes that those of `node` have, None for itself."""
    helper = import_extra("onnx.helper", "onnx")
    if is_operator(node, "STFT") and all(each.name != "onesided" for each in node.attribute):
        # onnx takes 0 for the default, which is 1
        made = type(node).FromString(node.SerializeToString())
        made.attribute.append(helper.make_attribute("onesided", 1))
        return made
    is_transposed = any(each.name.startswith("trans") and each.i for each in node.attribute)
    if node.domain != "com.microsoft" or node.op_type not in _LIKE or is_transposed:
        return None
    name, places = _LIKE[node.op_type]
    outputs = node.output[:1] if name != "LSTM" else node.output
    made = helper.make_node(name, [node.input[i] for i in places], outputs, node.name)
    made.attribute.extend(node.attribute if name != "Identity" else ())
    return made
