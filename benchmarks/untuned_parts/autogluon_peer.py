"""AutoGluon on one table, in a Python that has it: TRAIN TEST TARGET TASK SECONDS OUT; writes OUT/answers.json."""

import json
import sys
from pathlib import Path

from autogluon.tabular import TabularDataset, TabularPredictor

train, test, target, task, seconds, out = sys.argv[1:]
metric = "accuracy" if task == "classification" else "root_mean_squared_error"
rows = TabularDataset(train)
kind = "regression" if task == "regression" else "binary" if rows[target].nunique() == 2 else "multiclass"
predictor = TabularPredictor(target, problem_type=kind, eval_metric=metric, path=f"{out}/models", verbosity=0)
found = predictor.fit(rows, time_limit=float(seconds)).predict(TabularDataset(test).drop(columns=target))
Path(out).mkdir(parents=True, exist_ok=True)
Path(out, "answers.json").write_text(json.dumps(found.tolist()), encoding="utf-8")
