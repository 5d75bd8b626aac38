"""The same ONNX model behind plain FastAPI, as it is usually written: one run of the session per request.

MODEL=model.onnx SETTINGS=settings.json uvicorn plain:app
"""

import base64
import io
import json
import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from PIL import Image
from pydantic import BaseModel


class Row(BaseModel):
    image: str


class Request(BaseModel):
    rows: list[Row]


app = FastAPI()
with open(os.environ["SETTINGS"], encoding="utf-8") as file:
    settings = json.load(file)
options = ort.SessionOptions()
options.intra_op_num_threads = int(os.environ.get("THREADS", "0"))  # 0 is the default: all cores
session = ort.InferenceSession(os.environ["MODEL"], options)


@app.post("/predict")
async def predict(request: Request) -> dict:
    answers = []
    for row in request.rows:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(row.image))), np.float32)
        image = (pixels[None, None] - settings["shift"]) / settings["scale"]
        logits = session.run(["output"], {"image": image.astype(np.float32)})[0][0]
        p = np.exp(logits - logits.max())
        p /= p.sum()
        labels = settings["labels"]
        answers.append({"label": labels[int(p.argmax())], "probabilities": dict(zip(labels, p.tolist(), strict=True))})
    return {"answers": answers}
