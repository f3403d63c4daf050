"""Training survives being killed: it goes on from its checkpoint and ends where it would have."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

_SCRIPT = ROOT / "training" / "train_reader.py"
_STEPS = 6


def rows(count: int) -> list[dict[str, object]]:
    """Make questions on the year somebody founded something; every third has no answer."""
    made: list[dict[str, object]] = []
    for number in range(count):
        context = f"Person {number} was a teacher. She founded House {number} in {1900 + number}."
        answer = {"text": str(1900 + number), "start": context.rindex(str(1900 + number))}
        made.append({
            "id": str(number),
            "question": f"When did Person {number} {'sell' if number % 3 == 0 else 'found'} it?",
            "context": context,
            "answers": [] if number % 3 == 0 else [answer],
        })
    return made


def write(path: Path, count: int) -> None:
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows(count))


def command(data: Path, out: Path) -> list[str]:
    return [
        sys.executable, str(_SCRIPT), str(data), str(out), "--examples", str(8 * _STEPS),
        "--batch", "8", "--save-steps", "1", "--repeat", "made=1",
    ]  # fmt: skip


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write(data / "train" / "made.jsonl.gz", 40)
    write(data / "dev" / "made.jsonl.gz", 9)
    subprocess.run(command(data, tmp_path / "whole"), check=True, capture_output=True)

    killed = tmp_path / "killed"
    killed.mkdir()
    running = subprocess.Popen(
        command(data, killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (killed / "checkpoint.pt").exists() and running.poll() is None:
        pass
    running.send_signal(signal.SIGKILL)
    running.wait()
    subprocess.run(command(data, killed), check=True, capture_output=True)

    import torch

    one, other = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)
        for name in ("whole", "killed")
    )
    assert one["step"] == other["step"] == _STEPS
    for name, weight in one["model"].items():
        assert torch.allclose(weight, other["model"][name], atol=1e-5), name
    report = json.loads((killed / "log.jsonl").read_text().splitlines()[-1])
    assert report["of"] == _STEPS
    assert set(report["made"]) >= {"f1", "span_f1", "unanswerable_refused"}


def test_a_checkpoint_of_another_run_is_not_continued(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write(data / "train" / "made.jsonl.gz", 16)
    write(data / "dev" / "made.jsonl.gz", 3)
    subprocess.run(command(data, tmp_path / "out"), check=True, capture_output=True)
    again = subprocess.run(
        [*command(data, tmp_path / "out"), "--seed", "8"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 1
    assert "was made with other options" in again.stderr


def test_a_run_starts_from_another_and_is_exported(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write(data / "train" / "made.jsonl.gz", 16)
    write(data / "dev" / "squad2_A_tune.jsonl.gz", 6)
    subprocess.run(command(data, tmp_path / "first"), check=True, capture_output=True)
    first = str(tmp_path / "first" / "checkpoint.pt")
    subprocess.run(
        [
            *command(data, tmp_path / "second"), "--start", first,
            "--repeat", "made=1.5,profiles=.01",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    second = str(tmp_path / "second" / "checkpoint.pt")
    out = tmp_path / "model"
    export = [sys.executable, str(_SCRIPT.with_name("export_reader.py")), first, second]
    done = subprocess.run(
        [*export, str(data), "--out", str(out)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0 or "int8 costs" in done.stderr, done.stderr
    assert 20e6 < (out / "reader.onnx").stat().st_size < 25e6
    about = json.loads((out / "reader.json").read_text())
    assert set(about["dev"]) == {"fp32", "int8"}
    assert about["options"]["start"] == "checkpoint.pt"
    subprocess.run(
        [*command(data, tmp_path / "third"), "--start", str(out / "reader.onnx"),
         "--learning-rate", "0"],
        check=True, capture_output=True,
    )  # fmt: skip
    import torch

    shipped, *made = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["model"]
        for name in ("third", "first", "second")
    )
    for name, weight in shipped.items():  # int8 keeps each weight to a hundredth of the largest
        averaged = (made[0][name] + made[1][name]) / 2
        assert torch.allclose(weight, averaged, atol=0.01 * float(averaged.abs().max())), name
