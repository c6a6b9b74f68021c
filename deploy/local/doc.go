// Package local runs the stack's parts on one machine, on disk and on loopback
// only: a ClickHouse (the real engine) and a Kafka broker (a stand-in for one).
// `runrate up` and the tests use it; against real clusters it is not needed.
//
// [StartClickHouse] runs ClickHouse in a child process: libchdb.so, which
// fetch-clickhouse.sh brings, or a `clickhouse` binary where there is one.
// [StartBroker] runs the broker inside this process, [StartBrokerProcess] in a
// child, so that a test can kill it.
//
// A child is this same executable, started again with RUNRATE_CHILD in its
// environment. That is why [RunChild] must be the first call of main, and of
// TestMain (localtest.Main does it).
//
// # Guarantees
//
//  1. A child never outlives the process that started it, however that ends:
//     the child holds the read end of a pipe that only its parent can write to,
//     and ends itself when it closes. Linux adds a parent-death signal.
//  2. One data directory is open in one process: a second one is refused with a
//     sentence. The lock is inherited by the child, so it is free only when the
//     child is gone.
//  3. A data directory is not opened by an older ClickHouse than wrote it.
//  4. What was acknowledged is on disk: inserts and records are fsynced, so it
//     survives kill -9 and, as far as the disk is honest, a power cut.
//  5. What a client does ends at most its own connection: a wrong password, a
//     reset, nonsense, another protocol (terminal_linux.go says how).
package local
