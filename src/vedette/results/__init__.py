"""From findings to events. `message` is light; `snapshot` draws with OpenCV and is imported by workers alone."""
