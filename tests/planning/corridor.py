"""The demonstration corridor's crossings and roads, and units on it, for the tests of the planning."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path

from app.domain.protocol_data import load
from app.planning.candidates import Gate, Unit
from app.planning.roads import Border, parse_roads
from app.planning.travel import Travel

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "simulations" / "corridors" / "meuse-rhine"
ROADS = FOLDER / "roads.yaml"


@cache
def read(name):
    return load(FOLDER / name, (FOLDER / name).read_text("utf-8"))


@cache
def countries():
    return {member["code"]: member["country"] for member in read("members.yaml")}


@cache
def borders():
    return {
        each["code"]: Border(*each["point"], frozenset(countries()[side] for side in each["joins"]))
        for each in read("crossings.yaml")
    }


def gates(**changed):
    """The crossings as the corridor has them, those that are named changed: ``eijsden_vise={"control": "closed"}``."""
    found = []
    for each in read("crossings.yaml"):
        said = {name: each[name] for name in ("control", "delay_min", "max_weight_t", "max_height_m", "max_width_m")}
        said |= {"closed_until": None} | changed.get(each["code"].replace("-", "_"), {})
        border = borders()[each["code"]]
        id_ = uuid.uuid5(uuid.NAMESPACE_URL, each["code"])
        found.append(Gate(id_, each["code"], each["names"], border.countries, border.lon, border.lat, **said))
    return found


@cache
def roads():
    return parse_roads(ROADS, ROADS.read_text("utf-8"), borders())


def travel(*, by_road=True, **changed):
    return Travel(gates(**changed), roads() if by_road else None)


@cache
def depots():
    return {each["code"]: (*each["point"], countries()[each["member"]]) for each in read("depots.yaml")}


def member(code):
    return uuid.uuid5(uuid.NAMESPACE_URL, code)


def unit(owner, number, at, place=None, **other):
    lon, lat = place or depots()[at][:2]
    said = {
        "status": "available",
        "out_of_service_reason": None,
        "mobilisation_min": 5,
        "weight_t": None,
        "height_m": None,
        "width_m": None,
    } | other
    name = f"{owner} {number}"
    return Unit(
        id=uuid.uuid5(uuid.NAMESPACE_URL, name),
        member_id=member(owner),
        country=countries()[owner],
        call_sign=name,
        lon=lon,
        lat=lat,
        position_at=None,
        **said,
    )
