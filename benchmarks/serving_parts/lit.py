"""The same ONNX model behind LitServe, with its dynamic batching.

MODEL=model.onnx SETTINGS=settings.json python lit.py PORT
"""

import base64
import io
import json
import os
import sys

import litserve
import numpy as np
import onnxruntime as ort
from PIL import Image


class Api(litserve.LitAPI):
    def setup(self, device: str) -> None:
        with open(os.environ["SETTINGS"], encoding="utf-8") as file:
            self.settings = json.load(file)
        self.session = ort.InferenceSession(os.environ["MODEL"])

    def decode_request(self, request: dict) -> np.ndarray:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(request["rows"][0]["image"]))), np.float32)
        return ((pixels[None] - self.settings["shift"]) / self.settings["scale"]).astype(np.float32)

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.stack(inputs)

    def predict(self, x: np.ndarray) -> np.ndarray:
        logits = self.session.run(["output"], {"image": x})[0]
        p = np.exp(logits - logits.max(1, keepdims=True))
        return p / p.sum(1, keepdims=True)

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        return list(output)

    def encode_response(self, output: np.ndarray) -> dict:
        labels = self.settings["labels"]
        answer = {
            "label": labels[int(output.argmax())],
            "probabilities": dict(zip(labels, output.tolist(), strict=True)),
        }
        return {"answers": [answer]}


if __name__ == "__main__":
    api = Api(max_batch_size=64, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="error", generate_client_file=False)
