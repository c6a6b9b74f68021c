package chaos

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"runrate/internal/retry"
)

// openDoor starts the gateway, and returns when it takes events.
func (p *parts) openDoor(ctx context.Context) error {
	if p.door == nil {
		port, err := freePort()
		if err != nil {
			return err
		}
		p.doorAddress = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		p.door = &process{name: "door", fail: p.fail}
	}
	args := []string{"gateway", "--without-keys", "--brokers", p.broker.Addr(), "--kafka-timeout", "5s", "--listen", p.doorAddress, "--admin-listen", "127.0.0.1:0"}
	if err := p.door.start(p.o.Binary, args, p.o.Dir); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	return retry.Poll(ctx, 20*time.Millisecond, func(ctx context.Context) (bool, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.doorAddress+"/readyz", nil)
		if err != nil {
			return false, err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		return resp.StatusCode == http.StatusOK, resp.Body.Close()
	})
}

// killDoor kills the door, and the broker, too, if it says so, and has them back after a while.
func (p *parts) killDoor(ctx context.Context, away time.Duration, broker bool) error {
	p.door.kill()
	if !broker {
		if err := pause(ctx, away); err != nil {
			return err
		}
	} else if err := p.restartBroker(ctx, away); err != nil {
		return err
	}
	return p.openDoor(ctx)
}

// hangDoor stops the door for a while.
func (p *parts) hangDoor(ctx context.Context, away time.Duration) error {
	if err := p.door.stop(); err != nil {
		return err
	}
	if err := pause(ctx, away); err != nil {
		return err
	}
	return p.door.resume()
}
