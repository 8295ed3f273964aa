"""The bench of what fails, in small: some three hundred events, three destinations, and two kills."""

from pathlib import Path
from random import Random

from bench import crowd
from bench.chaos_ends import Folder, OwnStream
from bench.chaos_harms import cut
from bench.chaos_receiver import Webhook
from bench.chaos_stage import Stage


def test_nothing_is_lost_doubled_or_out_of_order_while_all_of_it_is_killed(tmp_path: Path) -> None:
    """A worker and the service end with -9, and a third of the answers of the receiver breaks off, which kept the event."""
    clip = tmp_path / "clips" / "crowd.mp4"
    clip.parent.mkdir()
    crowd.write(clip, 2)
    ends = (Webhook(), Folder(), OwnStream())
    stage = Stage("in small", ends, tmp_path / "own", clip, walks=2)
    try:
        cut(stage)
        stage.wait_for_events(0.25 * stage.nominal)
        stage.kill_worker(Random(1))
        stage.wait_for_events(0.6 * stage.nominal)
        stage.service.kill()
        stage.service.start()
        verdicts = stage.verdicts(None)
    finally:
        stage.close()
        for end in ends:
            end.close()
    assert verdicts[0].stored > 250
    assert verdicts[0].repeats  # or nothing was cut off
    assert [one for one in verdicts if not one.holds or one.received < one.stored] == []
