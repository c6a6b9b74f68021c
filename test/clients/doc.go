// Package clients runs the Kafka and ClickHouse clients of other languages against the
// program: what they write is counted, and what they read is exact. The tests are behind
// the build tag clients, since the clients must be fetched first: make test-clients.
//
// With -update the test also writes down a record of each as it really produces it, to
// internal/event/testdata/clients, where the decoder is held to them without the clients.
package clients
