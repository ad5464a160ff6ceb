import static org.neo4j.driver.Values.isoDuration;
import static org.neo4j.driver.Values.parameters;
import static org.neo4j.driver.Values.point;
import static org.neo4j.driver.Values.value;
import static org.neo4j.driver.Values.vector;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.neo4j.driver.AccessMode;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.Bookmark;
import org.neo4j.driver.Config;
import org.neo4j.driver.Driver;
import org.neo4j.driver.GraphDatabase;
import org.neo4j.driver.Session;
import org.neo4j.driver.SessionConfig;
import org.neo4j.driver.SimpleQueryRunner;
import org.neo4j.driver.Transaction;
import org.neo4j.driver.TransactionCallback;
import org.neo4j.driver.TransactionConfig;
import org.neo4j.driver.Value;
import org.neo4j.driver.Values;
import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.summary.QueryType;

/** The checks with the official Java driver; the argument is the file of their names. */
class Checks {
    static final String ADDRESS = System.getenv("NEOBOLT_ADDRESS");
    static final String USER = System.getenv("NEOBOLT_USER");
    static final String PASSWORD = System.getenv("NEOBOLT_PASSWORD");

    interface Check {
        void run(Driver driver) throws Exception;
    }

    static final List<Check> CHECKS = List.of(
            driver -> connectsBy("bolt"),
            driver -> connectsBy("neo4j"),
            driver -> refusesABadPassword(),
            Checks::carriesScalars,
            driver -> comesBack(driver, new byte[0], bytes(256), bytes(70_000)),
            Checks::carriesCollections,
            Checks::carriesTemporalValues,
            driver -> comesBack(driver, point(7203, 1.5, -2), point(9157, 1, 2, 3), point(4326, 12.5, 55.7)),
            Checks::carriesVectors,
            driver -> comesBack(driver, UUID.fromString("550e8400-e29b-41d4-a716-446655440000")),
            Checks::carriesGraphs,
            Checks::streamsManyRows,
            Checks::abandonsAResult,
            Checks::readsTwoResultsInTurns,
            driver -> equal(written(driver, Transaction::commit), 2),
            driver -> equal(written(driver, Transaction::rollback), 0),
            Checks::runsManagedTransactions,
            Checks::runsAgainAfterAConflict,
            Checks::recoversFromASyntaxError,
            Checks::isToldWhatAQueryDid,
            Checks::seesByBookmarks,
            Checks::keepsSessionsApart);

    public static void main(String[] arguments) throws Exception {
        Logger.getLogger("").setLevel(Level.SEVERE);
        var names = Files.readAllLines(Path.of(arguments[0]));
        equal(names.size(), CHECKS.size());
        try (var driver = connect("neo4j", PASSWORD)) {
            for (int index = 0; index < CHECKS.size(); index++) {
                try {
                    CHECKS.get(index).run(driver);
                    System.out.println("ok   " + names.get(index));
                } catch (Throwable error) { // whatever it is, the next check runs
                    var text = error.toString().replace('\n', ' ');
                    System.out.println("FAIL " + names.get(index) + " - " + text.substring(0, Math.min(300, text.length())));
                }
            }
        }
    }

    static Driver connect(String scheme, String password) {
        var config = Config.builder().withMaxTransactionRetryTime(10, TimeUnit.SECONDS).build();
        return GraphDatabase.driver(scheme + "://" + ADDRESS, AuthTokens.basic(USER, password), config);
    }

    /** Something that no other check writes. */
    static String key() {
        return "java-" + Long.toHexString(ThreadLocalRandom.current().nextLong());
    }

    static void ensure(boolean holds, Object otherwise) {
        if (!holds) throw new AssertionError(otherwise);
    }

    static void equal(Object got, Object wanted) {
        ensure(wanted.equals(got), got + " is not " + wanted);
    }

    static Value one(SimpleQueryRunner runner, String query, Object... parameters) {
        return runner.run(query, parameters(parameters)).single().get(0);
    }

    static String code(Runnable action) {
        try {
            action.run();
        } catch (Neo4jException error) {
            return error.code();
        }
        throw new AssertionError("there was no error");
    }

    static SessionConfig fetching(long rows) {
        return SessionConfig.builder().withFetchSize(rows).build();
    }

    static void comesBack(Driver driver, Object... values) {
        try (var session = driver.session()) {
            for (var value : values) {
                var sent = value instanceof Value ? (Value) value : Values.value(value);
                equal(one(session, "RETURN $x AS x", "x", sent), sent);
                equal(one(session, "RETURN $x AS x", "x", Values.value(List.of(sent))).get(0), sent);
            }
        }
    }

    static byte[] bytes(int count) {
        var bytes = new byte[count];
        for (int n = 0; n < count; n++) bytes[n] = (byte) n;
        return bytes;
    }

    static void connectsBy(String scheme) {
        try (var driver = connect(scheme, PASSWORD); var session = driver.session()) {
            driver.verifyConnectivity();
            var server = session.run("RETURN 1").consume().server();
            ensure(server.agent().startsWith("Neo4j/"), server.agent());
            equal(server.protocolVersion(), "6.1");
        }
    }

    static void refusesABadPassword() {
        try (var driver = connect("neo4j", "wrong")) {
            equal(code(driver::verifyConnectivity), "Neo.ClientError.Security.Unauthorized");
        }
    }

    static void carriesScalars(Driver driver) {
        comesBack(driver, Values.NULL, true, false, 0, -1, 127, 128, -129, 32_768, Integer.MIN_VALUE, Long.MAX_VALUE);
        comesBack(driver, Long.MIN_VALUE, 0.0, -1.5, 1e308, Double.POSITIVE_INFINITY, "", "ä\uD83E\uDD80", "x".repeat(70_000));
    }

    static void carriesCollections(Driver driver) {
        var many = IntStream.range(0, 70_000).boxed().toList();
        var nested = new LinkedHashMap<String, Object>();
        nested.put("a", Map.of("b", List.of(true, Map.of())));
        nested.put("ö", null);
        comesBack(driver, List.of(), List.of(1, Arrays.asList(2, List.of("3"), null)), many, Map.of(), nested);
    }

    static void carriesTemporalValues(Driver driver) {
        var at = LocalDateTime.of(1969, 7, 20, 20, 17, 40, 123_456_789);
        var offset = ZoneOffset.ofHoursMinutes(-5, -30);
        comesBack(
                driver,
                LocalDate.of(1815, 12, 10),
                LocalTime.of(23, 59, 59, 999_999_999),
                OffsetTime.of(1, 2, 3, 4, offset),
                at,
                ZonedDateTime.of(at, offset),
                ZonedDateTime.of(at, ZoneId.of("Europe/Stockholm")),
                isoDuration(1, -2, 3, 4));
    }

    static void carriesVectors(Driver driver) {
        var floats = new float[768];
        Arrays.fill(floats, 1.5f);
        comesBack(
                driver,
                vector(new byte[] {1, -2}),
                vector(new long[] {1L << 62}),
                vector(floats),
                vector(new double[] {-0.1}));
    }

    static void carriesGraphs(Driver driver) {
        try (var session = driver.session()) {
            var mine = key();
            var query = "CREATE (a:A:B {key: $key})-[r:R {w: 1.5}]->(:C {key: $key})"
                    + " WITH a, r MATCH p = (a)-[r]->() RETURN a, r, p";
            var record = session.run(query, parameters("key", mine)).single();
            var a = record.get("a").asNode();
            var r = record.get("r").asRelationship();
            var p = record.get("p").asPath();
            var labels = new ArrayList<String>();
            a.labels().forEach(labels::add);
            equal(Set.copyOf(labels), Set.of("A", "B"));
            equal(a.asMap(), Map.of("key", mine));
            equal(List.of(r.type(), r.asMap(), r.startNodeElementId()), List.of("R", Map.of("w", 1.5), a.elementId()));
            equal(List.of(p.length(), p.start(), p.end().elementId()), List.of(1, a, r.endNodeElementId()));
            var back = one(session, "MATCH p = (c:C {key: $key})<-[:R]-(:A) RETURN p", "key", mine).asPath();
            equal(List.of(back.start().elementId(), back.end()), List.of(r.endNodeElementId(), a));
            equal(back.relationships().iterator().next(), r);
            equal(one(session, "MATCH (n) WHERE elementId(n) = $id RETURN n", "id", a.elementId()).asNode(), a);
        }
    }

    static void streamsManyRows(Driver driver) {
        try (var session = driver.session(fetching(100))) {
            var result = session.run("UNWIND range(1, 100000) AS n RETURN n, 'row ' + toString(n) AS text");
            long count = 0;
            while (result.hasNext()) {
                var record = result.next();
                count++;
                ensure(record.get("n").asLong() == count && record.get("text").asString().equals("row " + count), record);
            }
            equal(count, 100_000L);
        }
    }

    static void abandonsAResult(Driver driver) {
        try (var session = driver.session(fetching(100))) {
            for (int time = 0; time < 3; time++) {
                var result = session.run("UNWIND range(1, 100000) AS n RETURN n");
                while (result.next().get("n").asLong() < 150) {}
                result.consume();
            }
            // One that is not even consumed; the session sees to it.
            session.run("UNWIND range(1, 1000) AS n RETURN n");
            equal(one(session, "RETURN 1").asInt(), 1);
        }
    }

    static void readsTwoResultsInTurns(Driver driver) {
        try (var session = driver.session(fetching(10)); var tx = session.beginTransaction()) {
            var results = List.of(
                    tx.run("UNWIND range(1, 50) AS n RETURN n"), tx.run("UNWIND range(1, 70) AS n RETURN n"));
            var totals = results.stream().map(result -> result.stream().mapToInt(row -> row.get(0).asInt()).sum());
            equal(totals.toList(), List.of(50 * 51 / 2, 70 * 71 / 2));
            tx.commit();
        }
    }

    static int written(Driver driver, Consumer<Transaction> end) {
        try (var session = driver.session()) {
            var mine = key();
            var config = TransactionConfig.builder().withMetadata(Map.of("app", "checks")).build();
            try (var tx = session.beginTransaction(config)) {
                for (int n = 0; n < 2; n++) tx.run("CREATE (:Check {key: $key})", parameters("key", mine));
                equal(one(tx, "MATCH (n:Check {key: $key}) RETURN count(n)", "key", mine).asInt(), 2);
                end.accept(tx);
            }
            return one(session, "MATCH (n:Check {key: $key}) RETURN count(n)", "key", mine).asInt();
        }
    }

    static void runsManagedTransactions(Driver driver) {
        try (var session = driver.session()) {
            var mine = key();
            TransactionCallback<String> create =
                    tx -> one(tx, "CREATE (n:Check {key: $key}) RETURN n.key", "key", mine).asString();
            equal(session.executeWrite(create), mine);
            var onPurpose = new IllegalStateException("on purpose");
            try {
                session.executeWriteWithoutResult(tx -> {
                    create.execute(tx);
                    throw onPurpose;
                });
                throw new AssertionError("there was no error");
            } catch (IllegalStateException error) {
                equal(error, onPurpose);
            }
            var count = session.executeRead(tx -> one(tx, "MATCH (n:Check {key: $key}) RETURN count(n)", "key", mine).asInt());
            equal(count, 1);
            equal(code(() -> session.executeRead(create)), "Neo.ClientError.Statement.AccessMode");
        }
    }

    static void runsAgainAfterAConflict(Driver driver) {
        try (var session = driver.session(); var other = driver.session()) {
            var mine = key();
            driver.executableQuery("CREATE (:Check {key: $key, n: 0})").withParameters(Map.of("key", mine)).execute();
            var attempts = new ArrayList<Integer>();
            int last = session.executeWrite(tx -> {
                int n = one(tx, "MATCH (c:Check {key: $key}) RETURN c.n", "key", mine).asInt();
                attempts.add(n);
                // What was read is not what is there any more.
                if (attempts.size() == 1) {
                    other.run("MATCH (c:Check {key: $key}) SET c.n = 7", parameters("key", mine)).consume();
                }
                return one(tx, "MATCH (c:Check {key: $key}) SET c.n = $n RETURN c.n", "key", mine, "n", n + 1).asInt();
            });
            equal(List.of(last, attempts), List.of(8, List.of(0, 7)));
        }
    }

    static void recoversFromASyntaxError(Driver driver) {
        try (var session = driver.session()) {
            for (int time = 0; time < 3; time++) {
                try {
                    session.run("RETRUN 1").consume();
                    throw new AssertionError("there was no error");
                } catch (Neo4jException error) {
                    equal(List.of(error.code(), error.gqlStatus()), List.of("Neo.ClientError.Statement.SyntaxError", "42001"));
                }
                equal(one(session, "RETURN 1").asInt(), 1);
            }
            try (var tx = session.beginTransaction()) {
                equal(code(() -> tx.run("RETRUN 1").consume()), "Neo.ClientError.Statement.SyntaxError");
            }
            equal(one(session, "RETURN 1").asInt(), 1);
        }
    }

    static void isToldWhatAQueryDid(Driver driver) {
        try (var session = driver.session()) {
            var summary = session.run("CREATE (:Check {key: $key})", parameters("key", key())).consume();
            var counters = summary.counters();
            equal(List.of(counters.nodesCreated(), counters.labelsAdded(), counters.propertiesSet()), List.of(1, 1, 1));
            equal(List.of(summary.queryType(), summary.database().name()), List.of(QueryType.WRITE_ONLY, "neo4j"));
            ensure(!session.run("EXPLAIN MATCH (n) RETURN n").consume().plan().operatorType().isEmpty(), "no plan");
            var version = one(session, "CALL dbms.components() YIELD versions UNWIND versions AS version RETURN version");
            equal(summary.server().agent(), "Neo4j/" + version.asString());
            equal(one(session, "SHOW DATABASES YIELD address").asString(), ADDRESS);
        }
    }

    static void seesByBookmarks(Driver driver) {
        var mine = key();
        var bookmarks = Set.<Bookmark>of();
        for (int expected = 1; expected < 4; expected++) {
            try (var session = driver.session(SessionConfig.builder().withBookmarks(bookmarks).build())) {
                session.run("CREATE (:Check {key: $key})", parameters("key", mine)).consume();
                bookmarks = session.lastBookmarks();
                equal(bookmarks.size(), 1);
            }
            var reading = SessionConfig.builder().withBookmarks(bookmarks).withDefaultAccessMode(AccessMode.READ).build();
            try (var session = driver.session(reading)) {
                equal(one(session, "MATCH (n:Check {key: $key}) RETURN count(n)", "key", mine).asInt(), expected);
            }
        }
        var never = SessionConfig.builder().withBookmarks(Bookmark.from("neobolt:999999999")).build();
        try (var session = driver.session(never)) {
            equal(code(() -> one(session, "RETURN 1")), "Neo.ClientError.Transaction.InvalidBookmark");
        }
    }

    static void keepsSessionsApart(Driver driver) throws Exception {
        var mine = key();
        var threads = Executors.newFixedThreadPool(50);
        try {
            var tasks = IntStream.range(0, 50).<Callable<Void>>mapToObj(n -> () -> write(driver, mine, n)).toList();
            for (Future<Void> task : threads.invokeAll(tasks)) task.get();
        } finally {
            threads.shutdown();
        }
        try (var session = driver.session()) {
            var query = "MATCH (c:Check {key: $key}) RETURN count(DISTINCT [c.n, c.k])";
            equal(one(session, query, "key", mine).asInt(), 200);
            // Only what is changed in a small graph is counted, and the next driver's checks want to see it.
            session.run("MATCH (c:Check) DELETE c").consume();
        }
    }

    static Void write(Driver driver, String mine, int n) {
        try (var session = driver.session()) {
            for (int k = 0; k < 4; k++) {
                try (var tx = session.beginTransaction()) {
                    var x = value(List.of(n, k));
                    equal(one(tx, "RETURN $x", "x", x), x);
                    tx.run("CREATE (:Check {key: $key, n: $n, k: $k})", parameters("key", mine, "n", n, "k", k));
                    tx.commit();
                }
            }
        }
        return null;
    }
}
