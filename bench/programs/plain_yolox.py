"""A plain loop with YOLOX, as its own demonstration has it: `plain_yolox.py CLIP MODEL PICTURES [STREAMS]`.

PyAV decodes, OpenCV scales and suppresses, ONNX Runtime runs on one thread; several streams are threads, each with a
session of its own, as loops that know nothing of one another have.
"""

import json
import sys
import threading
import time

import av
import cv2
import numpy as np
import onnxruntime as ort

cv2.setNumThreads(1)
clip, model, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
streams = int(sys.argv[4]) if len(sys.argv) > 4 else 1
SIZE, PERSON = 416, 0
cells, sizes = [], []
for stride in (8, 16, 32):
    rows, columns = np.mgrid[0 : SIZE // stride, 0 : SIZE // stride]
    cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
    sizes.append(np.full((rows.size, 1), stride))
CELLS, STRIDES = np.concatenate(cells), np.concatenate(sizes)


def see(session: ort.InferenceSession, picture: np.ndarray) -> int:
    ratio = min(SIZE / picture.shape[0], SIZE / picture.shape[1])
    padded = np.full((SIZE, SIZE, 3), 114, np.uint8)
    small = cv2.resize(picture, (int(picture.shape[1] * ratio), int(picture.shape[0] * ratio)))
    padded[: small.shape[0], : small.shape[1]] = small
    out = session.run(None, {"images": padded.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    centre = (out[:, :2] + CELLS) * STRIDES
    extent = np.exp(out[:, 2:4]) * STRIDES
    scores = out[:, 4] * out[:, 5 + PERSON]
    chosen = scores > 0.3
    boxes = np.concatenate([centre - extent / 2, extent], axis=1)[chosen] / ratio
    return len(cv2.dnn.NMSBoxes(boxes.tolist(), scores[chosen].tolist(), 0.3, 0.45))


def loop() -> None:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    ready.wait()
    with av.open(clip) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "SLICE", 1
        for index, frame in enumerate(container.decode(stream)):
            if index == most:
                break
            see(session, frame.to_ndarray(format="bgr24"))


ready = threading.Barrier(streams + 1)
threads = [threading.Thread(target=loop) for _ in range(streams)]
for thread in threads:
    thread.start()
ready.wait()
began = time.process_time()
for thread in threads:
    thread.join()
print(json.dumps({"cpu_ms": (time.process_time() - began) * 1000 / (most * streams)}))
