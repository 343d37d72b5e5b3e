import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest
from onnx import TensorProto, helper

from larder import ArtifactInvalid, LarderError, TrainingSetFailed, inputs, inputs_by_name, manifest_of, read_training_set, seal

FEATURES = ["activity:orders", "activity:spent", "activity:premium", "activity:taste", "season:weekday"]


@pytest.fixture(scope="session")
def labels(project):
    return pd.read_csv(project / "labels.csv", parse_dates=["event_timestamp", "asked_at"])


@pytest.fixture(scope="session")
def rows(larder, labels):
    return larder.historical(labels, "churn")


def test_the_rows_come_back_in_order_with_their_features(rows, labels):
    assert rows["customer_id"].tolist() == labels["customer_id"].tolist()
    assert rows["churned"].tolist() == labels["churned"].tolist()
    assert [name for name in rows.columns if ":" in name] == FEATURES
    manifest = manifest_of(rows)
    assert manifest["model"] == {"name": "churn", "version": 1}
    assert manifest["spine"]["rows"] == len(labels)
    # An unknown customer has no activity, but a weekday.
    unknown = rows[rows["customer_id"] == "nobody"].iloc[0]
    assert pd.isna(unknown["activity:orders"]) and unknown["season:weekday"] >= 0


def test_the_tensor(rows):
    tensor = inputs(rows)
    assert tensor.dtype == np.float32 and tensor.shape == (len(rows), 6)
    assert np.isnan(tensor[-1, :5]).all() and not np.isnan(tensor[-1, 5])
    assert set(np.unique(tensor[:-1, 2])) == {0, 1}
    table = pa.Table.from_pandas(rows)
    np.testing.assert_array_equal(inputs(table, manifest=manifest_of(rows)), tensor)
    assert inputs(rows, missing=-1)[-1, 0] == -1
    half = rows[rows["churned"] == 1]
    assert inputs(half, features=["season:weekday"]).shape == (len(half), 1)


def test_an_arrow_table_gives_an_arrow_table(larder, labels):
    table = larder.historical(pa.Table.from_pandas(labels.head(5)), FEATURES[:2])
    assert isinstance(table, pa.Table) and table.num_rows == 5
    assert manifest_of(table)["model"] is None


def test_what_is_wrong_with_the_rows_is_said(larder, labels):
    with pytest.raises(LarderError, match="MODEL_NOT_FOUND"):
        larder.historical(labels, "nobody")
    with pytest.raises(TrainingSetFailed) as raised:
        larder.historical(labels.drop(columns=["customer_id"]), "churn")
    assert raised.value.code == "SPINE_INVALID"
    with pytest.raises(ValueError, match="tz_localize"):
        larder.historical(labels.assign(event_timestamp=labels["event_timestamp"].dt.tz_localize(None)), "churn")
    with pytest.raises(ValueError, match="no column 'when'"):
        larder.historical(labels, "churn", time="when")


def logistic(folder: Path, width=6, features=None, **changes):
    """sigmoid(sum of the row, nulls as 0), and the same in Python."""
    folder.mkdir(exist_ok=True)
    nodes = [
        helper.make_node("IsNaN", ["x"], ["nan"]),
        helper.make_node("Where", ["nan", "zero", "x"], ["known"]),
        helper.make_node("ReduceSum", ["known", "axes"], ["sum"], keepdims=1),
        helper.make_node("Sigmoid", ["sum"], ["probability"]),
    ]
    floats = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [floats("x", TensorProto.FLOAT, [None, width])],
        [floats("probability", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]), helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", changes.get("opset", 17))])
    model.ir_version = changes.get("ir", 10)
    if features is not None:
        helper.set_model_props(model, {"larder.features": json.dumps(features)})
    onnx.save(model, folder / "model.onnx")
    return lambda x: 1 / (1 + np.exp(-np.nan_to_num(x).sum(axis=1)))


def test_seal_writes_an_artifact(rows, tmp_path):
    score = logistic(tmp_path / "m")
    sealed = seal(tmp_path / "m", rows, predict=score, metrics={"auc": np.float64(0.8)}, parameters={"depth": 3})
    assert sealed.features == tuple(FEATURES) and sealed.outputs == ("probability",) and sealed.compared
    golden = json.loads((tmp_path / "m/golden.json").read_text())
    assert [None] * 5 == golden["rows"][-1][:5]
    assert 50 <= len(json.loads((tmp_path / "m/background.json").read_text())["rows"]) <= 200
    training = json.loads((tmp_path / "m/training.json").read_text())
    assert training["training_set"]["content_sha256"] == manifest_of(rows)["content_sha256"]
    assert training["metrics"] == {"auc": 0.8}
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["background.json", "golden.json", "model.onnx", "training.json"]
    # The same again gives the same bytes.
    before = (tmp_path / "m/model.onnx").read_bytes()
    seal(tmp_path / "m", rows, predict=score, metrics={"auc": 0.8}, parameters={"depth": 3})
    assert (tmp_path / "m/model.onnx").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "options", "says"),
    [
        ({}, {"predict": lambda x: np.full(len(x), 0.5)}, "MODEL_GOLDEN_MISMATCH"),
        ({}, {"predict": lambda x: np.full(len(x), np.nan)}, "MODEL_GOLDEN_MISMATCH|finite"),
        ({"width": 5}, {}, "has 5 columns"),
        ({"ir": 14}, {}, "at most 13"),
        ({"opset": 27}, {}, "at most 26"),
        ({"features": ["a:b"]}, {}, "other features"),
        ({}, {"outputs": ["score", "other"]}, "Say where each output"),
        ({}, {"details": {"log": "x" * 300_000}}, "at most 262144"),
    ],
)
def test_seal_refuses_and_changes_nothing(rows, tmp_path, changes, options, says):
    score = logistic(tmp_path / "m", **changes)
    before = (tmp_path / "m/model.onnx").read_bytes()
    with pytest.raises(ArtifactInvalid, match=says):
        seal(tmp_path / "m", rows, **{"predict": score, **options})
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["model.onnx"]
    assert (tmp_path / "m/model.onnx").read_bytes() == before


def test_a_set_of_the_command_line(command, project, tmp_path):
    folder = tmp_path / "set"
    command("training-set", "build", "--model", "churn", "--spine", str(project / "labels.csv"), "--split", "time:0.8,0.2", "--out", str(folder))
    train, every = read_training_set(folder, part="train"), read_training_set(folder)
    assert 0 < len(train) < len(every)
    score = logistic(tmp_path / "m")
    sealed = seal(tmp_path / "m", folder, predict=score)
    assert sealed.golden_rows >= 32
    # The command line seals the same folder with the same rows.
    pd.DataFrame({"probability": score(inputs(train))}).to_csv(tmp_path / "scores.csv", index=False)
    before = json.loads((tmp_path / "m/golden.json").read_text())
    training = json.loads((tmp_path / "m/training.json").read_text())
    command("seal", str(tmp_path / "m"), "--training-set", str(folder), "--scores", str(tmp_path / "scores.csv"))
    after = json.loads((tmp_path / "m/golden.json").read_text())
    np.testing.assert_array_equal(np.array(after["rows"], np.float32), np.array(before["rows"], np.float32))
    assert json.loads((tmp_path / "m/training.json").read_text()) == training


def guide_text(name):
    return (Path(os.environ["TEST_GUIDES"]) / f"{name}.md").read_text("utf-8")


def test_the_guide(command, project, monkeypatch, capsys):
    """docs/guides/from-labels-to-a-model.md, as it is written, from the CSV to the promoted model."""
    guide, _ = guide_text("from-labels-to-a-model").split("## In TypeScript")
    (script,) = re.findall(r"```python\n(.*?)```", guide, re.S)
    assert len([line for line in script.splitlines() if line.strip()]) <= 30
    monkeypatch.chdir(project)
    exec(compile(script.replace("http://127.0.0.1:6570", os.environ["TEST_URL"]), "guide.py", "exec"), {"__name__": "guide"})
    commands = re.findall(r"^npx larder (.*?)(?:  +#.*)?$", guide, re.M)
    for line in commands:
        command(*shlex.split(line))
    aliases = json.loads(command("models", "churn", "--json"))
    assert '"champion"' in json.dumps(aliases)
    assert [line.split()[0] for line in commands] == ["apply", "promote", "predict"]


INPUTS = {"numbers": ["activity:orders", "activity:taste"], "counts": ["account:logins"], "plan": ["account:plan"], "flags": ["activity:premium"]}
TYPES = {"numbers": "float32", "counts": "int64", "plan": "string", "flags": "bool"}


@pytest.fixture(scope="session")
def typed_rows(larder, labels):
    return larder.historical(pa.Table.from_pandas(labels, preserve_index=False), [name for names in INPUTS.values() for name in names])


def test_inputs_by_name_are_typed(typed_rows, labels):
    given = inputs_by_name(typed_rows, TYPES, inputs=INPUTS, missing=0)
    assert {name: (values.dtype.name, values.shape) for name, values in given.items()} == {
        "numbers": ("float32", (len(labels), 3)),
        "counts": ("int64", (len(labels), 1)),
        "plan": ("object", (len(labels), 1)),
        "flags": ("bool", (len(labels), 1)),
    }
    # The customer that nobody knows.
    assert [values[-1].tolist() for values in given.values()] == [[0, 0, 0], [0], [""], [False]]
    assert set(given["plan"].ravel()) == {"", "free", "plus", "gold"}
    for name, values in inputs_by_name(typed_rows.to_pandas(), TYPES, inputs=INPUTS, missing=0, manifest=manifest_of(typed_rows)).items():
        np.testing.assert_array_equal(values, given[name])
    for options, says in [
        ({}, "int64, which has no NaN"),
        ({"inputs": None}, "not built for a model that takes several"),
        ({"types": {**TYPES, "plan": "float32"}, "missing": 0}, "cannot hold account:plan"),
        ({"types": {"numbers": "float32"}, "missing": 0}, "the inputs are numbers"),
        ({"types": {**TYPES, "plan": "text"}, "missing": 0}, "must be one of"),
    ]:
        with pytest.raises(ValueError, match=says):
            inputs_by_name(typed_rows, **{"types": TYPES, "inputs": INPUTS, **options})


def several(folder: Path):
    """The sum of all inputs, a plan other than "free" as 10, and the same in Python."""
    folder.mkdir(exist_ok=True)
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("LabelEncoder", ["plan"], ["paid"], domain="ai.onnx.ml", keys_strings=["free", ""], values_floats=[0.0, 0.0], default_float=10.0),
        helper.make_node("Cast", ["counts"], ["counted"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["flags"], ["flagged"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["numbers", "counted", "flagged", "paid"], ["all"], axis=1),
        helper.make_node("ReduceSum", ["all", "axes"], ["score"], keepdims=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [
            value("plan", TensorProto.STRING, [None, 1]),
            value("numbers", TensorProto.FLOAT, [None, 3]),
            value("counts", TensorProto.INT64, [None, 1]),
            value("flags", TensorProto.BOOL, [None, 1]),
        ],
        [value("score", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
    model.ir_version = 10
    onnx.save(model, folder / "model.onnx")
    paid = lambda plan: np.where(np.isin(plan, ["free", ""]), 0, 10)  # noqa: E731
    return lambda x: (x["numbers"].sum(axis=1) + x["counts"][:, 0] + x["flags"][:, 0] + paid(x["plan"])[:, 0])


def test_seal_writes_rows_by_input(command, project, typed_rows, tmp_path):
    score = several(tmp_path / "m")
    sealed = seal(tmp_path / "m", typed_rows, predict=score, inputs=INPUTS, missing=0)
    assert sealed.features == tuple(name for names in INPUTS.values() for name in names) and sealed.compared
    golden, background = (json.loads((tmp_path / "m" / f"{name}.json").read_text()) for name in ("golden", "background"))
    assert golden["features"] == background["features"] == INPUTS
    assert golden["rows"][-1] == {"numbers": [None] * 3, "counts": [None], "plan": [None], "flags": [None]}
    assert {type(row["counts"][0]) for row in background["rows"]} <= {int, type(None)}
    several(tmp_path / "other")
    for options, says in [
        ({"predict": lambda x: score(x) + 1}, "MODEL_GOLDEN_MISMATCH"),
        ({"inputs": {"numbers": INPUTS["numbers"]}}, "its inputs are plan, numbers"),
        ({"inputs": {**INPUTS, "numbers": ["activity:orders"]}}, r"'numbers' must be float32, .* \[N, 1\]"),
    ]:
        with pytest.raises(ArtifactInvalid, match=says):
            seal(tmp_path / "other", typed_rows, **{"predict": score, "inputs": INPUTS, "missing": 0, **options})
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["model.onnx"]
    # The command line seals a set with the same rows.
    folder = tmp_path / "set"
    features = ",".join(sealed.features)
    command("training-set", "build", "--features", features, "--spine", str(project / "labels.csv"), "--out", str(folder))
    seal(tmp_path / "m", folder, predict=score, inputs=INPUTS, missing=0)
    before = json.loads((tmp_path / "m/background.json").read_text())
    named = [word for name, names in INPUTS.items() for word in ("--input", f"{name}={','.join(names)}")]
    command("seal", str(tmp_path / "m"), "--training-set", str(folder), "--missing", "0", *named)
    assert json.loads((tmp_path / "m/background.json").read_text()) == before


def test_the_guide_of_several_inputs(command, project, monkeypatch):
    """docs/guides/kinds-of-models.md, from the labels to a promoted model with several inputs."""
    _, part = guide_text("kinds-of-models").split("### Train a model with several inputs")
    part, _ = part.split("\n## ", 1)
    (script,) = re.findall(r"```python\n(.*?)```", part, re.S)
    definition, *_ = re.findall(r"```ts\n(.*?)```", part, re.S)
    monkeypatch.chdir(project)
    exec(compile(script.replace("http://127.0.0.1:6570", os.environ["TEST_URL"]), "guide.py", "exec"), {"__name__": "guide"})
    config = project / "larder.config.ts"
    config.write_text(config.read_text("utf-8") + "\n" + definition, "utf-8")
    commands = re.findall(r"^npx larder (.*?)(?:  +#.*)?$", part, re.M)
    assert [line.split()[0] for line in commands] == ["apply", "promote", "predict", "training-set"]
    done = [command(*shlex.split(line)) for line in commands[:3]]
    assert "probability" in done[2]
    # The set of the model names its inputs: nothing else has to be said.
    command("training-set", "build", "--model", "renewal", "--spine", "labels.csv", "--out", "sets/renewal")
    manifest = json.loads((project / "sets/renewal/manifest.json").read_text())
    assert list(manifest["model"]["inputs"]) == ["numbers", "counts", "plan"]
    rows = read_training_set(project / "sets/renewal")
    with pytest.raises(ValueError, match="takes several inputs"):
        inputs(rows)
    assert inputs_by_name(rows, {"numbers": "float32", "counts": "int64", "plan": "string"}, missing=0)["plan"].dtype == object
    seal(project / "models/renewal", rows, outputs={"probability": ("probabilities", 1)}, missing=0)
