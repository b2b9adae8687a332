"""What the README says is so."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_python_examples_run(tmp_path, monkeypatch, capsys):
    onnx = pytest.importorskip("onnx")
    light = Path(onnx.__file__).parent / "backend/test/data/light/light_squeezenet.onnx"
    shutil.copy(light, tmp_path / "squeezenet.onnx")
    (system,) = (text for text in blocks("toml") if "[[pool.nodes]]" in text)
    (tmp_path / "mysystem.toml").write_text(system, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    examples = blocks("python")
    assert len(examples) >= 2
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
    assert "14 ('delay',)" in capsys.readouterr().out


def test_ci_calls_exactly_the_test_command():
    commands = blocks("sh")
    assert len(commands) == 2
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"sed -n '/(.*?)/", script)
    assert pattern is not None
    assert README.count(pattern[1]) == 1
    assert README.split(pattern[1])[1].split("```sh\n")[1].startswith(commands[1])
    assert ".[test]" in commands[1]


def test_links_and_figures_are_there():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    for target in targets:
        assert "://" in target or (ROOT / target).exists(), target


def test_commands_of_the_readme_exist():
    from experiments.cli import app

    functions = (command.callback.__name__ for command in app.registered_commands)
    names = {name.replace("_", "-") for name in functions}
    used = set(re.findall(r"edgeopt ([a-z-]+)", README)) - {"is"}
    assert used <= names
