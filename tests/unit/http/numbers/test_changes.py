"""`/number/update`: what it sets, keeps, clears and refuses."""

import pytest
from tests.unit.http.conftest import Answer, Client
from tests.unit.http.numbers.asking import DONE, LINKED, PLAIN, failed, get, post, stored

from offhook.testing.world import World


def update(http: Client, **fields: str) -> Answer:
    return post(http, "/number/update", **{"country": "NL", "msisdn": PLAIN, **fields})


def test_every_setting_is_kept_and_shown_and_cleared_by_nothing(world: World, http: Client) -> None:
    application_id = world.provisioned.application.application_id
    given = {
        "app_id": application_id,
        "moHttpUrl": "https://app.example/mo",
        "moSmppSysType": "inbound",
        "voiceCallbackType": "tel",
        "voiceCallbackValue": "15550100742",
        "voiceStatusCallback": "https://app.example/ended",
        "messagesCallbackType": "app",
        "messagesCallbackValue": application_id,
    }
    assert update(http, **given).json == DONE
    (shown,) = get(http, "/account/numbers", pattern=PLAIN).json["numbers"]
    described = {"country": "NL", "msisdn": PLAIN, "type": "landline", "features": ["VOICE"]}
    assert shown == {**described, **given}
    assert update(http, app_id=application_id).json == DONE
    assert get(http, "/account/numbers", pattern=PLAIN).json["numbers"] == [shown]
    assert update(http, **dict.fromkeys(given, "")).json == DONE
    assert get(http, "/account/numbers", pattern=PLAIN).json["numbers"] == [described]


def test_an_update_without_app_id_unlinks(world: World, http: Client) -> None:
    fields = {"country": "US", "msisdn": LINKED}
    assert post(http, "/number/update", **fields).json == DONE
    assert stored(world, LINKED).application_id is None


def test_the_deprecated_way_to_link(world: World, http: Client) -> None:
    application_id = world.provisioned.application.application_id
    assert update(http, voiceCallbackType="tel", voiceCallbackValue="15550100742").json == DONE
    assert update(http, voiceCallbackType="app", voiceCallbackValue=application_id).json == DONE
    (shown,) = get(http, "/account/numbers", pattern=PLAIN).json["numbers"]
    assert shown["app_id"] == application_id
    assert "voiceCallbackType" not in shown


SIP = {"voiceCallbackType": "sip"}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"app_id": "00000000-0000-4000-8000-000000000000"}, "app_id"),
        ({"voiceCallbackType": "app", "voiceCallbackValue": "nobody"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "app"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "tel"}, "voiceCallbackValue"),
        ({"voiceCallbackValue": "15550100742"}, "voiceCallbackType"),
        ({"voiceCallbackType": "vxml", "voiceCallbackValue": "http://a.example/"}, "voiceCallbackType"),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": "people"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": "112"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": PLAIN}, "itself"),
        ({**SIP, "voiceCallbackValue": "31201234567"}, "SIP URI"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com,"}, "SIP URI"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;timeout=1999"}, "2000 to 20000"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;timeout=20001"}, "2000 to 20000"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;transport=carrier-pigeon"}, "transport"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;media=srtp"}, "SRTP"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com\r\nX: y"}, "voiceCallbackValue"),
        ({**SIP, "voiceCallbackValue": ",".join(["sip:a@example.com"] * 11)}, "at most 10"),
        ({"voiceStatusCallback": "ftp://a.example/"}, "voiceStatusCallback"),
        ({"moHttpUrl": "not a url"}, "moHttpUrl"),
        ({"messagesCallbackType": "sms"}, "messagesCallbackType"),
        ({"messagesCallbackType": "app", "messagesCallbackValue": "nobody"}, "messagesCallbackValue"),
        ({"country": "GB"}, "not a number of this account in GB"),
        ({"msisdn": "31970001001"}, "not a number of this account"),
        ({"country": "FR", "msisdn": "33123456789"}, "not a number of this account"),
    ],
)
def test_what_cannot_be_set(world: World, http: Client, fields: dict[str, str], word: str) -> None:
    before = stored(world, PLAIN)
    failed(update(http, **fields), word)
    assert stored(world, PLAIN) == before


def test_a_list_of_sip_addresses_is_kept_as_it_was_given(world: World, http: Client) -> None:
    value = "sip:a@pbx.example;transport=tls;timeout=2000, sips:b@pbx.example;timeout=20000"
    assert update(http, voiceCallbackType="SIP", voiceCallbackValue=value).json == DONE
    assert (stored(world, PLAIN).forward_type, stored(world, PLAIN).forward_to) == ("sip", value)


def test_a_forwarding_set_over_http_is_followed_by_the_next_call(world: World, http: Client) -> None:
    phone = world.phone("15550100742", "wait 1; tone 700 1; hangup")
    assert update(http, voiceCallbackType="tel", voiceCallbackValue="15550100742").json == DONE
    report = world.call("15550100777", PLAIN, "wait-hangup")
    assert [round(tone.hertz / 10) * 10 for tone in report.tones] == [700]
    assert len(phone.calls) == 1
