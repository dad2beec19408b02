"""Drills on the calendars of both sides, read back with the library and byte by byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar

from app.domain.drills.schedule import instant
from app.interop.drill_calendar import DrillEntry, Invitation, calendar, invitation

MADE = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
NAME = "Drills · Meuse-Rhine"
LANGUAGES = ("en", "de", "fr", "nl")
ENTRY = DrillEntry(
    uid="0190-drill@help.example",
    sequence=3,
    titles={
        "en": "Flood; both banks, at once",
        "de": "Hochwasser an beiden Ufern",
        "fr": "Inondation",
        "nl": "Overstroming " * 9,
    },
    start=instant(datetime(2027, 10, 31, 2, 30), "Europe/Brussels", "second"),
    lasts=timedelta(hours=2),
    zones=("Europe/Brussels", "Europe/Amsterdam"),
    sites=("Maastricht", "Liège"),
    url="https://help.example/console#/drills/1",
)


def read(text):
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def test_the_start_is_an_instant():
    """In the night of the change both calendars must show the same one of the two hours."""
    text = calendar([ENTRY], LANGUAGES, made_at=MADE, name=NAME)
    assert b"DTSTART:20271031T013000Z\r\n" in text
    assert b"DTEND:20271031T033000Z\r\n" in text
    assert b"METHOD:PUBLISH\r\n" in text
    assert b"VTIMEZONE" not in text
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    event = read(text)
    assert event.decoded("dtstamp") == MADE
    assert "2027-10-31 02:30+01:00 Europe/Brussels" in event["description"]
    assert "2027-10-31 02:30+01:00 Europe/Amsterdam" in event["description"]


def test_it_says_what_it_is_in_every_language():
    """Somebody who sees 'chlorine release' on a shared calendar must see that it is a drill."""
    event = read(calendar([ENTRY], LANGUAGES, made_at=MADE, name=NAME))
    assert event["summary"] == "EXERCISE · ÜBUNG · EXERCICE · OEFENING: Flood; both banks, at once"
    lines = event["description"].split("\n")
    assert lines[0] == lines[-1]
    assert "OEFENING OEFENING OEFENING" in lines[0]
    assert event["location"] == "Maastricht, Liège"
    assert event["status"] == "CONFIRMED"


def test_a_change_replaces_and_a_cancellation_takes_away():
    """Two entries for one drill on a calendar are two rooms full of people."""
    post = Invitation(organizer="drills@help.example", attendees=("nl@help.example", "be@help.example"))
    asked = invitation(ENTRY, LANGUAGES, made_at=MADE, to=post)
    assert b"METHOD:PUBLISH\r\n" in asked, "an answer would go to an address that nobody reads"
    event = read(asked)
    assert (event["uid"], event["sequence"]) == (ENTRY.uid, 3)
    assert event["organizer"] == "mailto:drills@help.example"
    assert [str(each) for each in event["attendee"]] == ["mailto:nl@help.example", "mailto:be@help.example"]
    off = invitation(replace(ENTRY, cancelled=True, sequence=4), LANGUAGES, made_at=MADE, to=post)
    assert b"METHOD:CANCEL\r\n" in off
    assert b"STATUS:CANCELLED\r\n" in off
    assert b"SEQUENCE:4\r\n" in off
    gone = read(off)
    assert gone["uid"] == ENTRY.uid
    assert gone["organizer"] == event["organizer"]
    assert [str(each) for each in gone["attendee"]] == [str(each) for each in event["attendee"]]
    assert {each.params["RSVP"] for each in event["attendee"]} == {"FALSE"}
    assert {each.params["RSVP"] for each in gone["attendee"]} == {"FALSE"}


def test_an_empty_feed_is_a_calendar():
    """A calendar that subscribed before the first drill was planned must not break off."""
    text = calendar([], LANGUAGES, made_at=MADE, name=NAME)
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    assert text.endswith(b"END:VCALENDAR\r\n")
    assert b"METHOD:PUBLISH" in text


def test_a_feed_holds_what_is_cancelled_and_says_when_to_look_again():
    """Who subscribed is told of a cancellation, and not left with yesterday's plan."""
    off = replace(ENTRY, uid="0191-drill@help.example", cancelled=True, sequence=9)
    text = calendar([ENTRY, off], LANGUAGES, made_at=MADE, name=NAME)
    read_back = icalendar.Calendar.from_ical(text)
    assert read_back["name"] == read_back["x-wr-calname"] == NAME
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
    assert b"X-PUBLISHED-TTL:PT1H\r\n" in text
    events = read_back.walk("VEVENT")
    assert [(each["uid"], each["status"], each["sequence"]) for each in events] == [
        (ENTRY.uid, "CONFIRMED", 3), (off.uid, "CANCELLED", 9),
    ]  # fmt: skip
    assert all("organizer" not in each and "attendee" not in each for each in events)
    assert all(
        line.endswith(b"Z") for line in text.split(b"\r\n") if line.startswith((b"DTSTART", b"DTEND", b"DTSTAMP"))
    )


def test_a_window_keeps_nobody_busy():
    """Three days within which a drill may begin are not three days in which nobody can be asked to a meeting."""
    window = replace(ENTRY, window=True, lasts=timedelta(hours=72))
    text = calendar([window, ENTRY], LANGUAGES, made_at=MADE, name=NAME)
    told = [str(each["transp"]) for each in icalendar.Calendar.from_ical(text).walk("VEVENT")]
    assert told == ["TRANSPARENT", "OPAQUE"]


def test_a_text_cannot_add_a_line():
    """A title with a line end in it would be a property of the author's choice."""
    evil = replace(ENTRY, titles={"en": "Flood\r\nATTENDEE:mailto:x@example.org"}, url=None)
    event = read(calendar([evil], ["en"], made_at=MADE, name=NAME))
    assert "attendee" not in event


def test_what_comes_again_is_on_the_calendar():
    """The second one would be a surprise to everybody who has subscribed."""
    again = tuple(ENTRY.start + timedelta(weeks=number) for number in (1, 2))
    entry = replace(ENTRY, again=again)
    feed = icalendar.Calendar.from_ical(calendar([entry], ["en"], made_at=ENTRY.start, name="Concord"))
    assert [event["dtstart"].dt for event in feed.walk("VEVENT")] == [ENTRY.start, *again]
    assert len({event["uid"] for event in feed.walk("VEVENT")}) == 3
    to = Invitation(organizer="a@example.org", attendees=())
    (invited,) = icalendar.Calendar.from_ical(invitation(entry, ["en"], made_at=ENTRY.start, to=to)).walk("VEVENT")
    assert [each.dt for each in invited["rdate"].dts] == list(again)
