"""The floor: demux and decode on one thread, look at nothing."""

import json
import sys
import time

import av

began, pictures = time.process_time(), 0
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    stream.thread_type, stream.thread_count = "SLICE", 1
    for _ in container.decode(stream):
        pictures += 1
print(json.dumps({"cpu_ms": (time.process_time() - began) * 1000 / pictures, "pictures": pictures}))
