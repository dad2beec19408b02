"""What agreements limit, and whether a decision went beyond it without a named act: reserve, caps, length of stay, yearly cost.

A limit binds who offers, at the moment of the offer: later a unit breaks down, a phone call sends one that nobody counted, a version with
other limits comes into force. So the reserve and the caps of units are asked of every decision, as things stood when it was made; that stands
in the journal, whose entries hold the full state of the rows they changed. (The row of an offered line, once committed, tells no more
what was free.) The other two are asked of the present.

Beside the lender's named acts (``override_reserve``, its standing word that it can; ``ad_hoc`` knows no caps) a phone call and help from day to day are exempt:
they were checked by nobody, the unit rolls.
"""

from __future__ import annotations

from typing import Final

# $1 is the space. Entries of one transaction follow each other and all hold the states at its end: what was before the first that tells of a
# decision is what the decision found, but for what the same command told before it, of other lenders.
_HISTORY: Final = """
    entry AS MATERIALIZED (
        SELECT seq, recorded_at, actor_id, type, payload::jsonb -> 'rows' AS rows
          FROM journal_entry WHERE space_id = $1 AND payload IS NOT NULL
    ), told AS MATERIALIZED (
        SELECT e.seq, k.kind, (s.state ->> 'id')::uuid AS id, s.state
          FROM entry e
         CROSS JOIN LATERAL jsonb_each(e.rows) AS k (kind, states)
         CROSS JOIN LATERAL jsonb_array_elements(k.states) AS s (state)
         WHERE k.kind IN ('resource', 'offer', 'offer_line', 'mission', 'lender_word', 'agreement')
    ), span AS MATERIALIZED (
        SELECT kind, id, state, seq AS since,
               lead(seq, 1, 9223372036854775807) OVER (PARTITION BY kind, id ORDER BY seq) AS until
          FROM told
    ), part AS (
        SELECT t.code AS whole, p.type AS type_code, p.quantity
          FROM resource_type t CROSS JOIN jsonb_to_recordset(t.parts) AS p (type text, quantity int) WHERE t.parts <> '[]'
         UNION ALL
        SELECT code, code, 1 FROM resource_type
    ), first AS (
        SELECT kind, id, min(since) AS seq FROM span GROUP BY kind, id
    ), decision AS MATERIALIZED (
        SELECT l.id, f.seq, e.recorded_at, o.id AS offer_id, o.lender_id, l.type_code, l.quantity, l.resource_id,
               l.agreement_id, l.agreement_version AS version, l.reserve_override IS NULL AS plain, NULL::uuid AS place,
               q.member_id AS borrower_id, q.kind, i.hazard
          FROM offer_line l
          JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
          JOIN request q ON q.space_id = l.space_id AND q.id = l.request_id
          LEFT JOIN incident i ON i.space_id = q.space_id AND i.id = q.incident_id
          JOIN first f ON f.kind = 'offer_line' AND f.id = l.id
          JOIN entry e ON e.seq = f.seq
         WHERE l.space_id = $1 AND q.kind <> 'day_to_day'
           AND NOT EXISTS (SELECT FROM call c WHERE c.space_id = l.space_id AND c.offer_id = l.offer_id)
         UNION ALL
        SELECT m.id, f.seq, e.recorded_at, NULL, m.lender_id, m.type_code, 1, m.resource_id, (s.state ->> 'agreement_id')::uuid,
               (s.state ->> 'agreement_version')::int,
               NOT EXISTS (SELECT FROM entry b WHERE b.type = 'reserve.overridden' AND b.recorded_at = e.recorded_at
                              AND b.actor_id IS NOT DISTINCT FROM e.actor_id),
               (s.state ->> 'stands_for_id')::uuid, m.requester_id, m.kind, i.hazard
          FROM first f
          JOIN mission m ON m.space_id = $1 AND m.id = f.id
          LEFT JOIN incident i ON i.space_id = $1 AND i.id = m.incident_id
          JOIN span s ON s.kind = 'mission' AND s.id = f.id AND s.since = f.seq
          JOIN entry e ON e.seq = f.seq AND e.type = 'mission.committed'
         WHERE f.kind = 'mission' AND s.state ->> 'stands_for_id' IS NOT NULL AND m.kind <> 'day_to_day'
    ), counted AS MATERIALIZED (
        SELECT d.*, p.type_code AS counted_type, p.quantity * d.quantity AS adds,
               -- What the same offer names before it counts, too.
               p.quantity * d.quantity + coalesce((
                   SELECT sum(b.quantity * q.quantity) FROM offer_line b JOIN part q ON q.whole = b.type_code
                    WHERE b.space_id = $1 AND b.offer_id = d.offer_id AND b.id < d.id AND q.type_code = p.type_code), 0) AS own,
               p.quantity * d.quantity + coalesce((
                   SELECT sum(b.quantity * q.quantity) FROM offer_line b JOIN part q ON q.whole = b.type_code
                    WHERE b.space_id = $1 AND b.offer_id = d.offer_id AND b.id < d.id AND q.type_code = p.type_code
                      AND b.agreement_id = d.agreement_id), 0) AS own_under_it
          FROM decision d JOIN part p ON p.whole = d.type_code
    )
"""

# By the lender's clocks; a night belongs to the day on which it begins.
_HOLDS: Final = """(f.hours IS NULL OR (
        SELECT CASE WHEN h.starts < h.ends THEN h.now >= h.starts AND h.now < h.ends AND f.hours -> 'weekdays' ? h.today
                    ELSE (h.now >= h.starts OR h.now < h.ends OR h.starts = h.ends)
                     AND f.hours -> 'weekdays' ? CASE WHEN h.now >= h.starts THEN h.today ELSE h.yesterday END END
          FROM (SELECT (f.hours ->> 'start')::time AS starts, (f.hours ->> 'end')::time AS ends, f.local::time AS now,
                       lower(to_char(f.local, 'Dy')) AS today, lower(to_char(f.local - interval '1 day', 'Dy')) AS yesterday) h))"""

# A border belongs to its area. GeoJSON's first ring is the edge, the others are holes.
_STANDS_IN: Final = """EXISTS (
        SELECT FROM jsonb_array_elements(CASE WHEN f.area ->> 'type' = 'Polygon' THEN jsonb_build_array(f.area -> 'coordinates')
                                              ELSE f.area -> 'coordinates' END) AS one (rings)
         WHERE (SELECT bool_and(CASE WHEN r.n = 1 THEN r.ring @> point(d.lon, d.lat) ELSE NOT r.ring @> point(d.lon, d.lat) END)
                  FROM (SELECT t.n, ('(' || (SELECT string_agg(format('(%s,%s)', c.at ->> 0, c.at ->> 1), ',' ORDER BY c.k)
                                              FROM jsonb_array_elements(t.ring) WITH ORDINALITY AS c (at, k)) || ')')::polygon AS ring
                          FROM jsonb_array_elements(one.rings) WITH ORDINALITY AS t (ring, n)) r))"""

# What the lender says about the type goes before what it says about all. That it can is a named act, for as long as it stands.
_SAYS_CAN: Final = """coalesce((
        SELECT w.state ->> 'word' = 'can' AND (w.state ->> 'until_at')::timestamptz > c.recorded_at
          FROM span w
         WHERE w.kind = 'lender_word' AND w.since < c.seq AND w.until >= c.seq AND w.state ->> 'status' = 'standing'
           AND (w.state ->> 'member_id')::uuid = c.lender_id AND coalesce(w.state ->> 'type_code', c.counted_type) = c.counted_type
         ORDER BY w.state ->> 'type_code' NULLS LAST LIMIT 1), false)"""

# Of an agreement that binds certain areas or phases it is not asked here whether it applied: less is found by that, and nothing wrongly.
_APPLIED: Final = """v.lenders @> ARRAY[c.lender_id] AND v.borrowers @> ARRAY[c.borrower_id] AND v.effective_at <= c.recorded_at
           AND coalesce(v.expires_at > c.recorded_at, true)
           AND (c.hazard IS NULL OR coalesce(v.terms -> 'hazards', '"*"') ?| ARRAY['*', c.hazard])
           AND coalesce(v.terms -> 'types', '"*"') ?| ARRAY['*', c.type_code] AND coalesce(v.terms -> 'kinds', '[]') ? c.kind
           AND coalesce(v.terms -> 'phases', '{}') = '{}' AND coalesce(v.terms -> 'area', 'null') = 'null'"""

# A reserve is what stays at home, whichever agreement is cited: each that was in force between the two and applied is asked for its own.
# Of a unit out of service no help took it: it counts as at home. A formation counts as many units as it has of each type.
_RESERVE: Final = f"""
    WITH {_HISTORY}, signed AS MATERIALIZED (
        SELECT id, since, until, (state ->> 'version')::int AS version, (state ->> 'terminates_at')::timestamptz AS ends
          FROM span WHERE kind = 'agreement' AND state ->> 'status' = 'in_force'
    ), asked AS MATERIALIZED (
        SELECT c.id, c.seq, c.lender_id, c.resource_id, c.counted_type, c.own, c.offer_id, v.agreement_id,
               row_number() OVER (PARTITION BY c.id, c.counted_type ORDER BY v.agreement_id, v.version, t.n) AS n, (t.floor ->> 'keep')::int AS keep,
               nullif(t.floor -> 'area', 'null') AS area, nullif(t.floor -> 'hours', 'null') AS hours,
               c.recorded_at AT TIME ZONE m.time_zone AS local
          FROM counted c
          JOIN member m ON m.space_id = $1 AND m.id = c.lender_id
          JOIN agreement_version v ON v.space_id = $1
           AND (v.agreement_id = c.agreement_id AND v.version = c.version
                OR {_APPLIED} AND EXISTS (SELECT FROM signed g WHERE g.id = v.agreement_id AND g.version = v.version
                                             AND g.since < c.seq AND g.until >= c.seq AND coalesce(g.ends > c.recorded_at, true)))
         CROSS JOIN LATERAL jsonb_array_elements(coalesce(v.terms -> 'reserve', '[]')) WITH ORDINALITY AS t (floor, n)
         WHERE c.plain AND t.floor ->> 'type' = c.counted_type AND NOT {_SAYS_CAN}
           AND (t.floor ->> 'lender' IS NULL OR (t.floor ->> 'lender')::uuid = c.lender_id)
    ), floor AS MATERIALIZED (
        SELECT f.* FROM asked f WHERE {_HOLDS}
    ), home AS (
        SELECT f.id, f.counted_type, f.n, count(*) AS units, bool_or(s.id = f.resource_id) AS named_there
          FROM floor f
          JOIN span s ON s.kind = 'resource' AND s.since < f.seq AND s.until >= f.seq
           AND (s.state ->> 'member_id')::uuid = f.lender_id AND s.state ->> 'type_code' = f.counted_type
           AND s.state ->> 'status' IN ('available', 'out_of_service') AND NOT (s.state ->> 'retired')::boolean
          JOIN depot d ON d.space_id = $1 AND d.id = (s.state ->> 'depot_id')::uuid
         WHERE f.area IS NULL OR {_STANDS_IN}
         GROUP BY f.id, f.counted_type, f.n
    ), given AS (
        SELECT s.id, s.since, s.until, o.since AS o_since, o.until AS o_until, w.lender_id, p.type_code, w.id AS offer_id,
               p.quantity * CASE WHEN o.state ->> 'status' = 'accepted' THEN (s.state ->> 'accepted_quantity')::int
                                 ELSE (s.state ->> 'quantity')::int END AS units
          FROM span s
          JOIN offer w ON w.space_id = $1 AND w.id = (s.state ->> 'offer_id')::uuid
          JOIN span o ON o.kind = 'offer' AND o.id = w.id AND o.since < s.until AND o.until > s.since
          JOIN part p ON p.whole = s.state ->> 'type_code'
         WHERE s.kind = 'offer_line' AND s.state ->> 'resource_id' IS NULL AND NOT (s.state ->> 'committed')::boolean
           AND o.state ->> 'status' IN ('offered', 'provisional', 'accepted')
         UNION ALL
        SELECT s.id, s.since, s.until, s.since, s.until, (s.state ->> 'lender_id')::uuid, p.type_code, NULL, p.quantity
          FROM span s JOIN part p ON p.whole = s.state ->> 'type_code'
         WHERE s.kind = 'mission' AND s.state ->> 'resource_id' IS NULL AND s.state ->> 'status' NOT IN ('returned', 'closed')
    ), promised AS (
        SELECT f.id, f.counted_type, f.n, sum(g.units) AS units
          FROM floor f
          JOIN given g ON g.lender_id = f.lender_id AND g.type_code = f.counted_type AND g.since < f.seq AND g.until >= f.seq
           AND g.o_since < f.seq AND g.o_until >= f.seq AND (f.offer_id IS NULL OR g.offer_id IS DISTINCT FROM f.offer_id)
         GROUP BY f.id, f.counted_type, f.n
    )
    SELECT f.id, f.seq, f.agreement_id, f.counted_type AS type_code, f.keep, f.area IS NOT NULL AS by_area, f.hours IS NOT NULL AS by_hour,
           coalesce(h.units, 0) AS home, coalesce(p.units, 0) AS promised, f.own
      FROM floor f
      LEFT JOIN home h USING (id, counted_type, n)
      LEFT JOIN promised p USING (id, counted_type, n)
     WHERE (f.area IS NULL OR f.resource_id IS NULL OR coalesce(h.named_there, false)
            OR (SELECT r.type_code FROM resource r WHERE r.space_id = $1 AND r.id = f.resource_id) <> f.counted_type)
       AND CASE WHEN f.area IS NULL THEN coalesce(h.units, 0) - coalesce(p.units, 0) - f.own
                ELSE greatest(0, coalesce(h.units, 0) - coalesce(p.units, 0) - f.own) END < f.keep
"""  # noqa: S608 - constants of ours

# Places, not units: a unit and its relief are one. A formation's place counts its parts, those that were split off and are
# still out among them: a split sends nobody more. A part that went on to another line is a place of its own.
_CAPS: Final = f"""
    WITH {_HISTORY}, capped AS MATERIALIZED (
        SELECT c.id, c.seq, c.agreement_id, c.counted_type, c.own_under_it AS own, c.offer_id, c.place, (t.cap ->> 'most')::int AS most
          FROM counted c
          JOIN agreement_version v ON v.space_id = $1 AND v.agreement_id = c.agreement_id AND v.version = c.version
         CROSS JOIN LATERAL jsonb_array_elements(coalesce(v.terms #> '{{caps,units}}', '[]')) AS t (cap)
         WHERE t.cap ->> 'type' = c.counted_type
    ), out AS MATERIALIZED (
        SELECT s.id, s.since, s.until, (s.state ->> 'agreement_id')::uuid AS agreement_id, s.state ->> 'type_code' AS type_code,
               coalesce((s.state ->> 'stands_for_id')::uuid, s.id) AS place, (s.state ->> 'split_from_id')::uuid AS split_from_id,
               s.state ->> 'request_line_id' AS line
          FROM span s
         WHERE s.kind = 'mission' AND s.state ->> 'agreement_id' IS NOT NULL
           AND s.state ->> 'status' NOT IN ('returned', 'closed')
    ), away AS (
        SELECT c.id, c.counted_type, o.place, o.id AS whole, p.quantity - (
                   SELECT count(*) FROM mission k JOIN first b ON b.kind = 'mission' AND b.id = k.id
                    WHERE k.space_id = $1 AND k.split_from_id = o.id AND k.type_code = c.counted_type AND b.seq < c.seq) AS units
          FROM capped c
          JOIN out o ON o.agreement_id = c.agreement_id AND o.since < c.seq AND o.until >= c.seq
          JOIN part p ON p.whole = o.type_code AND p.type_code = c.counted_type
         WHERE o.place IS DISTINCT FROM c.place AND o.type_code <> c.counted_type
         UNION ALL
        SELECT DISTINCT c.id, c.counted_type, coalesce(w.place, o.place), coalesce(w.id, o.place), 1
          FROM capped c
          JOIN out o ON o.agreement_id = c.agreement_id AND o.type_code = c.counted_type AND o.since < c.seq AND o.until >= c.seq
          LEFT JOIN LATERAL (SELECT coalesce(f.stands_for_id, f.id) AS place, f.id FROM mission f
                              WHERE f.space_id = $1 AND f.id = o.split_from_id AND f.request_line_id::text = o.line) w ON true
         WHERE coalesce(w.place, o.place) IS DISTINCT FROM c.place AND w.id IS NULL
         UNION ALL
        SELECT c.id, c.counted_type, w.place, w.id, count(DISTINCT o.place)
          FROM capped c
          JOIN out o ON o.agreement_id = c.agreement_id AND o.type_code = c.counted_type AND o.since < c.seq AND o.until >= c.seq
          JOIN LATERAL (SELECT coalesce(f.stands_for_id, f.id) AS place, f.id FROM mission f
                         WHERE f.space_id = $1 AND f.id = o.split_from_id AND f.request_line_id::text = o.line) w ON true
         WHERE w.place IS DISTINCT FROM c.place
         GROUP BY 1, 2, 3, 4
    ), under_way AS (
        SELECT id, counted_type, sum(units) AS units
          FROM (SELECT id, counted_type, place, max(units) AS units
                  FROM (SELECT id, counted_type, place, whole, sum(units) AS units FROM away GROUP BY 1, 2, 3, 4) wholes
                 GROUP BY 1, 2, 3) places GROUP BY 1, 2
    ), promised AS (
        SELECT c.id, c.counted_type, sum(p.quantity * CASE WHEN o.state ->> 'status' = 'accepted'
                      THEN (s.state ->> 'accepted_quantity')::int ELSE (s.state ->> 'quantity')::int END) AS units
          FROM capped c
          JOIN span s ON s.kind = 'offer_line' AND s.since < c.seq AND s.until >= c.seq
           AND (s.state ->> 'agreement_id')::uuid = c.agreement_id AND NOT (s.state ->> 'committed')::boolean
          JOIN part p ON p.whole = s.state ->> 'type_code' AND p.type_code = c.counted_type
          JOIN span o ON o.kind = 'offer' AND o.id = (s.state ->> 'offer_id')::uuid AND o.since < c.seq AND o.until >= c.seq
           AND o.state ->> 'status' IN ('offered', 'provisional', 'accepted')
         WHERE c.offer_id IS NULL OR o.id <> c.offer_id
         GROUP BY 1, 2
    )
    SELECT c.id, c.seq, c.agreement_id, c.counted_type AS type_code, c.most, coalesce(u.units, 0) AS under_way,
           coalesce(p.units, 0) AS promised, c.own
      FROM capped c
      LEFT JOIN under_way u USING (id, counted_type)
      LEFT JOIN promised p USING (id, counted_type)
     WHERE coalesce(u.units, 0) + coalesce(p.units, 0) + c.own > c.most
"""  # noqa: S608 - constants of ours

_TOO_LONG: Final = """
    SELECT m.id, m.relieve_by, (v.terms #>> '{caps,longest_deployment_h}')::int AS longest_h
      FROM mission m
      JOIN agreement_version v
        ON v.space_id = m.space_id AND v.agreement_id = m.agreement_id AND v.version = m.agreement_version
     WHERE m.space_id = $1
       AND (m.relieve_by - coalesce(m.mobilised_at, CASE m.status WHEN 'committed' THEN m.status_at END)
            > make_interval(hours => (v.terms #>> '{caps,longest_deployment_h}')::int)
            OR m.relieve_by IS NULL AND m.mobilised_at IS NOT NULL AND m.kind <> 'day_to_day'
           AND v.terms #>> '{caps,longest_deployment_h}' IS NOT NULL AND m.status NOT IN ('returned', 'closed'))
       AND NOT EXISTS (SELECT FROM journal_entry e JOIN extension x ON x.space_id = m.space_id AND x.mission_id = m.id
                        WHERE e.space_id = m.space_id AND e.type = 'extension.granted' AND e.subject_id = x.id
                          AND (e.payload IS NULL OR e.payload::jsonb #> '{data,findings}' <> '[]'))
"""

# The rate for the type goes before that for all. A formation's parts are paid as what they are once they go on alone. What a phone call or
# an alarm sends is priced by the agreement itself.
_DEAR: Final = """
    SELECT DISTINCT l.id, c.type_code, own.item, own.rate, l.cost ->> 'currency' AS currency
      FROM offer_line l
      JOIN agreement_version v
        ON v.space_id = l.space_id AND v.agreement_id = l.agreement_id AND v.version = l.agreement_version
     CROSS JOIN LATERAL (SELECT l.type_code UNION ALL
            SELECT p.type FROM resource_type t CROSS JOIN jsonb_to_recordset(t.parts) AS p (type text) WHERE t.code = l.type_code) AS c (type_code)
     CROSS JOIN LATERAL jsonb_to_recordset(coalesce(l.cost -> 'rates', '[]'))
           AS own (item text, type text, consumable text, unit text, rate numeric)
     WHERE l.space_id = $1 AND l.cost ->> 'terms' <> 'free' AND (own.type IS NULL OR own.type = c.type_code)
       AND (coalesce((l.cost ->> 'hours')::int, 0) < coalesce((v.terms #>> '{cost,hours}')::int, 0)
            OR l.cost ->> 'currency' IS DISTINCT FROM v.terms #>> '{cost,currency}'
            OR own.type IS NOT DISTINCT FROM (
                SELECT s.type FROM jsonb_to_recordset(l.cost -> 'rates') AS s (item text, type text, consumable text, unit text)
                 WHERE s.item = own.item AND lower(coalesce(s.consumable || '/' || s.unit, '')) = lower(coalesce(own.consumable || '/' || own.unit, ''))
                   AND (s.type IS NULL OR s.type = c.type_code) ORDER BY s.type NULLS LAST LIMIT 1)
           AND own.rate > coalesce((
                SELECT a.rate FROM jsonb_to_recordset(coalesce(v.terms #> '{cost,rates}', '[]'))
                       AS a (item text, type text, consumable text, unit text, rate numeric)
                 WHERE a.item = own.item AND lower(coalesce(a.consumable || '/' || a.unit, '')) = lower(coalesce(own.consumable || '/' || own.unit, ''))
                   AND (a.type IS NULL OR a.type = c.type_code) ORDER BY a.type NULLS LAST LIMIT 1), 0))
"""

# Whoever was sent elsewhere has a place of its own, and leaves one behind where its relief stays. A formation takes its parts along; those
# that went on alone before are left out.
_SENT_ON: Final = f"""
    WITH {_HISTORY}, out AS MATERIALIZED (
        SELECT s.id, s.since, s.until, s.state ->> 'agreement_id' AS agreement_id, s.state ->> 'agreement_version' AS version,
               s.state ->> 'type_code' AS type_code, ARRAY[
                   CASE WHEN s.state ->> 'ended_by' = 'reassigned' THEN coalesce(s.state ->> 'stands_for_id', s.id::text)
                        ELSE s.state ->> 'request_line_id' END,
                   coalesce(s.state ->> 'stands_for_id', s.id::text)] AS place
          FROM span s
         WHERE s.kind = 'mission' AND s.state ->> 'agreement_id' IS NOT NULL AND s.state ->> 'split_from_id' IS NULL
           AND s.state ->> 'status' NOT IN ('returned', 'closed')
    ), moved AS MATERIALIZED (
        SELECT o.id, j.seq, o.agreement_id, p.type_code, (t.cap ->> 'most')::int AS most
          FROM journal_entry j
          JOIN out o ON o.id = j.subject_id AND o.since = j.seq
          JOIN part p ON p.whole = o.type_code
          JOIN agreement_version v
            ON v.space_id = $1 AND v.agreement_id = o.agreement_id::uuid AND v.version = o.version::int
         CROSS JOIN LATERAL jsonb_array_elements(coalesce(v.terms #> '{{caps,units}}', '[]')) AS t (cap)
         WHERE j.space_id = $1 AND j.type IN ('mission.reassigned', 'mission.plan_changed') AND t.cap ->> 'type' = p.type_code
           AND NOT EXISTS (SELECT FROM reassignment a WHERE a.space_id = $1 AND a.mission_id = o.id AND a.status = 'agreed'
                              AND a.findings @> '[{{"code": "cap_units"}}]')
    )
    SELECT m.id, m.seq, m.agreement_id, m.type_code, m.most, c.before, c.after
      FROM moved m
     CROSS JOIN LATERAL (
            SELECT sum(units) FILTER (WHERE there_before) AS before, sum(units) FILTER (WHERE there_after) AS after
              FROM (SELECT o.place, bool_or(o.since < m.seq AND o.until >= m.seq) AS there_before,
                           bool_or(o.since <= m.seq AND o.until > m.seq) AS there_after,
                           max(p.quantity - (SELECT count(*) FROM mission k JOIN first b ON b.kind = 'mission' AND b.id = k.id
                                              WHERE k.space_id = $1 AND k.split_from_id = o.id AND k.type_code = m.type_code
                                                AND b.seq < m.seq)) AS units
                      FROM out o JOIN part p ON p.whole = o.type_code AND p.type_code = m.type_code
                     WHERE o.agreement_id = m.agreement_id AND o.since <= m.seq AND o.until >= m.seq
                     GROUP BY o.place) places) c
     WHERE c.after > greatest(c.before, m.most)
"""  # noqa: S608 - constants of ours

# A lower bound of what is out: what nobody checked or somebody named is left out. A formation's place counts its parts, those with it and
# those that were split off and are still out; of a formation and its relief the one that has more. A version that was signed later and
# knows less is no fault of who is out under the one before it.
_OUT: Final = """
    WITH out AS MATERIALIZED (
        SELECT m.id, m.agreement_id, m.type_code, v.terms, w.id AS whole, ARRAY[
                   CASE WHEN m.ended_by = 'reassigned' THEN coalesce(m.stands_for_id, m.id) ELSE m.request_line_id END,
                   coalesce(m.stands_for_id, m.id)] AS place, ARRAY[
                   CASE WHEN w.ended_by = 'reassigned' THEN coalesce(w.stands_for_id, w.id) ELSE w.request_line_id END,
                   coalesce(w.stands_for_id, w.id)] AS whole_place
          FROM mission m
          JOIN agreement_version v
            ON v.space_id = m.space_id AND v.agreement_id = m.agreement_id AND v.version = m.agreement_version
          JOIN mission r ON r.space_id = m.space_id AND r.id = coalesce(m.stands_for_id, m.id)
          LEFT JOIN mission w ON w.space_id = r.space_id AND w.id = r.split_from_id AND w.request_line_id = m.request_line_id
         WHERE m.space_id = $1 AND :under_way AND m.kind <> 'day_to_day' AND NOT :by_call
           AND NOT EXISTS (SELECT FROM reassignment a WHERE a.space_id = m.space_id AND a.mission_id = m.id AND a.status = 'agreed'
                              AND a.findings @> '[{"code": "cap_units"}]')
    ), away AS (
        SELECT o.agreement_id, p.type AS type_code, o.place, o.id AS whole, o.terms,
               p.quantity - (SELECT count(*) FROM mission k WHERE k.space_id = $1 AND k.split_from_id = o.id AND k.type_code = p.type) AS units
          FROM out o
          JOIN resource_type t ON t.code = o.type_code
         CROSS JOIN jsonb_to_recordset(t.parts) AS p (type text, quantity int)
         UNION ALL
        SELECT agreement_id, type_code, CASE WHEN whole IS NULL THEN place ELSE whole_place END, coalesce(whole, id), terms, 1
          FROM (SELECT DISTINCT ON (agreement_id, type_code, place) * FROM out ORDER BY agreement_id, type_code, place, id) each_place
    ), held AS (
        SELECT agreement_id, type_code, place, whole, sum(units) AS units, bool_and(most IS NOT NULL) AS capped, max(most) AS most
          FROM (SELECT a.*, (SELECT (t.cap ->> 'most')::int FROM jsonb_array_elements(coalesce(a.terms #> '{caps,units}', '[]')) AS t (cap)
                              WHERE t.cap ->> 'type' = a.type_code) AS most FROM away a) known
         GROUP BY 1, 2, 3, 4
    )
    SELECT agreement_id AS id, type_code, sum(units) AS units, max(most) AS most
      FROM (SELECT agreement_id, type_code, place, max(units) AS units, bool_and(capped) AS capped, max(most) AS most
              FROM held GROUP BY 1, 2, 3) places
     GROUP BY 1, 2 HAVING bool_and(capped) AND sum(units) > max(most)
"""

# A lower bound of what was counted when the last offer was made: what was claimed for less counts with that, what was claimed for more
# with its estimate. Nobody checks the money of a relief: it takes over what was estimated for the place.
_COST: Final = """
    SELECT s.agreement_id AS id, s.year, round(sum(s.amount), 2) AS spent, max(c.most) AS most
      FROM (SELECT l.agreement_id, :this_year AS year, l.estimate ->> 'currency' AS currency,
                   (l.estimate ->> 'amount')::numeric / l.quantity
                   * CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END AS amount
              FROM offer_line l JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
             WHERE l.space_id = $1 AND :stands AND NOT l.committed
             UNION ALL
            SELECT m.agreement_id, coalesce(extract(year FROM m.mobilised_at), :this_year), l.estimate ->> 'currency',
                   least((l.estimate ->> 'amount')::numeric / l.quantity, claimed.amount)
              FROM mission m
              JOIN offer_line l ON l.space_id = m.space_id AND l.id = m.offer_line_id
              LEFT JOIN LATERAL (
                    SELECT sum(x.agreed) AS amount FROM claim_mission k
                      JOIN claim g ON g.space_id = k.space_id AND g.id = k.claim_id AND g.status <> 'draft'
                      JOIN claim_line x ON x.space_id = k.space_id AND x.claim_id = k.claim_id AND x.mission_id = k.mission_id
                     WHERE k.space_id = m.space_id AND k.mission_id = m.id) claimed ON true
             WHERE m.space_id = $1 AND m.kind <> 'day_to_day' AND NOT :by_call AND m.split_from_id IS NULL
               AND m.stands_for_id IS NULL
               AND NOT (m.mobilised_at IS NULL
                        AND m.status IN ('stood_down', 'recalled', 'aborted', 'returning', 'returned', 'closed'))) s
      JOIN (SELECT agreement_id, terms #>> '{yearly_cost,currency}' AS currency,
                   max((terms #>> '{yearly_cost,amount}')::numeric) AS most
              FROM agreement_version WHERE space_id = $1 AND in_force_at IS NOT NULL
             GROUP BY 1, 2 HAVING bool_and(terms -> 'yearly_cost' <> 'null')) c USING (agreement_id, currency)
     GROUP BY 1, 2 HAVING round(sum(s.amount), 2) > max(c.most)
"""

AGREED: Final[dict[str, str]] = {
    "no reserve is gone below without a named act, of whatever type, area and hour": _RESERVE,
    "no more of a type goes under an agreement than its cap, parts of formations among them": _CAPS,
    "no unit that is sent elsewhere takes its agreement beyond a cap without a named act": _SENT_ON,
    "no more is out under an agreement than its cap, but what a named act or a phone call sent": _OUT,
    "no unit stays for longer than its agreement knows without a named act": _TOO_LONG,
    "no more money is promised in a year than the agreement's cap": _COST,
    "no lender asks more than its agreement lets it": _DEAR,
}
