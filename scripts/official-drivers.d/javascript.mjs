// The checks with the official JavaScript driver. NEOBOLT_MODULES is the folder that it was installed in.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { NEOBOLT_ADDRESS: address, NEOBOLT_USER: user, NEOBOLT_PASSWORD: password, NEOBOLT_MODULES: modules } = process.env
const neo4j = createRequire(`${modules}/`)('neo4j-driver')
const { int, types } = neo4j

const connect = (scheme = 'neo4j', secret = password, config = {}) =>
  neo4j.driver(`${scheme}://${address}`, neo4j.auth.basic(user, secret), { maxTransactionRetryTime: 10_000, ...config })

// Something that no other check writes.
const key = () => `javascript-${randomBytes(8).toString('hex')}`

// The one value of a query.
async function value (runner, query, parameters = {}) {
  const { records } = await runner.run(query, parameters)
  assert.equal(records.length, 1)
  return records[0].get(0)
}

async function code (promise) {
  try {
    await promise
  } catch (error) {
    return error.code
  }
  assert.fail('there was no error')
}

async function inSession (driver, work, config = {}) {
  const session = driver.session(config)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

const comesBack = (driver, ...values) =>
  inSession(driver, async session => {
    for (const sent of values) {
      assert.deepEqual(await value(session, 'RETURN $x AS x', { x: sent }), sent)
      assert.deepEqual(await value(session, 'RETURN $x AS x', { x: [sent] }), [sent])
    }
  })

async function connectsBy (scheme) {
  const driver = connect(scheme)
  const info = await driver.getServerInfo()
  assert.match(info.agent, /^Neo4j\//)
  assert.equal(Number(info.protocolVersion), 6.1)
  await driver.close()
}

const written = (driver, end) =>
  inSession(driver, async session => {
    const mine = key()
    const tx = await session.beginTransaction({ metadata: { app: 'checks' }, timeout: 60_000 })
    for (let n = 0; n < 2; n++) await tx.run('CREATE (:Check {key: $key})', { key: mine })
    assert.deepEqual(await value(tx, 'MATCH (n:Check {key: $key}) RETURN count(n)', { key: mine }), int(2))
    await tx[end]()
    return (await value(session, 'MATCH (n:Check {key: $key}) RETURN count(n)', { key: mine })).toNumber()
  })

const checks = [
  async function connectsByBolt () {
    await connectsBy('bolt')
  },

  async function connectsByNeo4j () {
    await connectsBy('neo4j')
  },

  async function refusesABadPassword () {
    const driver = connect('neo4j', 'wrong')
    assert.equal(await code(driver.getServerInfo()), 'Neo.ClientError.Security.Unauthorized')
    await driver.close()
  },

  async function carriesScalars (driver) {
    const integers = ['0', '-1', '127', '128', '-129', '32768', '-2147483648', '9223372036854775807', '-9223372036854775808']
    await comesBack(driver, null, true, false, ...integers.map(text => int(text)), 0.5, -1.5, 1e308, Infinity, '', 'ä\u{1f980}', 'x'.repeat(70_000))
  },

  async function carriesByteArrays (driver) {
    await comesBack(driver, Int8Array.of(), Int8Array.from({ length: 256 }, (_, n) => n - 128), new Int8Array(70_000))
  },

  async function carriesCollections (driver) {
    const many = Array.from({ length: 70_000 }, (_, n) => int(n))
    await comesBack(driver, [], [int(1), [int(2), ['3'], null]], many, {}, { a: { b: [true, {}] }, ö: null })
  },

  async function carriesTemporalValues (driver) {
    await comesBack(
      driver,
      new types.Date(int(1815), int(12), int(10)),
      new types.LocalTime(int(23), int(59), int(59), int(999_999_999)),
      new types.Time(int(1), int(2), int(3), int(4), int(-19_800)),
      new types.LocalDateTime(int(1969), int(7), int(20), int(20), int(17), int(40), int(123_456_789)),
      new types.DateTime(int(2026), int(2), int(3), int(4), int(5), int(6), int(7), int(7_200)),
      new types.Duration(int(1), int(-2), int(3), int(4))
    )
    // The driver adds the offset that it has worked out.
    const zoned = new types.DateTime(int(2026), int(7), int(1), int(12), int(0), int(0), int(0), int(7_200), 'Europe/Stockholm')
    await comesBack(driver, zoned)
  },

  async function carriesPoints (driver) {
    const { Point } = types
    await comesBack(driver, new Point(int(7203), 1.5, -2), new Point(int(9157), 1, 2, 3), new Point(int(4326), 12.5, 55.7))
  },

  async function carriesVectors (driver) {
    const arrays = [Int8Array.of(1, -2), BigInt64Array.of(2n ** 62n), new Float32Array(768).fill(1.5), Float64Array.of(-0.1)]
    await comesBack(driver, ...arrays.map(array => neo4j.vector(array)))
  },

  async function carriesUuids (driver) {
    await comesBack(driver, neo4j.uuid('550e8400-e29b-41d4-a716-446655440000'))
  },

  async function carriesGraphs (driver) {
    await inSession(driver, async session => {
      const mine = key()
      const query = 'CREATE (a:A:B {key: $key})-[r:R {w: 1.5}]->(:C {key: $key}) WITH a, r MATCH p = (a)-[r]->() RETURN a, r, p'
      const { records: [record] } = await session.run(query, { key: mine })
      const [a, r, p] = [...record.values()]
      assert.ok(neo4j.isNode(a) && neo4j.isRelationship(r) && neo4j.isPath(p))
      assert.deepEqual([[...a.labels].sort(), a.properties], [['A', 'B'], { key: mine }])
      assert.deepEqual([r.type, r.properties, r.startNodeElementId], ['R', { w: 1.5 }, a.elementId])
      assert.deepEqual([p.length, p.start, p.end.elementId], [1, a, r.endNodeElementId])
      const back = await value(session, 'MATCH p = (c:C {key: $key})<-[:R]-(:A) RETURN p', { key: mine })
      assert.deepEqual([back.start.elementId, back.end], [r.endNodeElementId, a])
      assert.deepEqual(back.segments[0].relationship, r)
      assert.deepEqual(await value(session, 'MATCH (n) WHERE elementId(n) = $id RETURN n', { id: a.elementId }), a)
    })
  },

  async function streamsManyRows (driver) {
    await inSession(driver, async session => {
      let count = 0
      for await (const record of session.run("UNWIND range(1, 100000) AS n RETURN n, 'row ' + toString(n) AS text")) {
        count += 1
        assert.ok(record.get('n').toNumber() === count && record.get('text') === `row ${count}`)
      }
      assert.equal(count, 100_000)
    }, { fetchSize: 100 })
  },

  async function abandonsAResult (driver) {
    await inSession(driver, async session => {
      for (let time = 0; time < 3; time++) {
        for await (const record of session.run('UNWIND range(1, 100000) AS n RETURN n')) {
          if (record.get('n').toNumber() === 150) break
        }
      }
      assert.deepEqual(await value(session, 'RETURN 1'), int(1))
    }, { fetchSize: 100 })
  },

  async function readsTwoResultsInTurns (driver) {
    await inSession(driver, async session => {
      const tx = await session.beginTransaction()
      const results = [50, 70].map(n => tx.run('UNWIND range(1, $n) AS n RETURN n', { n: int(n) }))
      const totals = []
      for (const result of results) {
        let total = 0
        for await (const record of result) total += record.get('n').toNumber()
        totals.push(total)
      }
      assert.deepEqual(totals, [50 * 51 / 2, 70 * 71 / 2])
      await tx.commit()
    }, { fetchSize: 10 })
  },

  async function commitsATransaction (driver) {
    assert.equal(await written(driver, 'commit'), 2)
  },

  async function rollsATransactionBack (driver) {
    assert.equal(await written(driver, 'rollback'), 0)
  },

  async function runsManagedTransactions (driver) {
    await inSession(driver, async session => {
      const mine = key()
      const create = tx => value(tx, 'CREATE (n:Check {key: $key}) RETURN n.key', { key: mine })
      assert.equal(await session.executeWrite(create), mine)
      const failing = session.executeWrite(async tx => {
        await create(tx)
        throw Object.assign(new Error('on purpose'), { code: mine })
      })
      assert.equal(await code(failing), mine)
      const count = tx => value(tx, 'MATCH (n:Check {key: $key}) RETURN count(n)', { key: mine })
      assert.deepEqual(await session.executeRead(count), int(1))
      assert.equal(await code(session.executeRead(create)), 'Neo.ClientError.Statement.AccessMode')
    })
  },

  async function runsAgainAfterAConflict (driver) {
    await inSession(driver, session => inSession(driver, async other => {
      const mine = key()
      await driver.executeQuery('CREATE (:Check {key: $key, n: 0})', { key: mine })
      const attempts = []
      const last = await session.executeWrite(async tx => {
        attempts.push((await value(tx, 'MATCH (c:Check {key: $key}) RETURN c.n', { key: mine })).toNumber())
        // What was read is not what is there any more.
        if (attempts.length === 1) await other.run('MATCH (c:Check {key: $key}) SET c.n = 7', { key: mine })
        const n = int(attempts.at(-1) + 1)
        return await value(tx, 'MATCH (c:Check {key: $key}) SET c.n = $n RETURN c.n', { key: mine, n })
      })
      assert.deepEqual([last, attempts], [int(8), [0, 7]])
    }))
  },

  async function recoversFromASyntaxError (driver) {
    await inSession(driver, async session => {
      for (let time = 0; time < 3; time++) {
        const error = await session.run('RETRUN 1').catch(error => error)
        assert.deepEqual([error.code, error.gqlStatus], ['Neo.ClientError.Statement.SyntaxError', '42001'])
        assert.deepEqual(await value(session, 'RETURN 1'), int(1))
      }
      const tx = await session.beginTransaction()
      await code(tx.run('RETRUN 1'))
      await tx.close()
      assert.deepEqual(await value(session, 'RETURN 1'), int(1))
    })
  },

  async function isToldWhatAQueryDid (driver) {
    await inSession(driver, async session => {
      const { summary } = await session.run('CREATE (:Check {key: $key})', { key: key() })
      const { nodesCreated, labelsAdded, propertiesSet } = summary.counters.updates()
      assert.deepEqual([nodesCreated, labelsAdded, propertiesSet], [1, 1, 1])
      assert.deepEqual([summary.queryType, summary.database.name], ['w', 'neo4j'])
      const explained = await session.run('EXPLAIN MATCH (n) RETURN n')
      assert.ok(explained.summary.plan.operatorType)
      const version = await value(session, 'CALL dbms.components() YIELD versions UNWIND versions AS version RETURN version')
      assert.equal(summary.server.agent, `Neo4j/${version}`)
      assert.equal(await value(session, 'SHOW DATABASES YIELD address'), address)
    })
  },

  async function seesByBookmarks (driver) {
    const mine = key()
    let bookmarks = []
    for (let expected = 1; expected < 4; expected++) {
      bookmarks = await inSession(driver, async session => {
        await session.run('CREATE (:Check {key: $key})', { key: mine })
        return session.lastBookmarks()
      }, { bookmarks })
      assert.equal(bookmarks.length, 1)
      const count = session => value(session, 'MATCH (n:Check {key: $key}) RETURN count(n)', { key: mine })
      assert.deepEqual(await inSession(driver, count, { bookmarks, defaultAccessMode: neo4j.session.READ }), int(expected))
    }
    const never = inSession(driver, session => value(session, 'RETURN 1'), { bookmarks: ['neobolt:999999999'] })
    assert.equal(await code(never), 'Neo.ClientError.Transaction.InvalidBookmark')
  },

  async function keepsSessionsApart (driver) {
    const mine = key()
    const write = n => inSession(driver, async session => {
      for (let k = 0; k < 4; k++) {
        const x = [int(n), int(k)]
        const tx = await session.beginTransaction()
        assert.deepEqual(await value(tx, 'RETURN $x', { x }), x)
        await tx.run('CREATE (:Check {key: $key, n: $n, k: $k})', { key: mine, n: int(n), k: int(k) })
        await tx.commit()
      }
    })
    await Promise.all(Array.from({ length: 50 }, (_, n) => write(n)))
    const count = session => value(session, 'MATCH (c:Check {key: $key}) RETURN count(DISTINCT [c.n, c.k])', { key: mine })
    assert.deepEqual(await inSession(driver, count), int(200))
    // Only what is changed in a small graph is counted, and the next driver's checks want to see it.
    await driver.executeQuery('MATCH (c:Check) DELETE c')
  }
]

const names = readFileSync(new URL('checks', import.meta.url), 'utf8').trimEnd().split('\n')
assert.equal(names.length, checks.length)
const driver = connect()
for (const [index, check] of checks.entries()) {
  try {
    await check(driver)
    console.log('ok  ', names[index])
  } catch (error) {
    // Whatever it is, the next check runs.
    console.log('FAIL', names[index], '-', String(error?.message ?? error).slice(0, 300).replaceAll('\n', ' '))
  }
}
await driver.close()
