"""Who can get there first: the order, and why the nearer ones can't come."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.agreement_terms import Terms
from app.domain.agreements import AgreementFacts, Stock
from app.domain.errors import ProtocolDataError
from app.domain.geo import great_circle_km
from app.domain.protocol_data import LANGUAGES
from app.planning.candidates import FIGURES, Agreed, Gate, Unit, Wanted, Why, obstacle_texts, obstacle_texts_from, rank
from app.settings import protocols_path

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
MAAS, LUIK, AKEN = (uuid.UUID(int=number) for number in (1, 2, 3))
COUNTRY = {MAAS: "NL", LUIK: "BE", AKEN: "DE"}
WANTED = Wanted(MAAS, "NL", "flood", "pump.high_capacity", "immediate", 5.7, 50.78, NOON)
PLACES = {MAAS: (5.69, 50.85), LUIK: (5.57, 50.63), AKEN: (6.08, 50.78)}


def unit(owner=LUIK, name="pump", **other) -> Unit:
    lon, lat = PLACES[owner]
    plain = Unit(
        id=uuid.uuid5(owner, name),
        member_id=owner,
        country=COUNTRY[owner],
        call_sign=name,
        status="available",
        out_of_service_reason=None,
        lon=lon,
        lat=lat,
        position_at=NOON,
        mobilisation_min=10,
        weight_t=None,
        height_m=None,
        width_m=None,
    )
    return replace(plain, **other)


def gate(code, countries, lon=5.7, lat=50.75, **other) -> Gate:
    said = {
        "id": uuid.uuid5(MAAS, code),
        "names": dict.fromkeys(LANGUAGES, code.capitalize()),
        "control": "none",
        "closed_until": None,
        "delay_min": 0,
        "max_weight_t": None,
        "max_height_m": None,
        "max_width_m": None,
    } | other
    return Gate(code=code, countries=frozenset(countries.split()), lon=lon, lat=lat, **said)


EIJSDEN = gate("eijsden", "NL BE")
VAALS = gate("vaals", "NL DE", lon=6.02, lat=50.77, delay_min=10, control="checks")


def agreement(*, keep=0, lenders=(LUIK, AKEN), crossings="*"):
    facts = AgreementFacts(
        id=uuid.UUID(int=9),
        code="maas",
        version=1,
        status="in_force",
        precedence=1,
        lenders=frozenset(lenders),
        borrowers=frozenset({MAAS}),
        effective_at=NOON - timedelta(days=1),
        expires_at=None,
    )
    reserve = [{"type": "pump.high_capacity", "keep": keep}] if keep else []
    return facts, Terms(kinds=("immediate",), reserve=reserve, crossings=crossings)


def ranked(units, *, gates=(EIJSDEN, VAALS), known=None, stocks=None, limit=10, wanted=WANTED):
    plenty = {owner: Stock(5, 0) for owner in COUNTRY}
    agreed = Agreed([agreement()] if known is None else known, stocks or plenty)
    return rank(units, gates, wanted, agreed, limit=limit)


def test_the_first_to_arrive_stands_first():
    """Who rings the farther city loses the minutes that count."""
    found = ranked([unit(AKEN, "aken"), unit(LUIK, "luik"), unit(MAAS, "own"), unit(LUIK, "slow", mobilisation_min=60)])
    assert [each.unit.call_sign for each in found.candidates] == ["own", "luik", "aken", "slow"]
    assert all(each.can for each in found.candidates)
    aken = found.candidates[2]
    assert (aken.gates, aken.delay_min) == ((VAALS,), 10)
    assert aken.total_min == pytest.approx(10 + aken.drive_min + 10)
    own = found.candidates[0]
    assert (own.gates, own.verdict, own.reasons) == ((), None, ())


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"status": "out_of_service", "out_of_service_reason": "crew"}, "out_of_service"),
        ({"status": "reserved"}, "reserved"),
        ({"status": "committed"}, "committed"),
    ],
)
def test_a_nearer_one_that_cannot_come_says_why(state, code):
    """Whoever sees only those that can rings the nearest station all the same, to ask why not."""
    near, far = unit(LUIK, "near", **state), unit(AKEN, "far")
    found = ranked([far, near]).candidates
    assert [(each.unit.call_sign, each.can) for each in found] == [("near", False), ("far", True)]
    assert [why.code for why in found[0].reasons] == [code]


def test_what_an_agreement_says_is_told():
    """A unit without an agreement costs a phone call to somebody who may bind the city; that is to be known before."""
    (found,) = ranked([unit()], known=[]).candidates
    assert ([why.code for why in found.reasons], found.can, found.only_agreement) == (["no_agreement"], False, True)
    (found,) = ranked([unit()], known=[agreement(lenders=[AKEN])]).candidates
    assert ([why.code for why in found.reasons], found.can) == (["lender_not_party"], False)
    (found,) = ranked([unit()], known=[agreement(keep=2)], stocks={LUIK: Stock(2, 0)}).candidates
    assert (found.can, found.only_reserve, found.only_agreement) == (False, True, False)
    (found,) = ranked([unit(status="committed")], known=[agreement(keep=2)], stocks={LUIK: Stock(2, 0)}).candidates
    assert [why.code for why in found.reasons] == ["committed"]
    (found,) = ranked([unit(status="committed")], known=[]).candidates
    assert not found.only_agreement
    (found,) = ranked([unit()], known=[agreement(keep=2)], stocks={LUIK: Stock(3, 0)}).candidates
    assert (found.can, found.verdict.agreement.code) == (True, "maas")


def test_a_closed_or_narrow_border_is_in_the_way():
    """The nearest pump stands on the other side of a bridge that is under water, or too weak."""
    shut = gate("eijsden", "NL BE", control="closed")
    (found,) = ranked([unit()], gates=[shut, VAALS]).candidates
    assert [(why.code, dict(why.figures)) for why in found.reasons] == [
        ("no_open_crossing", {"from_country": "BE", "to_country": "NL"})
    ]
    assert not found.reachable
    weak = gate("eijsden", "NL BE", max_weight_t=12.0)
    (found,) = ranked([unit(weight_t=16.0)], gates=[weak]).candidates
    assert [why.code for why in found.reasons] == ["too_heavy"]
    assert not found.reachable
    strong = gate("far", "NL BE", lon=5.9, lat=50.75)
    (found,) = ranked([unit(weight_t=16.0)], gates=[weak, strong]).candidates
    assert (found.gates, found.can, found.reachable) == ((strong,), True, True)
    assert [(why.code, why.blocking) for why in found.reasons] == [("too_heavy", False)]


def test_where_no_bridge_joins_both_the_way_goes_through_the_country_between():
    """A flood closes every bridge of one border: who says "nobody can come" then has not looked at the other one."""
    shut = gate("eijsden", "NL BE", control="closed")
    round_ = gate("lichtenbusch", "BE DE", lon=6.02, lat=50.72, delay_min=15)
    (found,) = ranked([unit()], gates=[shut, VAALS, round_]).candidates
    assert (found.gates, found.delay_min, found.can) == ((round_, VAALS), 25, True)
    assert [(why.code, dict(why.figures)) for why in found.reasons] == [
        ("transits", {"country": "DE", "crossing": "vaals"})
    ]
    assert found.km == pytest.approx(
        great_circle_km(found.unit.lon, found.unit.lat, 6.02, 50.72)
        + great_circle_km(6.02, 50.72, 6.02, 50.77)
        + great_circle_km(6.02, 50.77, WANTED.lon, WANTED.lat)
    )
    one = agreement(crossings=["eijsden", "lichtenbusch"])
    (found,) = ranked([unit()], known=[one], gates=[shut, VAALS, round_]).candidates
    assert [why.code for why in found.reasons if why.blocking] == ["crossing_not_allowed"]
    weak = replace(VAALS, max_weight_t=12.0)
    (found,) = ranked([unit(weight_t=16.0)], gates=[shut, weak, round_]).candidates
    assert (found.gates, [why.code for why in found.reasons]) == ((), ["too_heavy"])
    near = [VAALS, round_, EIJSDEN]
    (found,) = ranked([unit()], gates=near).candidates
    assert (found.gates, found.reasons) == ((EIJSDEN,), ())
    (found,) = ranked([unit(AKEN)], gates=[replace(VAALS, control="closed"), round_, EIJSDEN]).candidates
    assert found.gates == (round_, EIJSDEN)


def test_what_is_too_much_for_a_crossing_is_told_with_both_figures():
    """A dispatcher who reads 'too large' rings to ask by how much; who reads the figures takes the lighter pump."""
    low = gate("eijsden", "NL BE", max_weight_t=12.0, max_height_m=3.5, max_width_m=2.4)
    (found,) = ranked([unit(weight_t=12.5, height_m=3.6, width_m=2.55)], gates=[low]).candidates
    assert [(why.code, dict(why.figures)) for why in found.reasons] == [
        ("too_heavy", {"crossing": "eijsden", "weight_t": 12.5, "max_weight_t": 12.0}),
        ("too_high", {"crossing": "eijsden", "height_m": 3.6, "max_height_m": 3.5}),
        ("too_wide", {"crossing": "eijsden", "width_m": 2.55, "max_width_m": 2.4}),
    ]
    assert found.reasons[0].said("de") == "Zu schwer für den Übergang Eijsden: 12,5 t, erlaubt 12 t."
    assert found.reasons[2].said("en") == "Too wide for the crossing Eijsden: 2.55 m, limit 2.4 m."


def test_those_who_cannot_come_do_not_crowd_out_those_who_can():
    """With twenty broken pumps in town the one that works must still be on the list."""
    broken = [unit(MAAS, f"broken {n:02}", status="committed") for n in range(20)]
    late = unit(LUIK, "late committed", status="committed", mobilisation_min=900)
    working = [unit(AKEN, f"works {n}") for n in range(4)]
    found = ranked([*broken, *working, late], limit=3)
    assert [each.unit.call_sign for each in found.candidates if each.can] == ["works 0", "works 1", "works 2"]
    assert found.more == 1
    assert sum(not each.can for each in found.candidates) == 3
    assert "late committed" not in {each.unit.call_sign for each in found.candidates}
    assert ranked([]).candidates == ()


def test_six_hundred_units_are_ranked_while_one_looks():
    """The list is asked for at each change; the figure is for the reader of the run."""
    units = [unit(owner, f"{n}", lon=5.5 + n / 1000) for n in range(200) for owner in (MAAS, LUIK, AKEN)]
    gates = [replace(base, code=f"{base.code}{n}") for base in (EIJSDEN, VAALS) for n in range(8)]
    begun = time.perf_counter()
    found = ranked(units, gates=gates, limit=50)
    print(f"600 units over 16 crossings: {(time.perf_counter() - begun) * 1000:.1f} ms")
    assert len(found.candidates) == 50


def test_every_reason_has_words_in_every_language():
    """A reason without words is a code that a dispatcher has to guess."""
    assert set(obstacle_texts()) == set(FIGURES)
    why = Why("out_of_service", {"out_of_service_reason": "crew"})
    said = {language: why.said(language) for language in LANGUAGES}
    assert said["nl"] == "Buiten dienst: Geen bemanning."
    assert len(set(said.values())) == len(LANGUAGES)
    crossing = Why("no_open_crossing", {"from_country": "BE", "to_country": "NL"})
    assert crossing.said("de") == "Kein Grenzübergang offen zwischen Belgien und Niederlande."
    assert "Hochwasser" in Why("hazard_not_covered", {"hazard": "flood"}).said("de")


def test_a_file_that_asks_for_another_figure_is_refused():
    """Otherwise the list of candidates would fail in the night in which that reason first occurs."""
    path = protocols_path() / "typing" / "candidate_reasons.yaml"
    text = path.read_text("utf-8").replace("Reserved for an offer that stands.", "Reserved for {offer}.")
    with pytest.raises(ProtocolDataError, match="offer"):
        obstacle_texts_from(Path("candidate_reasons.yaml"), text)
