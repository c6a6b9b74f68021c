// Package program holds the tests that use runrate as anyone outside this
// repository would: the built binary, NDJSON files, Kafka, and SQL over
// ClickHouse's HTTP port. What they rely on is the contract, docs/DEFINITIONS.md,
// and nothing else.
//
// Start at TestContract, whose events and rows are written by hand in testdata,
// then TestOracleThroughTheStack.
package program
