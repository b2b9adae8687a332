"""Networks as CSV files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.problems.errors import InputError
from edgeopt.problems.networks.from_csv import from_csv, to_csv
from edgeopt.problems.networks.layers import Layer, cut_ends_of
from edgeopt.problems.networks.load import NETWORKS, load_network
from edgeopt.problems.networks.profile import Profile

HEADER = "name,kind,macs,parameters,output_shape,inputs"
TABLE = f"""{HEADER}
input,input,0,0,3x8x8,
conv,conv,400,20,4x4x4,input

pool,pool,0,0,4x2x2,conv
fc,fc,160,170,10,pool input
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "net.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("text", [TABLE, TABLE.replace("\n", "\r\n"), TABLE.replace(",", " , ")])
def test_reads_layers_and_cuts(file, text):
    profile = load_network(str(file(text)))
    assert profile.name == "net"
    assert profile.input_shape == (3, 8, 8)
    assert profile.layers[1] == Layer("pool", "pool", 0, 0, (4, 2, 2), (0,))
    assert profile.layers[2].inputs == (1, -1)
    assert profile.cut_ends == (1, 3)
    assert profile.crossing_elements.tolist() == [192, 256, 0]


@pytest.mark.parametrize("name", NETWORKS)
def test_round_trip_of_built_in_networks(name, tmp_path):
    profile = NETWORKS[name](64, 10)
    to_csv(profile, tmp_path / f"{name}.csv")
    back = from_csv(tmp_path / f"{name}.csv")
    for field in ("name", "input_shape", "layers", "cut_ends", "cut_names"):
        assert getattr(back, field) == getattr(profile, field)


words = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=5)
words = words.filter(lambda text: text != "input" and text.split() == [text])


@settings(max_examples=50)
@given(st.lists(st.tuples(words, st.integers(1, 2**48)), min_size=1, unique_by=lambda x: x[0]))
def test_round_trip_of_odd_names(tmp_path_factory, rows):
    layers = tuple(
        Layer(name, 'a "kind", odd', macs, 7, (2, 3), (i - 1,))
        for i, (name, macs) in enumerate(rows)
    )
    path = tmp_path_factory.mktemp("csv") / "odd.csv"
    to_csv(Profile("odd", (5,), layers, cut_ends_of(layers)), path)
    assert from_csv(path).layers == layers


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (TABLE, "", "line 1"),
        (HEADER, "name,macs", "line 1: got .*must be the header name,kind"),
        (TABLE, HEADER, "input and at least one layer"),
        ("input,input,0", "a,conv,0", "line 2: .*must be the network's input"),
        ("3x8x8", "3x8x", "line 2: output_shape: got ''"),
        ("3x8x8", "3x0x8", "line 2: output_shape: got 0"),
        ("conv,conv,400", "conv,conv,-400", "line 3: macs: got '-400'"),
        ("conv,conv,400", "conv,conv,4e2", "line 3: macs: got '4e2'"),
        ("conv,conv,400", "conv,conv,٤", "line 3: macs"),
        ("conv,conv,400", f"conv,conv,{10**16}", "line 3: layer conv: macs"),
        ("conv,conv,400", "conv,conv," + "9" * 5000, "line 3: macs"),
        ("conv,400,20", "conv,400,", "line 3: parameters: got ''"),
        ("4x2x2,conv", "4x2x2,fc", "line 5: inputs: got 'fc', must be the name of an earlier row"),
        ("4x2x2,conv", "4x2x2,", "line 5: layer pool: inputs"),
        ("pool,pool", "conv,pool", "line 5: name: got 'conv', must be unique"),
        ("pool,pool", "input,pool", "line 5: name: got 'input'"),
        ("pool,pool", "a b,pool", "line 5: layer name"),
        ("pool,pool", ",pool", "line 5: layer name"),
        (",10,pool input\n", ",10", "line 6: got .*must be 6 cells"),
        ("pool,pool", '"pool,pool', "CSV"),
    ],
)
def test_bad_table(file, old, new, message):
    assert old in TABLE
    with pytest.raises(InputError, match=message):
        from_csv(file(TABLE.replace(old, new)))


def test_table_without_work(file):
    with pytest.raises(InputError, match="layers of which one has MACs"):
        from_csv(file(TABLE.replace("400", "0").replace("160", "0")))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x00\x01", HEADER.encode() + b"\n\x80"])
def test_not_text(file, data):
    with pytest.raises(InputError):
        from_csv(file(data))


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_any_bytes_are_a_network_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    path.write_bytes(HEADER.encode() + b"\ninput,input,0,0,1,\n" + data)
    with pytest.raises(InputError):
        from_csv(path)


@given(st.integers(0, len(TABLE) - 14))
def test_cut_off_anywhere_is_an_input_error(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("csv") / "cut.csv"
    path.write_text(TABLE[:length])
    try:
        names = [layer.name for layer in from_csv(path).layers]
    except InputError:
        return
    assert names in (["conv"], ["conv", "pool"])  # cut between two rows


def test_missing_files(tmp_path):
    with pytest.raises(InputError, match="an existing file"):
        from_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match="an existing file"):
        from_csv(tmp_path)
    with pytest.raises(InputError, match="a writable path"):
        to_csv(NETWORKS["alexnet"](64, 10), tmp_path / "none" / "net.csv")


def test_work_of_in_place_layers_makes_no_cuts(tmp_path):
    """A table as torchinfo prints it."""
    path = tmp_path / "counted.csv"
    path.write_text(
        "name,kind,macs,parameters,output_shape,inputs\n"
        "input,input,0,0,3x8x8,\n"
        "conv,conv,900,10,4x8x8,input\nbn,norm,256,8,4x8x8,conv\nrelu,activation,256,0,4x8x8,bn\n"
        "fc,fc,2560,2570,10,relu\nsoftmax,activation,10,0,10,fc\n"
    )
    profile = from_csv(path)
    assert profile.cut_ends == (3, 5)
    assert profile.edge_macs.tolist() == [0, 1412, 3982]
