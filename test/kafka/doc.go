// Package kafkacluster runs Apache Kafka itself on this machine, for tests:
// several brokers (KRaft, each a controller too) as Java processes on the
// loopback, which a test may kill, stop, pause and start again one by one.
//
// Start at [Start]; package kafkatest shares one cluster among the tests of a
// package. The jars come by fetch.sh beside this file (`make test-kafka` runs
// it), verified against the manifests kafka-<version>.sha256.
//
// No process outlives the one that started it, even if that is killed: see
// launch in process.go.
package kafkacluster
