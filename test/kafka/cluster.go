package kafkacluster

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of what a node is waited for, on a small and busy machine.
const (
	startBound = 90 * time.Second
	stopBound  = 30 * time.Second
)

// Cluster is a running Kafka cluster. Nodes are numbered from 0. Its methods
// may be called from any goroutine, but not for one node at once.
type Cluster struct {
	config Config
	nodes  []*node
}

// Start formats the storage of a new cluster in config.Dir and starts its
// nodes. When it returns, every node serves and knows the others, and consumer
// groups can be joined. The caller stops the cluster; it does not outlive this
// process in any case.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	jars, err := findJars(config)
	if err != nil {
		return nil, err
	}
	java, err := findJava()
	if err != nil {
		return nil, err
	}
	// The nodes run in their own directories.
	if config.Dir, err = filepath.Abs(config.Dir); err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	if jars, err = filepath.Abs(jars); err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	chosen, err := choosePorts(config.Brokers)
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config}
	for i, p := range chosen {
		dir := filepath.Join(config.Dir, fmt.Sprintf("node-%d", i))
		n := &node{number: i, java: java, jars: jars, dir: dir, ports: p}
		if err := n.files(config.properties(i, filepath.Join(dir, "data"), chosen)); err != nil {
			return nil, err
		}
		c.nodes = append(c.nodes, n)
	}
	if err := c.begin(ctx); err != nil {
		c.killAll()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	cluster := clusterID()
	var users []string
	if c.config.Secure != nil {
		users = c.config.Secure.scram()
	}
	g, formatting := errgroup.WithContext(ctx)
	for _, n := range c.nodes {
		g.Go(func() error { return n.format(formatting, cluster, users...) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, n := range c.nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	if err := c.waitNodes(ctx); err != nil {
		return err
	}
	return c.waitGroups(ctx)
}

// clusterID is a new one, as Kafka makes them: 16 random bytes in base 64, which
// do not begin with a "-", or its tools would take it for an option.
func clusterID() string {
	id := make([]byte, 16)
	rand.Read(id)
	id[0] &= 0x7f // "-" stands for 62, of 0 to 63
	return base64.RawURLEncoding.EncodeToString(id)
}

// Version is the release of Kafka that runs.
func (c *Cluster) Version() string { return c.config.Version }

// Dir is where the nodes keep their files: node-<number>/server.log and data.
func (c *Cluster) Dir() string { return c.config.Dir }

// Brokers are the addresses of all nodes, whether they run or not.
func (c *Cluster) Brokers() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = address(n.ports.broker)
	}
	return addrs
}

// SecureBrokers are the addresses of Config.Secure.
func (c *Cluster) SecureBrokers() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = address(n.ports.secure)
	}
	return addrs
}

// PID is the process id of node i, which may have ended.
func (c *Cluster) PID(i int) int { return c.nodes[i].process.pid() }

// Kill ends node i at once, as a power cut would, and returns when it is gone.
func (c *Cluster) Kill(i int) error {
	p, err := c.nodes[i].running()
	if err != nil {
		return err
	}
	c.nodes[i].set(true, false)
	p.kill()
	return nil
}

// StopNode ends node i in order: it gives its leaderships away first.
func (c *Cluster) StopNode(ctx context.Context, i int) error {
	p, err := c.nodes[i].running()
	if err != nil {
		return err
	}
	c.nodes[i].set(true, false)
	return p.stop(ctx, stopBound)
}

// StartNode starts node i again, on its data, and returns when the cluster
// knows it. Its replicas may still have to catch up: see WaitInSync.
func (c *Cluster) StartNode(ctx context.Context, i int) error {
	if err := c.nodes[i].start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	return c.waitNodes(ctx)
}

// Pause makes node i stand still, as a long garbage collection or a hung disk
// would: its connections stay open and nothing answers.
func (c *Cluster) Pause(i int) error {
	p, err := c.nodes[i].running()
	if err != nil {
		return err
	}
	c.nodes[i].set(false, true)
	return p.signal(syscall.SIGSTOP)
}

// Resume lets a paused node go on.
func (c *Cluster) Resume(i int) error {
	p, err := c.nodes[i].running()
	if err != nil {
		return err
	}
	c.nodes[i].set(false, false)
	return p.signal(syscall.SIGCONT)
}

// Heal starts the nodes that are down, resumes those that are paused, and
// waits until every partition has all its replicas in sync.
func (c *Cluster) Heal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	for i, n := range c.nodes {
		n.mu.Lock()
		paused, gone := n.paused, n.process.ended()
		n.mu.Unlock()
		var err error
		switch {
		case gone:
			err = n.start()
		case paused:
			err = c.Resume(i)
		}
		if err != nil {
			return err
		}
	}
	if err := c.waitNodes(ctx); err != nil {
		return err
	}
	return c.WaitInSync(ctx)
}

// Stop ends all nodes in order; those that do not end in time are killed,
// which is an error. Their files stay.
func (c *Cluster) Stop(ctx context.Context) error {
	// All at once: the last ones have no quorum any more and would wait for it,
	// which is why a test that keeps nothing calls Destroy.
	errs := make([]error, len(c.nodes))
	var g errgroup.Group
	for i, n := range c.nodes {
		g.Go(func() error {
			if p, err := n.running(); err == nil {
				n.set(true, false)
				errs[i] = p.stop(ctx, stopBound)
			}
			return nil
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}

// Destroy ends all nodes at once. Their files stay.
func (c *Cluster) Destroy() { c.killAll() }

func (c *Cluster) killAll() {
	for _, n := range c.nodes {
		if n.process != nil {
			n.set(true, false)
			n.process.kill()
		}
	}
}
