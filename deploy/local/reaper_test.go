package local

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// wire is a connection of one group member, a request at a time.
type wire struct {
	t *testing.T
	net.Conn
	formatter *kmsg.RequestFormatter
}

func dialWire(t *testing.T, addr string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &wire{t, c, kmsg.NewRequestFormatter()}
}

func (w *wire) send(req kmsg.Request) {
	w.t.Helper()
	if _, err := w.Write(w.formatter.AppendRequest(nil, req, 1)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) receive(resp kmsg.Response) {
	w.t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(w, size[:]); err != nil {
		w.t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(w, body); err != nil {
		w.t.Fatal(err)
	}
	if err := resp.ReadFrom(body[4:]); err != nil { // after the correlation id
		w.t.Fatal(err)
	}
}

func (w *wire) do(req kmsg.Request) kmsg.Response {
	w.t.Helper()
	w.send(req)
	resp := req.ResponseKind()
	resp.SetVersion(req.GetVersion())
	w.receive(resp)
	return resp
}

func join(member string) *kmsg.JoinGroupRequest {
	j := kmsg.NewPtrJoinGroupRequest()
	j.Version, j.Group, j.MemberID, j.ProtocolType = 1, "g", member, "consumer"
	j.SessionTimeoutMillis, j.RebalanceTimeoutMillis = 1000, 10_000
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name = "range"
	j.Protocols = []kmsg.JoinGroupRequestProtocol{p}
	return j
}

// TestDeadWhileRebalancing: a member that dies while it waits to join is put out
// of the group, so that its partitions go to others.
func TestDeadWhileRebalancing(t *testing.T) {
	b, err := StartBroker(t.Context(), BrokerConfig{Dir: t.TempDir(), MinSessionTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	a := dialWire(t, b.Addr())
	joined := a.do(join("")).(*kmsg.JoinGroupResponse)
	if joined.ErrorCode != 0 {
		t.Fatal(kerr.ErrorForCode(joined.ErrorCode))
	}
	member := joined.MemberID
	beat := func() error {
		h := kmsg.NewPtrHeartbeatRequest()
		h.Group, h.MemberID, h.Generation = "g", member, joined.Generation
		return kerr.ErrorForCode(a.do(h).(*kmsg.HeartbeatResponse).ErrorCode)
	}
	sync := func() {
		t.Helper()
		s := kmsg.NewPtrSyncGroupRequest()
		s.Group, s.MemberID, s.Generation = "g", member, joined.Generation
		if resp := a.do(s).(*kmsg.SyncGroupResponse); resp.ErrorCode != 0 {
			t.Fatal(kerr.ErrorForCode(resp.ErrorCode))
		}
	}
	until := func(what string, reached func(error) bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !reached(beat()); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("not within 10 seconds: " + what)
			}
		}
	}
	sync()
	for range 5 { // kfake forgets about every other one
		dying := dialWire(t, b.Addr())
		dying.send(join(""))
		until("a rebalance for the new member", func(err error) bool { return errors.Is(err, kerr.RebalanceInProgress) })
		dying.Close()
		// The broker has to see that it is gone, which nothing tells.
		for seen := time.Now().Add(300 * time.Millisecond); time.Now().Before(seen); time.Sleep(50 * time.Millisecond) {
			_ = beat() // stay alive meanwhile
		}
		joined = a.do(join(member)).(*kmsg.JoinGroupResponse)
		if len(joined.Members) != 2 {
			t.Fatalf("%d members, want the dead one among them", len(joined.Members))
		}
		sync()
		until("a rebalance for the dead member", func(err error) bool { return errors.Is(err, kerr.RebalanceInProgress) })
		if joined = a.do(join(member)).(*kmsg.JoinGroupResponse); len(joined.Members) != 1 {
			t.Fatalf("%d members, want the living one alone", len(joined.Members))
		}
		sync()
	}
}
