"""HTTP Live Streaming, read by ourselves: FFmpeg's own demuxer opens what a playlist names without asking our guard."""
