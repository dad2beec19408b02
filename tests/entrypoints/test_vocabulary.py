"""Coded words as a client shows them."""

from __future__ import annotations


async def test_every_code_has_a_name_in_every_language(client):
    """A code without a name is what a dispatcher would see on screen."""
    said = (await client("aken", "viewer").get("/api/v1/vocabulary")).json()
    assert said["languages"]["de"] == {"name": "Deutsch", "tag": "de"}
    assert said["words"]["hazards"]["flood"]["names"]["de"] == "Hochwasser"
    assert said["words"]["priorities"]["life_safety"]["rank"] == 1
    assert said["phases"]["NL"]["grip_2"]["rank"] == 2
    assert said["states"]["mission"]["at_border"]["names"]["en"]
    assert said["roles"]["dispatcher"]["names"]["nl"] == "Centralist"
    assert said["measures"]["pumping_capacity"]["unit"] == "m3/h"
    assert said["events"]["offer.made"]["fr"] == "Offre faite"
    groups = [*said["words"].values(), *said["phases"].values(), *said["states"].values()]
    for group in (*groups, said["roles"], said["units"], said["measures"]):
        for code, word in group.items():
            assert set(word["names"]) == {"en", "de", "fr", "nl"}, code
