// The loop of Benchmarks' `mysql` part in Go on go-sql-driver: a goroutine for each task, and database/sql's pool.
//
//	load HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql"
)

const rowCount = 1000000

func cpu() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3
}

func peakMegabytes() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Maxrss) / 1024
}

func must(err error) {
	if err != nil {
		log.Fatal("load.go: ", err)
	}
}

func report(operations int, wall time.Duration, cpuUsed float64, latencies []time.Duration, growth float64) {
	sort.Slice(latencies, func(a, b int) bool { return latencies[a] < latencies[b] })
	at := func(share float64) float64 {
		if len(latencies) == 0 {
			return 0
		}
		return float64(latencies[int(float64(len(latencies)-1)*share)].Nanoseconds()) / 1e3
	}
	must(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"perSecond": float64(operations) / wall.Seconds(), "cpuMicroseconds": cpuUsed / float64(operations),
		"p50Microseconds": at(0.5), "p99Microseconds": at(0.99), "growthMegabytes": growth,
	}))
}

// One task, until the time is over.
func work(number int, workload string, statement *sql.Stmt, isOver *int32) []time.Duration {
	latencies := make([]time.Duration, 0, 1<<16)
	random := uint64(number)*7919 + 1
	for atomic.LoadInt32(isOver) == 0 {
		random = random*6364136223846793005 + 1442695040888963407
		start := time.Now()
		if workload == "select" {
			var id int
			var v string
			must(statement.QueryRow(int(random>>33)%10000+1).Scan(&id, &v))
		} else {
			_, err := statement.Exec("hello")
			must(err)
		}
		latencies = append(latencies, time.Since(start))
	}
	return latencies
}

func load(db *sql.DB, workload string, tasks, connections int, seconds float64) {
	text := "SELECT id, v FROM point WHERE id = ?"
	if workload != "select" {
		text = "INSERT INTO ins (v) VALUES (?)"
	}
	statement, err := db.Prepare(text)
	must(err)
	open(db, connections)
	var isOver int32
	results := make([][]time.Duration, tasks)
	var group sync.WaitGroup
	memory, cpuBefore, start := peakMegabytes(), cpu(), time.Now()
	for number := 0; number < tasks; number++ {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			results[number] = work(number, workload, statement, &isOver)
		}(number)
	}
	time.Sleep(time.Duration(seconds * 1e9))
	atomic.StoreInt32(&isOver, 1)
	group.Wait()
	wall, cpuUsed := time.Since(start), cpu()-cpuBefore
	var all []time.Duration
	for _, latencies := range results {
		all = append(all, latencies...)
	}
	report(len(all), wall, cpuUsed, all, peakMegabytes()-memory)
}

// Opens all connections before the time counts.
func open(db *sql.DB, connections int) {
	var held []*sql.Conn
	for number := 0; number < connections; number++ {
		connection, err := db.Conn(context.Background())
		must(err)
		held = append(held, connection)
	}
	for _, connection := range held {
		must(connection.Close())
	}
}

func stream(db *sql.DB) {
	statement, err := db.Prepare("SELECT id, v FROM point")
	must(err)
	memory, cpuBefore, start := peakMegabytes(), cpu(), time.Now()
	rows, err := statement.Query()
	must(err)
	count, sum := 0, 0
	for rows.Next() {
		var id int
		var v string
		must(rows.Scan(&id, &v))
		count++
		sum += id + len(v)
	}
	must(rows.Err())
	if count != rowCount || sum == 0 {
		log.Fatal("load.go: not all rows came")
	}
	report(count, time.Since(start), cpu()-cpuBefore, nil, peakMegabytes()-memory)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

func main() {
	if len(os.Args) != 7 {
		log.Fatal("load.go: HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS")
	}
	connections := number(os.Args[5])
	seconds, err := strconv.ParseFloat(os.Args[6], 64)
	must(err)
	db, err := sql.Open("mysql", fmt.Sprintf("bench:bench@tcp(%s:%s)/bench", os.Args[1], os.Args[2]))
	must(err)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if os.Args[3] == "stream" {
		stream(db)
	} else {
		load(db, os.Args[3], number(os.Args[4]), connections, seconds)
	}
}
