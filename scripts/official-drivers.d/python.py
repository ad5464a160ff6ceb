"""The checks with the official Python driver: `python.py sync` or `python.py async`.

Each check is written once. `settled` makes the difference: what the synchronous driver returns is there already, and what
the asynchronous one returns is awaited, so a check never really waits when it runs with the synchronous driver.
"""

import asyncio
import inspect
import os
import random
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time

import neo4j
import pytz
from neo4j.exceptions import AuthError, ClientError
from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import CartesianPoint, WGS84Point
from neo4j.time import DateTime, Duration, Time
from neo4j.vector import Vector

ADDRESS = os.environ["NEOBOLT_ADDRESS"]
AUTH = (os.environ["NEOBOLT_USER"], os.environ["NEOBOLT_PASSWORD"])
IS_ASYNC = sys.argv[1] == "async"
DATABASE = neo4j.AsyncGraphDatabase if IS_ASYNC else neo4j.GraphDatabase


async def settled(result):
    return await result if inspect.isawaitable(result) else result


async def rows(result):
    """The rows of a result, one after the other."""
    if IS_ASYNC:
        async for record in result:
            yield record
    else:
        for record in result:
            yield record


def finished(coroutine):
    """What a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the synchronous driver made a check wait")


def work(function):
    """A transaction function, as the driver wants it."""
    return function if IS_ASYNC else lambda tx: finished(function(tx))


async def at_once(count, function):
    if IS_ASYNC:
        return await asyncio.gather(*(function(n) for n in range(count)))
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(lambda n: finished(function(n)), range(count)))


def connect(scheme="neo4j", auth=AUTH):
    return DATABASE.driver(f"{scheme}://{ADDRESS}", auth=auth, max_transaction_retry_time=10)


def key():
    """Something that no other check writes."""
    return f"python-{random.getrandbits(64):x}"


async def value(runner, query, **parameters):
    """The one value of a query."""
    record = await settled((await settled(runner.run(query, parameters))).single(strict=True))
    return record[0]


async def failure(kind, function):
    try:
        await function()
    except kind as error:
        return error
    raise AssertionError(f"there was no {kind.__name__}")


def same(a, b):
    # Vectors are equal to nothing but themselves.
    return type(a) is type(b) and (a.raw() == b.raw() and a.dtype == b.dtype if isinstance(a, Vector) else a == b)


async def comes_back(driver, *values):
    session = driver.session()
    for sent in values:
        received = await value(session, "RETURN $x AS x", x=sent)
        assert same(received, sent), f"{received!r} is not {sent!r}"
        (received,) = await value(session, "RETURN $x AS x", x=[sent])
        assert same(received, sent), f"{received!r} is not {sent!r}"
    await settled(session.close())


async def connects_by_bolt(_):
    await connects_by("bolt")


async def connects_by_neo4j(_):
    await connects_by("neo4j")


async def connects_by(scheme):
    driver = connect(scheme)
    await settled(driver.verify_connectivity())
    info = await settled(driver.get_server_info())
    assert info.agent.startswith("Neo4j/") and info.protocol_version == (6, 1), info.protocol_version
    await settled(driver.close())


async def refuses_a_bad_password(_):
    driver = connect(auth=(AUTH[0], "wrong"))
    error = await failure(AuthError, lambda: settled(driver.verify_connectivity()))
    assert error.code == "Neo.ClientError.Security.Unauthorized", error
    await settled(driver.close())


async def carries_scalars(driver):
    numbers = [0, -1, 127, 128, -129, 32_768, -(2**31), 2**63 - 1, -(2**63), 0.0, -1.5, 1e308, float("inf")]
    await comes_back(driver, None, True, False, *numbers, "", "ä\U0001f980", "x" * 70_000)


async def carries_byte_arrays(driver):
    await comes_back(driver, b"", bytes(range(256)), b"x" * 70_000)


async def carries_collections(driver):
    await comes_back(driver, [], [1, [2, ["3"], None]], list(range(70_000)), {}, {"a": {"b": [True, {}]}, "ö": None})


async def carries_temporal_values(driver):
    await comes_back(
        driver,
        neo4j.time.Date.from_native(date(1815, 12, 10)),
        Time.from_native(time(23, 59, 59, 999_999)),
        Time(1, 2, 3, 4, tzinfo=pytz.FixedOffset(-330)),
        DateTime.from_native(datetime(1969, 7, 20, 20, 17, 40, 123_456)),
        DateTime(2026, 2, 3, 4, 5, 6, 7, tzinfo=pytz.FixedOffset(120)),
        pytz.timezone("Europe/Stockholm").localize(DateTime(2026, 7, 1, 12)),
        Duration(months=1, days=-2, seconds=3, nanoseconds=4),
    )


async def carries_points(driver):
    await comes_back(driver, CartesianPoint((1.5, -2.0)), CartesianPoint((1, 2, 3)), WGS84Point((12.5, 55.7)))


async def carries_vectors(driver):
    await comes_back(driver, Vector([1, -2], "i8"), Vector([2**62], "i64"), Vector([1.5] * 768, "f32"), Vector([-0.1], "f64"))


async def carries_uuids(driver):
    await comes_back(driver, uuid.UUID("550e8400-e29b-41d4-a716-446655440000"))


async def carries_graphs(driver):
    session, mine = driver.session(), key()
    query = "CREATE (a:A:B {key: $key})-[r:R {w: 1.5}]->(:C {key: $key}) WITH a, r MATCH p = (a)-[r]->() RETURN a, r, p"
    a, r, p = await settled((await settled(session.run(query, key=mine))).single(strict=True))
    assert isinstance(a, Node) and a.labels == {"A", "B"} and dict(a) == {"key": mine}
    assert isinstance(r, Relationship) and r.type == "R" and r["w"] == 1.5 and r.start_node == a
    assert isinstance(p, Path) and len(p) == 1 and p.start_node == a and p.end_node == r.end_node
    back = await value(session, "MATCH p = (c:C {key: $key})<-[:R]-(:A) RETURN p", key=mine)
    # What comes from different results is never equal.
    assert back.start_node.element_id == r.end_node.element_id and back.relationships[0].element_id == r.element_id
    assert back.relationships[0].start_node.element_id == a.element_id
    found = await value(session, "MATCH (n) WHERE elementId(n) = $id RETURN n", id=a.element_id)
    assert found.element_id == a.element_id
    await settled(session.close())


async def streams_many_rows(driver):
    session = driver.session(fetch_size=100)
    result = await settled(session.run("UNWIND range(1, 100000) AS n RETURN n, 'row ' + toString(n) AS text"))
    count = 0
    async for n, text in rows(result):
        count += 1
        assert n == count and text == f"row {n}"
    assert count == 100_000
    await settled(session.close())


async def abandons_a_result(driver):
    session = driver.session(fetch_size=100)
    for _ in range(3):
        result = await settled(session.run("UNWIND range(1, 100000) AS n RETURN n"))
        async for n, in rows(result):
            if n == 150:
                break
        await settled(result.consume())
    # One that is not even consumed; the session sees to it.
    await settled(session.run("UNWIND range(1, 100000) AS n RETURN n"))
    assert await value(session, "RETURN 1") == 1
    await settled(session.close())


async def reads_two_results_in_turns(driver):
    session = driver.session(fetch_size=10)
    tx = await settled(session.begin_transaction())
    results = [await settled(tx.run("UNWIND range(1, $n) AS n RETURN n", n=n)) for n in (50, 70)]
    totals = [0, 0]
    for index, result in enumerate(results):
        totals[index] = sum([n async for n, in rows(result)])
    assert totals == [50 * 51 // 2, 70 * 71 // 2], totals
    await settled(tx.commit())
    await settled(session.close())


async def commits_a_transaction(driver):
    assert await written(driver, "commit") == 2


async def rolls_a_transaction_back(driver):
    assert await written(driver, "rollback") == 0


async def written(driver, end):
    session, mine = driver.session(), key()
    tx = await settled(session.begin_transaction(metadata={"app": "checks"}, timeout=60))
    for _ in range(2):
        await settled(tx.run("CREATE (:Check {key: $key})", key=mine))
    assert await value(tx, "MATCH (n:Check {key: $key}) RETURN count(n)", key=mine) == 2
    await settled(getattr(tx, end)())
    count = await value(session, "MATCH (n:Check {key: $key}) RETURN count(n)", key=mine)
    await settled(session.close())
    return count


async def runs_managed_transactions(driver):
    session, mine = driver.session(), key()

    async def create(tx):
        return await value(tx, "CREATE (n:Check {key: $key}) RETURN n.key", key=mine)

    async def count(tx):
        return await value(tx, "MATCH (n:Check {key: $key}) RETURN count(n)", key=mine)

    async def fail(tx):
        await create(tx)
        raise KeyError(mine)

    assert await settled(session.execute_write(work(create))) == mine
    await failure(KeyError, lambda: settled(session.execute_write(work(fail))))
    assert await settled(session.execute_read(work(count))) == 1
    error = await failure(ClientError, lambda: settled(session.execute_read(work(create))))
    assert error.code == "Neo.ClientError.Statement.AccessMode", error
    await settled(session.close())


async def runs_again_after_a_conflict(driver):
    session, other, mine = driver.session(), driver.session(), key()
    await settled(driver.execute_query("CREATE (:Check {key: $key, n: 0})", key=mine))
    attempts = []

    async def increment(tx):
        attempts.append(await value(tx, "MATCH (c:Check {key: $key}) RETURN c.n", key=mine))
        if len(attempts) == 1:
            # What was read is not what is there any more.
            await settled((await settled(other.run("MATCH (c:Check {key: $key}) SET c.n = 7", key=mine))).consume())
        return await value(tx, "MATCH (c:Check {key: $key}) SET c.n = $n RETURN c.n", key=mine, n=attempts[-1] + 1)

    assert await settled(session.execute_write(work(increment))) == 8
    assert attempts == [0, 7], attempts
    await settled(other.close())
    await settled(session.close())


async def recovers_from_a_syntax_error(driver):
    session = driver.session()

    async def broken(runner):
        await settled((await settled(runner.run("RETRUN 1"))).consume())

    for _ in range(3):
        error = await failure(ClientError, lambda: broken(session))
        assert error.code == "Neo.ClientError.Statement.SyntaxError" and error.gql_status == "42001", error
        assert await value(session, "RETURN 1") == 1
    tx = await settled(session.begin_transaction())
    await failure(ClientError, lambda: broken(tx))
    await settled(tx.close())
    assert await value(session, "RETURN 1") == 1
    await settled(session.close())


async def is_told_what_a_query_did(driver):
    session, mine = driver.session(), key()
    summary = await settled((await settled(session.run("CREATE (:Check {key: $key})", key=mine))).consume())
    counters = summary.counters
    assert (counters.nodes_created, counters.labels_added, counters.properties_set) == (1, 1, 1), counters
    assert summary.query_type == "w" and summary.database == "neo4j" and summary.server.agent.startswith("Neo4j/")
    summary = await settled((await settled(session.run("EXPLAIN MATCH (n) RETURN n"))).consume())
    assert summary.plan["operatorType"], summary.plan
    query = "CALL dbms.components() YIELD versions UNWIND versions AS version RETURN version"
    assert summary.server.agent == f"Neo4j/{await value(session, query)}"
    assert await value(session, "SHOW DATABASES YIELD address") == ADDRESS
    await settled(session.close())


async def sees_by_bookmarks(driver):
    mine, bookmarks = key(), None
    for expected in range(1, 4):
        session = driver.session(bookmarks=bookmarks)
        await settled((await settled(session.run("CREATE (:Check {key: $key})", key=mine))).consume())
        bookmarks = await settled(session.last_bookmarks())
        assert len(bookmarks.raw_values) == 1
        await settled(session.close())
        session = driver.session(bookmarks=bookmarks, default_access_mode="READ")
        assert await value(session, "MATCH (n:Check {key: $key}) RETURN count(n)", key=mine) == expected
        await settled(session.close())
    session = driver.session(bookmarks=neo4j.Bookmarks.from_raw_values(["neobolt:999999999"]))
    error = await failure(ClientError, lambda: value(session, "RETURN 1"))
    assert error.code == "Neo.ClientError.Transaction.InvalidBookmark", error
    await settled(session.close())


async def keeps_sessions_apart(driver):
    mine = key()

    async def write(n):
        session = driver.session()
        for k in range(4):
            tx = await settled(session.begin_transaction())
            assert await value(tx, "RETURN $x", x=[n, k]) == [n, k]
            await settled(tx.run("CREATE (:Check {key: $key, n: $n, k: $k})", key=mine, n=n, k=k))
            await settled(tx.commit())
        await settled(session.close())

    await at_once(50, write)
    session = driver.session()
    assert await value(session, "MATCH (c:Check {key: $key}) RETURN count(DISTINCT [c.n, c.k])", key=mine) == 200
    # Only what is changed in a small graph is counted, and the next driver's checks want to see it.
    await settled((await settled(session.run("MATCH (c:Check) DELETE c"))).consume())
    await settled(session.close())


CHECKS = [
    connects_by_bolt,
    connects_by_neo4j,
    refuses_a_bad_password,
    carries_scalars,
    carries_byte_arrays,
    carries_collections,
    carries_temporal_values,
    carries_points,
    carries_vectors,
    carries_uuids,
    carries_graphs,
    streams_many_rows,
    abandons_a_result,
    reads_two_results_in_turns,
    commits_a_transaction,
    rolls_a_transaction_back,
    runs_managed_transactions,
    runs_again_after_a_conflict,
    recovers_from_a_syntax_error,
    is_told_what_a_query_did,
    sees_by_bookmarks,
    keeps_sessions_apart,
]


async def main():
    with open(os.path.join(os.path.dirname(__file__), "checks"), encoding="utf-8") as file:
        names = file.read().splitlines()
    driver = connect()
    for name, check in zip(names, CHECKS, strict=True):
        try:
            await check(driver)
            print("ok  ", name, flush=True)
        except Exception as error:  # whatever it is, the next check runs
            print("FAIL", name, "-", type(error).__name__, str(error)[:300], flush=True)
    await settled(driver.close())


asyncio.run(main()) if IS_ASYNC else finished(main())
