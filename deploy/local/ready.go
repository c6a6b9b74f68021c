package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// readyBound is how long ClickHouse has to answer. It takes a second on an idle
// machine; a large data directory on a busy one takes longer.
const readyBound = 60 * time.Second

// whoAreYou is answered with the instance's name, which tells our server from
// another that has the same port.
const whoAreYou = "SELECT getMacro('instance')"

// awaitReady returns when both interfaces answer as instance. It fails when the
// child ends, ctx is done, or readyBound has passed.
func (c *ClickHouse) awaitReady(ctx context.Context, instance string) error {
	ctx, cancel := context.WithTimeout(ctx, readyBound)
	defer cancel()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{c.TCPAddr()}, MaxOpenConns: 1})
	if err != nil {
		return fmt.Errorf("open the native protocol on %s: %w", c.TCPAddr(), err)
	}
	defer conn.Close()

	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		if last = c.asks(ctx, conn, instance); last == nil {
			return nil
		}
		select {
		case <-c.proc.done:
			return c.proc.exitErr()
		case <-ctx.Done():
			return fmt.Errorf("ClickHouse does not answer (%w): %w%s", ctx.Err(), last, c.proc.lastWords())
		case <-tick.C:
		}
	}
}

// asks puts the question to both interfaces.
func (c *ClickHouse) asks(ctx context.Context, conn clickhouse.Conn, instance string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	got, err := overHTTP(ctx, c.HTTPAddr(), whoAreYou)
	if err != nil {
		return err
	}
	if got != instance {
		return fmt.Errorf("another ClickHouse answers on %s", c.HTTPAddr())
	}
	if err := conn.QueryRow(ctx, whoAreYou).Scan(&got); err != nil {
		return fmt.Errorf("query %s: %w", c.TCPAddr(), err)
	}
	if got != instance {
		return fmt.Errorf("another ClickHouse answers on %s", c.TCPAddr())
	}
	return nil
}

// overHTTP returns the answer to a query that yields one short value.
func overHTTP(ctx context.Context, addr, query string) (string, error) {
	u := url.URL{Scheme: "http", Host: addr, Path: "/", RawQuery: url.Values{"query": {query}}.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	req.Close = true // a connection that stays open would delay the server's end
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", fmt.Errorf("query %s: %w", addr, err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("query %s: %s: %s", addr, resp.Status, body)
	}
	return strings.TrimSpace(string(body)), nil
}
