package kafkacluster

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

//go:embed log4j.properties
var logging3 string

//go:embed log4j2.properties
var logging4 string

// node is one broker and controller. Its files are in dir: data, the settings,
// and its log, which goes on over restarts.
type node struct {
	number int // from 0; Kafka's node.id is one more
	java   string
	jars   string
	dir    string
	ports  ports

	mu      sync.Mutex
	process *process // nil before the first start
	down    bool     // by the caller's wish
	paused  bool
}

func (n *node) name() string { return fmt.Sprintf("Kafka node %d", n.number) }

// files writes the node's settings.
func (n *node) files(settings string) error {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return fmt.Errorf("prepare %s: %w", n.name(), err)
	}
	for name, text := range map[string]string{
		"server.properties": settings, "log4j.properties": logging3, "log4j2.properties": logging4,
	} {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("prepare %s: %w", n.name(), err)
		}
	}
	return nil
}

// run starts a class of the jars. The heap is small, and code is compiled once
// and quickly: a test's broker lives for a minute.
func (n *node) run(what, log, heap, class string, args ...string) (*process, error) {
	java := append([]string{
		"-Xms64m", "-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
		"-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true",
		"-Dlog4j.configuration=file:" + filepath.Join(n.dir, "log4j.properties"),
		"-Dlog4j2.configurationFile=" + filepath.Join(n.dir, "log4j2.properties"),
		"-cp", filepath.Join(n.jars, "*"), class,
	}, args...)
	return start(what, n.java, java, n.dir, filepath.Join(n.dir, log))
}

// format makes the node's storage, for the cluster, empty but for what more asks for.
func (n *node) format(ctx context.Context, cluster string, more ...string) error {
	p, err := n.run("format the storage of "+n.name(), "format.log", "128m", "kafka.tools.StorageTool",
		append([]string{"format", "--ignore-formatted", "--cluster-id", cluster, "--config", filepath.Join(n.dir, "server.properties")}, more...)...)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("%s: %w%s", p.what, ctx.Err(), p.lastWords())
	}
	if p.err != nil {
		return p.failed()
	}
	return nil
}

// start starts the process; it is not ready yet.
func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process != nil && !n.process.ended() {
		return fmt.Errorf("start %s: it runs already", n.name())
	}
	p, err := n.run(n.name(), "server.log", "384m", "kafka.Kafka", filepath.Join(n.dir, "server.properties"))
	if err != nil {
		return err
	}
	n.process, n.down, n.paused = p, false, false
	return nil
}

// running is the node's process; an error if it has ended, by itself or by
// the caller's wish.
func (n *node) running() (*process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.process == nil || n.down:
		return nil, fmt.Errorf("%s is down", n.name())
	case n.process.ended():
		return nil, n.process.failed()
	}
	return n.process, nil
}

// answers says whether the node should be able to answer: it runs and is not
// paused.
func (n *node) answers() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process != nil && !n.down && !n.paused && !n.process.ended()
}

// set notes what the caller has done to the node.
func (n *node) set(down, paused bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down, n.paused = down, paused
}
