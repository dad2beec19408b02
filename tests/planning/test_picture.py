"""From what stands in the tables to a plan: what it promises, the agreements' own check allows, one unit after the other; and rulings that are kept are those made anew."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.agreement_parts import with_parts
from app.domain.agreement_terms import Terms
from app.domain.agreements import UNUSED, AgreementFacts, Case, Stock, Use, binding, check, choose, kept_from
from app.domain.cost_terms import estimate
from app.domain.geo import great_circle_km
from app.domain.lender_words import Word
from app.domain.resource_types import parts_of_type
from app.planning.efforts import effort_of
from app.planning.eta import Size
from app.planning.facts import FreeUnit, OpenLine, Picture, Promised, cited_as
from app.planning.papers import Asked, Counted, Home, Lender, Papers, answers_in, floors_of, reserve_left
from app.planning.picture import posed
from app.planning.planner import Planner
from tests.planning.corridor import countries, depots, member, travel
from tests.world import box

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
PUMP = "pump.high_capacity"
OWNERS = {"nl-maastricht": "maastricht", "be-liege": "liege", "be-tongeren": "vise", "de-aachen": "aachen"}
ASKERS = ["nl-maastricht", "de-aachen"]
LENDERS = {member(code): Lender(countries()[code], "Europe/Brussels", "EUR") for code in OWNERS}
STRAIGHT = travel(by_road=False)
AROUND_LIEGE = box(5.4, 50.5, 5.66, 50.7)


def home(code):
    lon, lat, _ = depots()[OWNERS[code]]
    return Home(lon, lat, 0)


@st.composite
def papers_(draw):
    """Up to three agreements of some with some, with caps, floors, and one that may be set aside."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        lenders = draw(st.sets(st.sampled_from(sorted(OWNERS)), min_size=1))
        floors = {}
        if draw(st.booleans()):
            floors["plain"] = {"type": PUMP, "keep": draw(st.integers(0, 2))}
        if draw(st.booleans()):
            floors["area"] = {"type": PUMP, "keep": 1, "area": AROUND_LIEGE}
        if draw(st.booleans()):
            hours = {"start": "14:00", "end": draw(st.sampled_from(["14:01", "20:00"]))}
            floors["hours"] = {"type": PUMP, "keep": 2, "hours": hours}
        terms = Terms(
            kinds=("immediate",),
            reserve=list(floors.values()),
            caps={"units": [{"type": PUMP, "most": draw(st.integers(1, 3))}]} if draw(st.booleans()) else {},
            response=[{"acknowledge_min": 3}] if draw(st.booleans()) else [],
        )
        facts = AgreementFacts(
            uuid.UUID(int=number + 1), f"agreement-{number}", 1, draw(st.sampled_from(["in_force", "in_force", "suspended"])),
            number, frozenset(map(member, lenders)), frozenset(map(member, draw(st.sampled_from([ASKERS, ASKERS[:1]])))), NOON - timedelta(days=1),
            draw(st.sampled_from([None, NOON + timedelta(seconds=30)])),
        )  # fmt: skip
        found.append((facts, terms))
    return found


@st.composite
def counts(draw):
    stocks = {}
    for code in OWNERS:
        many = draw(st.integers(0, 3))
        homes = {uuid.uuid5(member(code), str(number)): home(code)[:2] for number in range(many)}
        until = NOON + timedelta(seconds=draw(st.sampled_from([20, 3600])))
        word = Word(uuid.UUID(int=9), draw(st.booleans()), until, NOON) if draw(st.integers(0, 4)) == 0 else None
        stocks[member(code)] = Stock(many, draw(st.integers(0, 2)), homes, word)
    uses = {uuid.UUID(int=number + 1): Use(draw(st.integers(0, 2)), draw(st.integers(0, 1))) for number in range(3)}
    return Counted(stocks, uses)


def asked(asker="nl-maastricht", at="maastricht"):
    lon, lat, country = depots()[at]
    return Asked(member(asker), country, "flood", "immediate", PUMP, lon, lat)


@settings(deadline=None, max_examples=60)
@given(papers_(), counts(), counts(), st.data())
def test_a_ruling_that_is_kept_is_the_one_that_would_be_made(pairs, first, second, data):
    """A ruling that outlives its agreement, its hour or a stock sends a unit that must stay."""
    homes = {number: home(code) for number, code in enumerate(OWNERS, 1)}
    papers = Papers(pairs, LENDERS, homes)
    counted = {PUMP: first.after(None)}
    for _ in range(data.draw(st.integers(2, 6))):
        if data.draw(st.booleans()):
            other = data.draw(st.sampled_from([first, second]))
            counted = {PUMP: other.after(counted[PUMP])}
        at = NOON + timedelta(seconds=data.draw(st.sampled_from([0, 10, 25, 40, 61, 3700])))
        who, ground = data.draw(st.sampled_from(sorted(OWNERS))), data.draw(st.integers(0, 4))
        crossing = data.draw(st.sampled_from([None, "eijsden-vise"]))
        kept = papers.rulings(asked(), counted, at)(member(who), ground, crossing)
        anew = papers.ruling(asked(), counted, at, member(who), homes.get(ground), crossing)
        assert (kept, kept.bits) == (anew, anew.bits)


@settings(deadline=None, max_examples=80)
@given(papers_(), counts(), st.data())
def test_what_a_plan_promises_the_agreements_allow_one_after_the_other(pairs, counted, data):
    """A plan that breaks a reserve or a cap is refused at its third unit, on the phone. Its own units go last: they go to their own people, reserve or not."""
    counted = replace(counted, stocks={who: replace(stock, promised=0) for who, stock in counted.stocks.items()})
    papers = Papers(pairs, LENDERS, {number: home(code) for number, code in enumerate(OWNERS, 1)})
    lines = tuple(
        OpenLine(
            uuid.UUID(int=100 + number), uuid.UUID(int=1), "R", asked(data.draw(st.sampled_from(ASKERS)), at),
            data.draw(st.integers(1, 4)), 0, "life_safety", None, depots()[at][2],
        )
        for number, at in enumerate(data.draw(st.lists(st.sampled_from(["maastricht", "sittard"]), min_size=1, max_size=2)))
    )  # fmt: skip
    units = tuple(
        FreeUnit(
            id_, str(id_), who, LENDERS[who].country, PUMP, *place, 5.0, Size(None, None, None), 0, Home(*place, 0)
        )
        for who, stock in counted.stocks.items()
        for id_, place in stock.homes.items()
    )
    of = posed(Picture(NOON, 1, lines, units, (), papers, {PUMP: counted.after(None)}), STRAIGHT)
    plan = Planner(of.situation).plan(20)
    assert plan.status == "optimal"
    stocks, uses = dict(counted.stocks), dict(counted.uses)
    given_: dict = {}
    line_of = {line.id: line for line in lines}

    def kept(one):
        """How many its owner keeps of it by any agreement that binds the line: help from which more is kept is offered first."""
        asks, who = line_of[one.line_id].asked, one.member_id
        if who == asks.borrower:
            return -1, -1
        case = Case("flood", PUMP, "immediate", who, asks.borrower, 1, NOON, zone="Europe/Brussels")
        binds = binding([check(f, t, case, stocks[who]) for f, t in pairs], case)
        floors = [
            floor for each in binds for floor in floors_of(each.terms, who, PUMP, stocks[who], NOON, "Europe/Brussels")
        ]
        by_area = {floor.model_dump_json(): floor.keep for floor in floors if floor.area is not None}
        return max((floor.keep for floor in floors if floor.area is None), default=0), sum(by_area.values())

    for each in sorted(plan.assignments, key=kept, reverse=True):
        start = given_.get(each.pool_id, 0)
        given_[each.pool_id] = start + each.quantity
        line, who = line_of[each.line_id], each.member_id
        for unit in of.units[each.pool_id][start : start + each.quantity]:
            assert unit.member_id == who
            if who != line.asked.borrower:
                case = Case("flood", PUMP, "immediate", who, line.asked.borrower, 1, NOON, resource_id=unit.id,
                            crossing=None if each.ad_hoc else each.crossing, zone="Europe/Brussels")  # fmt: skip
                said = [check(f, t, case, stocks[who], uses.get(f.id, UNUSED)) for f, t in pairs]
                if each.ad_hoc:
                    assert kept_from(said, case) is None, (kept_from(said, case), each)
                else:
                    facts = next(f for f, _ in pairs if cited_as(f) == each.agreement)
                    verdict = choose(said, only=facts.id)
                    assert verdict.allowed, (verdict.against, each)
                    uses[facts.id] = uses.get(facts.id, UNUSED).more(1)
            assert not (stocks[who].word and stocks[who].word.cannot_at(NOON) and who != line.asked.borrower)
            stocks[who] = stocks[who].less(1, unit.id)


def test_what_was_offered_keeps_its_units_and_counts_once():
    """Three pumps, one to stay: two are offered without a name. The plan counts on these two, and asks for no third; a cap of two is full with them."""
    liege = member("be-liege")
    facts = AgreementFacts(uuid.UUID(int=1), "a", 1, "in_force", 1, frozenset({liege}), frozenset(map(member, ASKERS)), NOON - timedelta(1), None)  # fmt: skip
    terms = Terms(
        kinds=("immediate",), reserve=[{"type": PUMP, "keep": 1}], caps={"units": [{"type": PUMP, "most": 2}]}
    )
    place = home("be-liege")[:2]
    ids = [uuid.UUID(int=number) for number in range(1, 4)]
    stock = Stock(3, 2, dict.fromkeys(ids, place))
    counted = {PUMP: Counted({liege: stock}, {facts.id: Use(0, 2)}).after(None)}
    country = depots()["maastricht"][2]
    line = OpenLine(uuid.UUID(int=7), uuid.UUID(int=1), "R", asked(), 3, 0, "life_safety", None, country)
    units = tuple(FreeUnit(id_, str(id_), liege, "BE", PUMP, *place, 5.0, Size(None, None, None)) for id_ in ids)
    picture = Picture(NOON, 1, (line,), units, (Promised(line.id, liege, PUMP, 2, "a/1"),), Papers([(facts, terms)], LENDERS), counted)  # fmt: skip
    of = posed(picture, STRAIGHT)
    plan = Planner(of.situation).plan(20)
    assert [(each.quantity, each.agreement) for each in plan.assignments] == [(2, "a/1")]
    (unmet,) = plan.unmet
    assert (unmet.quantity, {each.why.code for each in unmet.why} <= {"cap_units", "reserve_floor"}) == (1, True)
    elsewhere = posed(replace(picture, promised=()), STRAIGHT)  # the same two were promised to somebody else
    assert Planner(elsewhere.situation).plan(20).assignments == ()


TEAM, ENGINE, OFFICER = "formation.engine_strike_team", "engine.pumper", "person.officer"
MADE_OF = parts_of_type(TEAM)


def teams(code, wholes, engines, officers):
    """A lender's units: so many teams with their parts, and parts that stand alone; numbered, so that two calls give the same."""
    place, who = home(code)[:2], member(code)
    found = []

    def one(type_code, of=None):
        id_ = uuid.uuid5(who, f"team {len(found)}")
        found.append(FreeUnit(id_, str(id_), who, LENDERS[who].country, type_code, *place, 5.0, Size(None, None, None), 0, Home(*place, 0), of))  # fmt: skip
        return id_

    for _ in range(wholes):
        whole = one(TEAM)
        for part, many in MADE_OF.items():
            for _ in range(many):
                one(part, whole)
    for part, many in ((ENGINE, engines), (OFFICER, officers)):
        for _ in range(many):
            one(part)
    return found


def stocks_of(units):
    """What there is of each type, by lender."""
    found = {code: {} for code in (TEAM, ENGINE, OFFICER)}
    for unit in units:
        found[unit.type_code].setdefault(unit.member_id, {})[unit.id] = (unit.lon, unit.lat)
    return {
        code: {who: Stock(len(homes), 0, homes) for who, homes in by_lender.items()}
        for code, by_lender in found.items()
    }


def teams_asked(many, *, type_code=TEAM, number=100):
    return OpenLine(uuid.UUID(int=number), uuid.UUID(int=1), "R", replace(asked(), type_code=type_code), many, 0, "life_safety", None, depots()["maastricht"][2])  # fmt: skip


def team_papers(**terms):
    facts = AgreementFacts(uuid.UUID(int=1), "a", 1, "in_force", 1, frozenset(map(member, ("be-liege", "de-aachen"))), frozenset(map(member, ASKERS)), NOON - timedelta(1), None)  # fmt: skip
    return facts, Terms(kinds=("immediate",), **terms)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_cap_and_a_reserve_count_what_goes_within_formations(data):
    """Five engines that leave as a team are five engines less at home, and five under the cap, whatever else leaves alone."""
    many = st.integers
    units = [
        unit
        for code in ("be-liege", "de-aachen")
        for unit in teams(code, data.draw(many(0, 3)), data.draw(many(0, 6)), data.draw(many(0, 2)))
    ]
    reserve = [{"type": ENGINE, "keep": data.draw(many(0, 12))}] if data.draw(st.booleans()) else []
    if data.draw(st.booleans()):
        reserve.append({"type": ENGINE, "keep": data.draw(many(1, 6)), "area": AROUND_LIEGE})
    caps = [{"type": ENGINE, "most": data.draw(many(1, 14))}] if data.draw(st.booleans()) else []
    if data.draw(st.booleans()):
        caps.append({"type": TEAM, "most": data.draw(many(1, 3))})
    facts, terms = team_papers(reserve=reserve, caps={"units": caps} if caps else {})
    lines = tuple(
        teams_asked(data.draw(many(1, 4)), type_code=code, number=100 + number)
        for number, code in enumerate(data.draw(st.sampled_from([(TEAM,), (TEAM, ENGINE), (ENGINE, TEAM)])))
    )
    stocks = stocks_of(units)
    counted = {code: Counted(each, {}).after(None) for code, each in stocks.items()}
    of = posed(Picture(NOON, 1, lines, tuple(units), (), Papers([(facts, terms)], LENDERS), counted), STRAIGHT)
    planner = Planner(of.situation)
    for plan in (planner.plan(20), planner.greedy()):
        left, uses, sent = {code: dict(each) for code, each in stocks.items()}, dict.fromkeys(stocks, UNUSED), {}
        for each in plan.assignments:
            start = sent.get(each.pool_id, 0)
            sent[each.pool_id] = start + each.quantity
            who, borrower = each.member_id, lines[0].asked.borrower
            if who == borrower:
                continue
            case = Case("flood", each.type_code, "immediate", who, borrower, 1, NOON, crossing=each.crossing, zone="Europe/Brussels")  # fmt: skip
            for unit in of.units[each.pool_id][start : start + each.quantity]:
                mine = {code: left[code].get(who, Stock(0, 0)) for code in stocks}
                verdict = check(
                    facts, terms, replace(case, resource_id=unit.id), mine[unit.type_code], uses[unit.type_code]
                )
                verdict = with_parts(verdict, case, mine, uses)
                assert each.ad_hoc or verdict.allowed, (verdict.against, each)
                for gone in (unit, *(part for part in units if part.formation_id == unit.id)):
                    left[gone.type_code][who] = left[gone.type_code][who].less(1, gone.id)
                    if not each.ad_hoc:
                        uses[gone.type_code] = uses[gone.type_code].more(1)


def test_of_two_teams_one_goes_where_the_engines_of_the_other_are_capped_or_kept():
    """And it is told why the other does not: not enough of it would be wrong, there are two."""
    units = teams("be-liege", 2, 0, 0)
    counted = {code: Counted(each, {}).after(None) for code, each in stocks_of(units).items()}
    for code, terms in (
        ("cap_units", {"caps": {"units": [{"type": ENGINE, "most": 8}]}}),
        ("reserve_floor", {"reserve": [{"type": ENGINE, "keep": 4}]}),
    ):
        picture = Picture(
            NOON, 1, (teams_asked(2),), tuple(units), (), Papers([team_papers(**terms)], LENDERS), counted
        )
        plan = Planner(posed(picture, STRAIGHT).situation).plan(20)
        assert [(each.type_code, each.quantity) for each in plan.assignments] == [(TEAM, 1)]
        ((unmet),) = plan.unmet
        assert [(each.why.code, each.why.figures["type_code"]) for each in unmet.why] == [(code, ENGINE)]


def test_the_engines_of_a_team_that_is_offered_are_not_taken_off_the_others():
    """One team is offered without a name; the five engines that stand alone are free, all of them."""
    units = teams("be-liege", 1, 5, 0)
    liege = member("be-liege")
    stocks = stocks_of(units)
    promised = {
        code: {liege: replace(stocks[code][liege], promised=many)} for code, many in {TEAM: 1, **MADE_OF}.items()
    }
    facts, terms = team_papers(caps={"units": [{"type": ENGINE, "most": 10}]})
    uses = {code: {facts.id: Use(0, many)} for code, many in {TEAM: 1, **MADE_OF}.items()}
    counted = {code: Counted(promised[code], uses[code]).after(None) for code in stocks}
    lines = (teams_asked(1), teams_asked(5, type_code=ENGINE, number=101))
    picture = Picture(NOON, 1, lines, tuple(units), (Promised(lines[0].id, liege, TEAM, 1, "a/1"),), Papers([(facts, terms)], LENDERS), counted)  # fmt: skip
    plan = Planner(posed(picture, STRAIGHT).situation).plan(20)
    assert [(each.type_code, each.quantity, each.agreement) for each in plan.assignments] == [(TEAM, 1, "a/1"), (ENGINE, 5, "a/1")]  # fmt: skip


def test_the_years_cost_is_kept_whichever_units_go():
    """One engine stands near, three far away: what the year may still cost is reckoned by those, and so is never more than was agreed."""
    places = [home("be-tongeren")[:2], *[home("be-liege")[:2]] * 3]
    liege = member("be-liege")
    units = tuple(
        FreeUnit(uuid.UUID(int=number), str(number), liege, "BE", PUMP, *place, 5.0, Size(None, None, None), number)
        for number, place in enumerate(places)
    )
    counted = {PUMP: Counted({liege: Stock(4, 0, {unit.id: (unit.lon, unit.lat) for unit in units})}, {}).after(None)}
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": [{"item": "kilometres", "rate": "1.00"}]}
    facts, terms = team_papers(cost=cost, yearly_cost={"amount": "120", "currency": "EUR"})
    facts = replace(facts, spent=Decimal(0))
    picture = Picture(NOON, 1, (teams_asked(4, type_code=PUMP),), units, (), Papers([(facts, terms)], LENDERS), counted)
    of = posed(picture, STRAIGHT)
    plan = Planner(of.situation).plan(20)
    pools, at = {pool.id: pool for pool in of.situation.pools}, of.situation.lines[0]
    cost = 0
    for each in plan.assignments:
        km = great_circle_km(pools[each.pool_id].lon, pools[each.pool_id].lat, at.lon, at.lat)
        cost += each.quantity * estimate(terms.cost, PUMP, effort_of(km, 3), "EUR").amount
    assert 0 < cost <= 120
    assert [each.why.code for unmet in plan.unmet for each in unmet.why] == ["yearly_cost_cap"]


def test_a_pool_stands_where_one_of_its_units_stands():
    """The mean of three boats on both banks lies in the river: no router knows a way from there, and the plan said that nobody had asked one."""
    liege = member("be-liege")
    places = [(5.6991, 50.8), (5.7001, 50.8), (5.7012, 50.8)]
    units = tuple(
        FreeUnit(uuid.UUID(int=number), str(number), liege, "BE", PUMP, *place, 5.0, Size(None, None, None), 3)
        for number, place in enumerate(places)
    )
    counted = {PUMP: Counted({liege: Stock(3, 0, {unit.id: (unit.lon, unit.lat) for unit in units})}, {}).after(None)}
    line = teams_asked(3, type_code=PUMP)
    picture = Picture(NOON, 1, (line,), units, (), Papers([team_papers()], LENDERS), counted)
    (pool,) = posed(picture, STRAIGHT).situation.pools
    assert (pool.count, (pool.lon, pool.lat)) == (3, places[1])


def test_how_soon_a_room_answers_and_what_is_left_of_a_reserve():
    """A promise of three minutes is three minutes; of a lender that keeps nothing nothing is told."""
    facts = AgreementFacts(uuid.UUID(int=1), "a", 1, "in_force", 1, frozenset(LENDERS), frozenset(LENDERS), NOON - timedelta(1), None)  # fmt: skip
    plain, kept = Terms(kinds=("immediate",)), Terms(kinds=("immediate",), reserve=[{"type": PUMP, "keep": 2}], response=[{"acknowledge_min": 3}])  # fmt: skip
    case = Case("flood", PUMP, "immediate", member("be-liege"), member("nl-maastricht"), 1, NOON)
    for terms, minutes, left in ((plain, 5.0, None), (kept, 3.0, 1)):
        verdict = check(facts, terms, case, Stock(3, 0))
        assert answers_in(verdict, PUMP) == minutes
        assert reserve_left([terms], member("be-liege"), PUMP, Stock(3, 0), NOON, "UTC") == left


def test_a_floor_binds_the_lines_of_its_own_agreement():
    """Liège asks, too, under an agreement that keeps two boats: that is no reason to leave one out of what Maastricht may have of Aachen."""
    who, place = member("de-aachen"), home("de-aachen")[:2]
    ids = [uuid.UUID(int=number) for number in range(1, 4)]
    units = tuple(FreeUnit(id_, str(id_), who, "DE", PUMP, *place, 5.0, Size(None, None, None)) for id_ in ids)
    counted = {PUMP: Counted({who: Stock(3, 0, dict.fromkeys(ids, place))}, {}).after(None)}

    def signed(number, code, borrower, keep, precedence=1):
        facts = AgreementFacts(uuid.UUID(int=number), code, 1, "in_force", precedence, frozenset({who}), frozenset({member(borrower)}), NOON - timedelta(1), None)  # fmt: skip
        return facts, Terms(kinds=("immediate",), reserve=[{"type": PUMP, "keep": keep}] if keep else [])

    def asks(number, asker, many):
        return OpenLine(uuid.UUID(int=number), uuid.UUID(int=1), "R", asked(asker), many, 0, "life_safety", None, depots()["maastricht"][2])  # fmt: skip

    both = asks(101, "nl-maastricht", 3), asks(102, "be-liege", 3)
    free, keeps = signed(1, "free", "nl-maastricht", 0), signed(2, "keeps", "be-liege", 2)
    for lines, pairs, most in (
        (both[:1], [free, keeps], 3),
        (both[1:], [free, keeps], 1),
        (both, [free, keeps], 3),
        (
            both[:1],
            [free, signed(3, "also", "nl-maastricht", 1, 30)],
            2,
        ),  # another one that applies keeps one, whichever is cited
        (both[:1], [keeps], 1),  # without an agreement that applies: all that is signed
    ):
        picture = Picture(NOON, 1, lines, units, (), Papers(pairs, LENDERS), counted)
        plan = Planner(posed(picture, STRAIGHT).situation).plan(20)
        assert sum(each.quantity for each in plan.assignments) == most, pairs
        by = {
            each.why.figures["agreement"]
            for open_ in plan.unmet
            for each in open_.why
            if each.why.code == "reserve_floor"
        }
        assert by <= {"keeps", "also"}
    (open_,) = plan.unmet
    assert [(each.why.code, each.why.figures["agreement"], each.units) for each in open_.why] == [
        ("reserve_floor", "keeps", 2)
    ]


def test_an_offer_to_a_line_from_which_nothing_is_kept_counts_for_the_others():
    """Two of three are offered where nothing is kept; where one is, none is left to offer, and the plan must not say that there is."""
    who, place = member("de-aachen"), home("de-aachen")[:2]
    ids = [uuid.UUID(int=number) for number in range(1, 4)]
    units = tuple(FreeUnit(id_, str(id_), who, "DE", PUMP, *place, 5.0, Size(None, None, None)) for id_ in ids)
    counted = {PUMP: Counted({who: Stock(3, 2, dict.fromkeys(ids, place))}, {}).after(None)}
    lines = tuple(
        OpenLine(
            uuid.UUID(int=number),
            uuid.UUID(int=1),
            "R",
            asked(asker),
            2,
            0,
            "life_safety",
            None,
            depots()["maastricht"][2],
        )
        for number, asker in ((101, "nl-maastricht"), (102, "be-liege"))
    )
    pairs = [
        (
            AgreementFacts(
                uuid.UUID(int=number),
                code,
                1,
                "in_force",
                1,
                frozenset({who}),
                frozenset({member(borrower)}),
                NOON - timedelta(1),
                None,
            ),
            Terms(kinds=("immediate",), reserve=[{"type": PUMP, "keep": keep}] if keep else []),
        )
        for number, code, borrower, keep in ((1, "free", "nl-maastricht", 0), (2, "keeps", "be-liege", 1))
    ]
    promised = (Promised(lines[0].id, who, PUMP, 2, "free/1"),)
    picture = Picture(NOON, 1, lines, units, promised, Papers(pairs, LENDERS), counted)
    plan = Planner(posed(picture, STRAIGHT).situation).plan(20)
    assert [(each.line_id, each.quantity) for each in plan.assignments] == [(lines[0].id, 2)]
