package kafkacluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The releases that the tests run against: the newest one, which is the
// default, and the last that still knows ZooKeeper, as an old one.
const (
	Version    = "4.4.0"
	OldVersion = "3.9.2"
)

// Config says what cluster to start. Only Dir is required.
type Config struct {
	Dir     string // the nodes' data, settings and logs; made if it is not there
	Brokers int    // default 3
	Version string // default Version
	Jars    string // directory of the jars; default: where fetch.sh put them

	// Properties are added to every node's settings, or replace them, such as
	// "log.retention.check.interval.ms" or "offsets.retention.minutes".
	Properties map[string]string

	// Secure adds a listener for those who prove who they are; nil for none.
	Secure *Secure
}

// Secure is a listener with TLS and SCRAM-SHA-256 and -512, beside the open one, and an
// authorizer: who comes by the open listener may do everything, who comes by the secure
// one what access control lists allow, at first nothing.
type Secure struct {
	Keystore string            // PEM file of the brokers' certificate and key
	Users    map[string]string // passwords by name
}

// add adds the listener to the settings of a node.
func (s *Secure) add(p map[string]string, at ports) {
	const listener = "SECURE"
	p["listeners"] += "," + listener + "://" + address(at.secure)
	p["advertised.listeners"] += "," + listener + "://" + address(at.secure)
	p["listener.security.protocol.map"] += "," + listener + ":SASL_SSL"
	p["sasl.enabled.mechanisms"] = "SCRAM-SHA-256,SCRAM-SHA-512"
	for _, mechanism := range []string{"scram-sha-256", "scram-sha-512"} {
		p["listener.name.secure."+mechanism+".sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
	}
	p["ssl.keystore.type"], p["ssl.keystore.location"] = "PEM", s.Keystore
	p["ssl.truststore.type"], p["ssl.truststore.location"] = "PEM", s.Keystore // no client certificates are asked for
	p["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
	p["super.users"] = "User:ANONYMOUS"
}

// scram are the arguments of the storage tool that make the users.
func (s *Secure) scram() (args []string) {
	for _, user := range slices.Sorted(maps.Keys(s.Users)) {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, user, s.Users[user]))
		}
	}
	return args
}

func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" {
		return c, fmt.Errorf("start Kafka: no directory given")
	}
	if c.Version == "" {
		c.Version = Version
	}
	switch {
	case c.Brokers == 0:
		c.Brokers = 3
	case c.Brokers < 0 || c.Brokers > 9:
		return c, fmt.Errorf("start Kafka with %d brokers: 1 to 9", c.Brokers)
	}
	return c, nil
}

// properties are the settings of node i. ports are of all nodes. What differs
// from Kafka's defaults does so for one of three reasons: three copies of
// everything, as a production cluster has; small and quick, to fit a test; or
// nothing that happens by itself and makes a test's outcome vary.
func (c Config) properties(i int, dir string, ports []ports) string {
	voters := make([]string, len(ports))
	for n, p := range ports {
		voters[n] = fmt.Sprintf("%d@%s", n+1, address(p.controller))
	}
	copies := min(c.Brokers, 3)
	p := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        fmt.Sprint(i + 1),
		"controller.quorum.voters":       strings.Join(voters, ","),
		"controller.listener.names":      "CONTROLLER",
		"listeners":                      "PLAINTEXT://" + address(ports[i].broker) + ",CONTROLLER://" + address(ports[i].controller),
		"advertised.listeners":           "PLAINTEXT://" + address(ports[i].broker),
		"inter.broker.listener.name":     "PLAINTEXT",
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs":                       dir,

		// Three copies, two of them needed.
		"default.replication.factor":                       fmt.Sprint(copies),
		"min.insync.replicas":                              fmt.Sprint(min(copies, 2)),
		"offsets.topic.replication.factor":                 fmt.Sprint(copies),
		"transaction.state.log.replication.factor":         fmt.Sprint(copies),
		"transaction.state.log.min.isr":                    fmt.Sprint(min(copies, 2)),
		"share.coordinator.state.topic.min.isr":            fmt.Sprint(min(copies, 2)),
		"share.coordinator.state.topic.num.partitions":     "1",
		"share.coordinator.state.topic.replication.factor": fmt.Sprint(copies),
		"unclean.leader.election.enable":                   "false",

		// Small and quick.
		"offsets.topic.num.partitions":          "3",
		"transaction.state.log.num.partitions":  "1",
		"num.network.threads":                   "2",
		"num.io.threads":                        "3",
		"background.threads":                    "2",
		"num.recovery.threads.per.data.dir":     "1",
		"log.cleaner.threads":                   "1",
		"log.cleaner.dedupe.buffer.size":        "4194304",
		"group.initial.rebalance.delay.ms":      "0",
		"group.min.session.timeout.ms":          "1000",
		"broker.heartbeat.interval.ms":          "500",
		"broker.session.timeout.ms":             "3000", // a killed node loses its leaderships after it
		"controller.quorum.election.timeout.ms": "500",
		"controller.quorum.fetch.timeout.ms":    "1000",
		"replica.lag.time.max.ms":               "5000",
		"log.segment.delete.delay.ms":           "1000",

		"log.initial.task.delay.ms": "500", // before retention is first checked

		// Nothing by itself.
		"auto.create.topics.enable":    "false",
		"auto.leader.rebalance.enable": "false",
	}
	if c.Secure != nil {
		c.Secure.add(p, ports[i])
	}
	maps.Copy(p, c.Properties)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "%s=%s\n", name, p[name])
	}
	return b.String()
}
