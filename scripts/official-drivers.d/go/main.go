// The checks with the official Go driver.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/neo4j/neo4j-go-driver/v6/neo4j"
	"github.com/neo4j/neo4j-go-driver/v6/neo4j/config"
	"github.com/neo4j/neo4j-go-driver/v6/neo4j/dbtype"
)

type (
	object = map[string]any
	runner interface {
		Run(query string, parameters object) neo4j.Result
	}
)

var (
	ctx      = context.Background()
	address  = os.Getenv("NEOBOLT_ADDRESS")
	user     = os.Getenv("NEOBOLT_USER")
	password = os.Getenv("NEOBOLT_PASSWORD")
)

// must returns what there is when there is no error, which ends the check.
func must[T any](value T, err error) T {
	ensure(err == nil, err)
	return value
}

func ensure(holds bool, otherwise ...any) {
	if !holds {
		panic(fmt.Sprint(otherwise...))
	}
}

func equal(got, wanted any) {
	ensure(same(got, wanted), fmt.Sprintf("%#v is not %#v", got, wanted))
}

// same compares values; of times the text, for they carry places that are equal only to themselves.
func same(a, b any) bool {
	switch a.(type) {
	case time.Time, dbtype.Date, dbtype.Time, dbtype.LocalTime, dbtype.LocalDateTime:
		return reflect.TypeOf(a) == reflect.TypeOf(b) && fmt.Sprint(a) == fmt.Sprint(b)
	}
	return reflect.DeepEqual(a, b)
}

func connect(scheme, secret string) neo4j.Driver {
	auth := neo4j.BasicAuth(user, secret, "")
	return must(neo4j.NewDriver(scheme+"://"+address, auth, func(config *config.Config) {
		config.MaxTransactionRetryTime = 10 * time.Second
	}))
}

// key is something that no other check writes.
func key() string {
	return fmt.Sprintf("go-%x", rand.Uint64())
}

// session and transaction end the check when something fails.
type session struct{ neo4j.Session }
type transaction struct{ neo4j.ExplicitTransaction }
type managed struct{ neo4j.ManagedTransaction }

func (it session) Run(query string, parameters object) neo4j.Result {
	return must(it.Session.Run(ctx, query, parameters))
}

func (it transaction) Run(query string, parameters object) neo4j.Result {
	return must(it.ExplicitTransaction.Run(ctx, query, parameters))
}

// A managed transaction is run again only if its function returns the error, so these two do.
func (it managed) value(query string, parameters object) (any, error) {
	record, err := neo4j.Single(ctx, first(it.ManagedTransaction.Run(ctx, query, parameters)), nil)
	if err != nil {
		return nil, err
	}
	return record.Values[0], nil
}

func first(result neo4j.Result, err error) neo4j.Result {
	if err != nil {
		panic(failed{err})
	}
	return result
}

type failed struct{ error }

// work makes a transaction function of one that may panic with the error of a query.
func work(function func(managed) (any, error)) neo4j.ManagedTransactionWork {
	return func(tx neo4j.ManagedTransaction) (value any, err error) {
		defer func() {
			if it := recover(); it != nil {
				reason, is := it.(failed)
				ensure(is, it)
				err = reason.error
			}
		}()
		return function(managed{tx})
	}
}

func value(runner runner, query string, parameters object) any {
	return must(runner.Run(query, parameters).Single(ctx)).Values[0]
}

func code(err error) string {
	var failure *neo4j.Neo4jError
	ensure(errors.As(err, &failure), "there was no error of the server's but ", err)
	return failure.Code
}

func inSession(driver neo4j.Driver, config neo4j.SessionConfig, do func(session)) {
	it := session{driver.NewSession(ctx, config)}
	defer it.Close(ctx)
	do(it)
}

var plain neo4j.SessionConfig

func comesBack(driver neo4j.Driver, values ...any) {
	inSession(driver, plain, func(session session) {
		for _, sent := range values {
			equal(value(session, "RETURN $x AS x", object{"x": sent}), sent)
			equal(value(session, "RETURN $x AS x", object{"x": []any{sent}}).([]any)[0], sent)
		}
	})
}

func connectsBy(scheme string) {
	driver := connect(scheme, password)
	defer driver.Close(ctx)
	info := must(driver.GetServerInfo(ctx))
	ensure(strings.HasPrefix(info.Agent(), "Neo4j/"), info.Agent())
	version := info.ProtocolVersion()
	equal([]int{version.Major, version.Minor}, []int{6, 1})
}

func written(driver neo4j.Driver, end func(neo4j.ExplicitTransaction) error) (count int64) {
	inSession(driver, plain, func(it session) {
		mine := object{"key": key()}
		tx := transaction{must(it.BeginTransaction(ctx, neo4j.WithTxTimeout(time.Minute), neo4j.WithTxMetadata(object{"app": "checks"})))}
		for range 2 {
			must(tx.Run("CREATE (:Check {key: $key})", mine).Consume(ctx))
		}
		equal(value(tx, "MATCH (n:Check {key: $key}) RETURN count(n)", mine), int64(2))
		ensure(end(tx.ExplicitTransaction) == nil)
		count = value(it, "MATCH (n:Check {key: $key}) RETURN count(n)", mine).(int64)
	})
	return
}

var checks = []func(neo4j.Driver){
	func(neo4j.Driver) { connectsBy("bolt") },

	func(neo4j.Driver) { connectsBy("neo4j") },

	func(neo4j.Driver) {
		driver := connect("neo4j", "wrong")
		defer driver.Close(ctx)
		equal(code(driver.VerifyConnectivity(ctx)), "Neo.ClientError.Security.Unauthorized")
	},

	func(driver neo4j.Driver) {
		integers := []int64{0, -1, 127, 128, -129, 32_768, math.MinInt32, math.MaxInt64, math.MinInt64}
		values := []any{nil, true, false, 0.0, -1.5, 1e308, math.Inf(1), "", "ä\U0001f980", strings.Repeat("x", 70_000)}
		for _, integer := range integers {
			values = append(values, integer)
		}
		comesBack(driver, values...)
	},

	func(driver neo4j.Driver) {
		comesBack(driver, []byte{}, []byte{0, 127, 128, 255}, make([]byte, 70_000))
	},

	func(driver neo4j.Driver) {
		many := make([]any, 70_000)
		for n := range many {
			many[n] = int64(n)
		}
		nested := object{"a": object{"b": []any{true, object{}}}, "ö": nil}
		comesBack(driver, []any{}, []any{int64(1), []any{int64(2), []any{"3"}, nil}}, many, object{}, nested)
	},

	func(driver neo4j.Driver) {
		at := time.Date(1969, 7, 20, 20, 17, 40, 123_456_789, time.UTC)
		offset := time.FixedZone("Offset", -19_800)
		comesBack(
			driver,
			neo4j.DateOf(at),
			neo4j.LocalTimeOf(at),
			neo4j.OffsetTimeOf(at.In(offset)),
			neo4j.LocalDateTimeOf(at),
			at.In(offset),
			at.In(must(time.LoadLocation("Europe/Stockholm"))),
			neo4j.DurationOf(1, -2, 3, 4),
		)
	},

	func(driver neo4j.Driver) {
		comesBack(
			driver,
			neo4j.Point2D{SpatialRefId: 7203, X: 1.5, Y: -2},
			neo4j.Point3D{SpatialRefId: 9157, X: 1, Y: 2, Z: 3},
			neo4j.Point2D{SpatialRefId: 4326, X: 12.5, Y: 55.7},
		)
	},

	func(driver neo4j.Driver) {
		comesBack(
			driver,
			neo4j.Vector[int8]{Elems: []int8{1, -2}},
			neo4j.Vector[int64]{Elems: []int64{1 << 62}},
			neo4j.Vector[float32]{Elems: make([]float32, 768)},
			neo4j.Vector[float64]{Elems: []float64{-0.1}},
		)
	},

	func(driver neo4j.Driver) {
		comesBack(driver, must(dbtype.ParseUUID("550e8400-e29b-41d4-a716-446655440000")))
	},

	func(driver neo4j.Driver) {
		inSession(driver, plain, func(session session) {
			mine := object{"key": key()}
			query := "CREATE (a:A:B {key: $key})-[r:R {w: 1.5}]->(:C {key: $key}) WITH a, r MATCH p = (a)-[r]->() RETURN a, r, p"
			values := must(session.Run(query, mine).Single(ctx)).Values
			a, r, p := values[0].(neo4j.Node), values[1].(neo4j.Relationship), values[2].(neo4j.Path)
			equal([]any{a.Labels, a.Props}, []any{[]string{"A", "B"}, mine})
			equal([]any{r.Type, r.Props, r.StartElementId}, []any{"R", object{"w": 1.5}, a.ElementId})
			equal([]any{p.Nodes[0], p.Nodes[1].ElementId, p.Relationships[0]}, []any{a, r.EndElementId, r})
			back := value(session, "MATCH p = (c:C {key: $key})<-[:R]-(:A) RETURN p", mine).(neo4j.Path)
			equal([]any{back.Nodes[0].ElementId, back.Nodes[1], back.Relationships[0]}, []any{r.EndElementId, a, r})
			equal(value(session, "MATCH (n) WHERE elementId(n) = $id RETURN n", object{"id": a.ElementId}), a)
		})
	},

	func(driver neo4j.Driver) {
		inSession(driver, neo4j.SessionConfig{FetchSize: 100}, func(session session) {
			result := session.Run("UNWIND range(1, 100000) AS n RETURN n, 'row ' + toString(n) AS text", nil)
			count := int64(0)
			for result.Next(ctx) {
				count++
				equal(result.Record().Values, []any{count, fmt.Sprint("row ", count)})
			}
			ensure(result.Err() == nil && count == 100_000, result.Err(), count)
		})
	},

	func(driver neo4j.Driver) {
		inSession(driver, neo4j.SessionConfig{FetchSize: 100}, func(session session) {
			for range 3 {
				result := session.Run("UNWIND range(1, 100000) AS n RETURN n", nil)
				for result.Next(ctx) && result.Record().Values[0] != int64(150) {
				}
				must(result.Consume(ctx))
			}
			// One that is not even consumed; the session sees to it.
			session.Run("UNWIND range(1, 1000) AS n RETURN n", nil)
			equal(value(session, "RETURN 1", nil), int64(1))
		})
	},

	func(driver neo4j.Driver) {
		inSession(driver, neo4j.SessionConfig{FetchSize: 10}, func(it session) {
			tx := transaction{must(it.BeginTransaction(ctx))}
			a := tx.Run("UNWIND range(1, 50) AS n RETURN n", nil)
			b := tx.Run("UNWIND range(1, 70) AS n RETURN n", nil)
			total := func(result neo4j.Result) (total int64) {
				for result.Next(ctx) {
					total += result.Record().Values[0].(int64)
				}
				ensure(result.Err() == nil, result.Err())
				return
			}
			equal([]int64{total(a), total(b)}, []int64{50 * 51 / 2, 70 * 71 / 2})
			ensure(tx.Commit(ctx) == nil)
		})
	},

	func(driver neo4j.Driver) {
		equal(written(driver, func(tx neo4j.ExplicitTransaction) error { return tx.Commit(ctx) }), int64(2))
	},

	func(driver neo4j.Driver) {
		equal(written(driver, func(tx neo4j.ExplicitTransaction) error { return tx.Rollback(ctx) }), int64(0))
	},

	func(driver neo4j.Driver) {
		inSession(driver, plain, func(session session) {
			mine := object{"key": key()}
			create := func(tx managed) (any, error) { return tx.value("CREATE (n:Check {key: $key}) RETURN n.key", mine) }
			count := func(tx managed) (any, error) { return tx.value("MATCH (n:Check {key: $key}) RETURN count(n)", mine) }
			equal(must(session.ExecuteWrite(ctx, work(create))), mine["key"])
			onPurpose := errors.New("on purpose")
			_, err := session.ExecuteWrite(ctx, work(func(tx managed) (any, error) {
				must(create(tx))
				return nil, onPurpose
			}))
			ensure(errors.Is(err, onPurpose), err)
			equal(must(session.ExecuteRead(ctx, work(count))), int64(1))
			_, err = session.ExecuteRead(ctx, work(create))
			equal(code(err), "Neo.ClientError.Statement.AccessMode")
		})
	},

	func(driver neo4j.Driver) {
		inSession(driver, plain, func(it session) {
			mine, attempts := key(), []any{}
			must(neo4j.ExecuteQuery(ctx, driver, "CREATE (:Check {key: $key, n: 0})", object{"key": mine}, neo4j.EagerResultTransformer))
			last := must(it.ExecuteWrite(ctx, work(func(tx managed) (any, error) {
				n, err := tx.value("MATCH (c:Check {key: $key}) RETURN c.n", object{"key": mine})
				if err != nil {
					return nil, err
				}
				attempts = append(attempts, n)
				if len(attempts) == 1 {
					// What was read is not what is there any more.
					inSession(driver, plain, func(other session) {
						must(other.Run("MATCH (c:Check {key: $key}) SET c.n = 7", object{"key": mine}).Consume(ctx))
					})
				}
				return tx.value("MATCH (c:Check {key: $key}) SET c.n = $n RETURN c.n", object{"key": mine, "n": n.(int64) + 1})
			})))
			equal([]any{last, attempts}, []any{int64(8), []any{int64(0), int64(7)}})
		})
	},

	func(driver neo4j.Driver) {
		inSession(driver, plain, func(session session) {
			for range 3 {
				_, err := session.Session.Run(ctx, "RETRUN 1", nil)
				equal(code(err), "Neo.ClientError.Statement.SyntaxError")
				equal(err.(*neo4j.Neo4jError).GqlStatus, "42001")
				equal(value(session, "RETURN 1", nil), int64(1))
			}
			tx := must(session.BeginTransaction(ctx))
			_, err := tx.Run(ctx, "RETRUN 1", nil)
			equal(code(err), "Neo.ClientError.Statement.SyntaxError")
			ensure(tx.Close(ctx) == nil)
			equal(value(session, "RETURN 1", nil), int64(1))
		})
	},

	func(driver neo4j.Driver) {
		inSession(driver, plain, func(session session) {
			summary := must(session.Run("CREATE (:Check {key: $key})", object{"key": key()}).Consume(ctx))
			counters := summary.Counters()
			equal([]int{counters.NodesCreated(), counters.LabelsAdded(), counters.PropertiesSet()}, []int{1, 1, 1})
			equal([]any{summary.QueryType(), summary.Database().Name()}, []any{neo4j.QueryTypeWriteOnly, "neo4j"})
			ensure(must(session.Run("EXPLAIN MATCH (n) RETURN n", nil).Consume(ctx)).Plan().Operator() != "")
			version := value(session, "CALL dbms.components() YIELD versions UNWIND versions AS version RETURN version", nil)
			equal(summary.Server().Agent(), fmt.Sprint("Neo4j/", version))
			equal(value(session, "SHOW DATABASES YIELD address", nil), address)
		})
	},

	func(driver neo4j.Driver) {
		mine := object{"key": key()}
		var bookmarks neo4j.Bookmarks
		for expected := range 3 {
			inSession(driver, neo4j.SessionConfig{Bookmarks: bookmarks}, func(session session) {
				must(session.Run("CREATE (:Check {key: $key})", mine).Consume(ctx))
				bookmarks = session.LastBookmarks()
			})
			equal(len(bookmarks), 1)
			reading := neo4j.SessionConfig{Bookmarks: bookmarks, AccessMode: neo4j.AccessModeRead}
			inSession(driver, reading, func(session session) {
				equal(value(session, "MATCH (n:Check {key: $key}) RETURN count(n)", mine), int64(expected+1))
			})
		}
		inSession(driver, neo4j.SessionConfig{Bookmarks: neo4j.Bookmarks{"neobolt:999999999"}}, func(session session) {
			_, err := session.Session.Run(ctx, "RETURN 1", nil)
			equal(code(err), "Neo.ClientError.Transaction.InvalidBookmark")
		})
	},

	func(driver neo4j.Driver) {
		mine := key()
		failures := make(chan any, 50)
		var all sync.WaitGroup
		for n := range 50 {
			all.Add(1)
			go func() {
				defer all.Done()
				defer func() { failures <- recover() }()
				inSession(driver, plain, func(session session) {
					for k := range 4 {
						x := []any{int64(n), int64(k)}
						tx := transaction{must(session.BeginTransaction(ctx))}
						equal(value(tx, "RETURN $x", object{"x": x}), x)
						tx.Run("CREATE (:Check {key: $key, n: $n, k: $k})", object{"key": mine, "n": n, "k": k})
						ensure(tx.Commit(ctx) == nil)
					}
				})
			}()
		}
		all.Wait()
		for range 50 {
			if failure := <-failures; failure != nil {
				panic(failure)
			}
		}
		inSession(driver, plain, func(session session) {
			query := "MATCH (c:Check {key: $key}) RETURN count(DISTINCT [c.n, c.k])"
			equal(value(session, query, object{"key": mine}), int64(200))
			// Only what is changed in a small graph is counted, and the next driver's checks want to see it.
			must(session.Run("MATCH (c:Check) DELETE c", nil).Consume(ctx))
		})
	},
}

func main() {
	text := string(must(os.ReadFile(os.Args[1])))
	names := strings.Split(strings.TrimSpace(text), "\n")
	equal(len(names), len(checks))
	driver := connect("neo4j", password)
	defer driver.Close(ctx)
	for index, check := range checks {
		run(names[index], driver, check)
	}
}

func run(name string, driver neo4j.Driver, check func(neo4j.Driver)) {
	defer func() {
		if reason := recover(); reason != nil {
			// Whatever it is, the next check runs.
			fmt.Printf("FAIL %s - %.300s\n", name, strings.ReplaceAll(fmt.Sprint(reason), "\n", " "))
		}
	}()
	check(driver)
	fmt.Println("ok  ", name)
}
