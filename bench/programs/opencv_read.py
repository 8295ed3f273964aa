"""OpenCV as most programs read a video."""

import json
import sys
import time

import cv2

began, pictures = time.process_time(), 0
capture = cv2.VideoCapture(sys.argv[1], cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
while capture.read()[0]:
    pictures += 1
print(json.dumps({"cpu_ms": (time.process_time() - began) * 1000 / pictures, "pictures": pictures}))
