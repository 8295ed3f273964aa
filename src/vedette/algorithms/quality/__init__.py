"""What is wrong with a source's picture, in the words of `video_source_quality`."""

from vedette.algorithms.quality.judge import Judge

__all__ = ["Judge"]
