# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204 - GObject types have no annotations to name
"""An RTSP server that loops one H.264 file with continuous time stamps; run under the system's Python.

    /usr/bin/python3 rtsp_server.py CLIP PORT FPS [CAMERAS [udp]]

Writes one JSON line on stdout for each thing that happens: ready, connected, closed, playing; with its path, once a
client has asked to play it. The path is /live; of
further cameras /live1, /live2 and so on. With udp it refuses to send over TCP.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - gi must be told the versions first


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Loop(GstRtspServer.RTSPMediaFactory):
    """Feeds an appsrc from a list of access units, over and over."""

    def __init__(self, units, fps, *, udp):
        super().__init__()
        self.udp = udp
        self.units, self.step = units, Gst.SECOND // fps
        self.set_launch(
            "( appsrc name=source is-live=true format=time block=true caps=video/x-h264,stream-format=byte-stream,"
            "alignment=au ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
        )
        self.set_shared(True)

    def do_configure(self, media):
        if self.udp:
            media.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        count = [0]

        def need(source, _):
            at = count[0]
            unit = Gst.Buffer.new_wrapped(self.units[at % len(self.units)])
            unit.pts = unit.dts = at * self.step
            unit.duration = self.step
            count[0] += 1
            source.emit("push-buffer", unit)

        media.get_element().get_by_name("source").connect("need-data", need)


def access_units(clip):
    """Take the clip apart with GStreamer: one buffer for each picture."""
    pipeline = Gst.parse_launch(
        f"filesrc location={clip} ! qtdemux ! h264parse config-interval=-1 ! "
        "video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=sink sync=false"
    )
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    units = []
    while (sample := sink.emit("pull-sample")) is not None:
        buffer = sample.get_buffer()
        units.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    return units


def main():
    clip, port, fps = sys.argv[1], sys.argv[2], int(sys.argv[3])
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    units = access_units(clip)
    for number in range(int(sys.argv[4]) if len(sys.argv) > 4 else 1):
        server.get_mount_points().add_factory(f"/live{number or ''}", Loop(units, fps, udp="udp" in sys.argv))

    def connected(_, client):
        shown = {}  # of this client: what closes is what it played

        def playing(_, context):
            shown["path"] = context.uri.abspath
            say(event="playing", **shown)

        say(event="connected")
        client.connect("play-request", playing)
        client.connect("closed", lambda *_: say(event="closed", **shown))

    server.connect("client-connected", connected)
    server.attach(None)
    say(event="ready", port=server.get_bound_port())
    GLib.MainLoop().run()


main()
