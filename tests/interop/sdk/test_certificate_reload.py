"""SIGHUP takes up a new certificate in a running instance; the call and the SDK's connection go on."""

import asyncio
import os
import signal
import ssl

import pytest
from tests.interop.sdk.scene import answered, over, say, settle
from tests.real import Stage
from vonage import Vonage

pytestmark = pytest.mark.interop


def shown(stage: Stage) -> str:
    return ssl.get_server_certificate(("127.0.0.1", stage.place.tls_port))


def test_a_new_certificate_at_sighup_drops_nothing(stage: Stage, vonage: Vonage) -> None:
    uuid, line = answered(stage, vonage, "15550520001")
    before = shown(stage)
    (stage.place.data_dir / "tls" / "server.pem").unlink()
    os.kill(stage.instance.pid("supervisor"), signal.SIGHUP)

    async def changed() -> bool:
        for _ in range(100):
            if await asyncio.to_thread(shown, stage) != before:
                return True
            await asyncio.sleep(0.1)
        return False

    assert stage.run(changed())
    assert vonage.voice.get_call(uuid).status == "answered"
    say(stage, line, 700)
    settle(stage, line)
    assert not line.call.done.done()
    vonage.voice.hangup(uuid)
    over(stage, uuid, line)
