"""The floor: from the first byte of a connection to the first picture, with PyAV alone.

    pyav_first.py URL default|same

`same` are the options that the product opens a live source with, so that the comparison is of the code around FFmpeg.
"""

import json
import sys
import time

import av

SAME = {"probesize": "100000", "analyzeduration": "300000", "fpsprobesize": "0"}
RTSP = {"rtsp_transport": "tcp", "allowed_media_types": "video"}

url, how = sys.argv[1], sys.argv[2]
options = dict(RTSP) if url.startswith("rtsp") else {}
if how == "same":
    options |= SAME if url.startswith("rtsp") else {}
taken = []
for _ in range(3):
    began = time.perf_counter()
    with av.open(url, options=options, timeout=(10, 10)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "SLICE", 1
        next(container.decode(stream))
        taken.append(time.perf_counter() - began)
print(json.dumps({"first_ms": sorted(taken)[1] * 1000}))
