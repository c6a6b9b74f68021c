// Package cluster holds runrate to a real ClickHouse cluster: replicas and shards, a
// keeper, nodes that are killed. `make test-cluster` runs it, by the build tag cluster.
//
// The nodes are started by chcluster, a tool that is no part of this repository: its
// source is looked for in ../shared/cluster, beside the checkout, or where
// RUNRATE_CHCLUSTER says. The nodes are the ClickHouse library that `make clickhouse`
// fetches, or the clickhouse binary on the PATH where that is not there. Without the
// tool the tests are skipped, and say so.
package cluster
