package local_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/deploy/local"
)

// nativeHello is what a client of the native protocol says first.
func nativeHello() []byte {
	var b proto.Buffer
	proto.ClientHello{Name: "rude", Major: 1, ProtocolVersion: proto.Version, Database: "default", User: "default"}.Encode(&b)
	return b.Buf
}

// nativeInsert is a whole conversation, as the client says it: hello, its
// addendum, an insert, one block of data, the empty block that ends it.
func nativeInsert(t *testing.T) []byte {
	t.Helper()
	b := proto.Buffer{Buf: nativeHello()}
	b.PutString("") // the addendum: a quota key
	proto.Query{
		Body:  "INSERT INTO rude VALUES",
		Stage: proto.StageComplete,
		Info: proto.ClientInfo{
			ProtocolVersion: proto.Version, Major: 1, Interface: proto.InterfaceTCP, Query: proto.ClientQueryInitial,
			ClientName: "rude", InitialAddress: "0.0.0.0:0",
		},
	}.EncodeAware(&b, proto.Version)
	block := func(input []proto.InputColumn) {
		rows := 0
		if len(input) > 0 {
			rows = input[0].Data.Rows()
		}
		proto.ClientCodeData.Encode(&b)
		proto.ClientData{}.EncodeAware(&b, proto.Version)
		if err := (proto.Block{Rows: rows, Columns: len(input)}).EncodeBlock(&b, proto.Version, input); err != nil {
			t.Fatal(err)
		}
	}
	block(nil) // no external tables
	block([]proto.InputColumn{{Name: "n", Data: &proto.ColUInt64{1, 2, 3}}})
	block(nil)
	return b.Buf
}

func rudeHello(t *testing.T, ch *local.ClickHouse) {
	for range 5 {
		conn := open(t, ch.TCPAddr())
		send(conn, nativeHello())
		reset(t, conn)
	}
	for range 5 { // once the server has said hello, too
		conn := open(t, ch.TCPAddr())
		send(conn, nativeHello())
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		reset(t, conn)
	}
}

func rudePassword(t *testing.T, ch *local.ClickHouse) {
	for _, auth := range []clickhouse.Auth{{Username: "default", Password: "wrong"}, {Username: "nobody"}} {
		conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{ch.TCPAddr()}, Auth: auth})
		if err != nil {
			t.Fatal(err)
		}
		err = conn.Ping(t.Context())
		var said *clickhouse.Exception
		if !errors.As(err, &said) || said.Code != 516 {
			t.Errorf("%+v: %v, want code 516", auth, err)
		}
		conn.Close()
	}
}

func rudeSilence(t *testing.T, ch *local.ClickHouse) {
	for i := range 6 {
		leave(t, open(t, ch.TCPAddr()), i)
	}
}

func rudeHalfClosed(t *testing.T, ch *local.ClickHouse) {
	for _, said := range [][]byte{nil, nativeHello(), nativeInsert(t)} {
		conn := open(t, ch.TCPAddr())
		send(conn, said)
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got := toTheEnd(t, conn); len(said) > 0 && (len(got) == 0 || got[0] != byte(proto.ServerCodeHello)) {
			t.Errorf("after %d bytes and an end it says %q, want its hello", len(said), got)
		}
	}
}

func rudeCut(t *testing.T, ch *local.ClickHouse) {
	whole := nativeInsert(t)
	for n := range whole {
		for i := range 2 {
			conn := open(t, ch.TCPAddr())
			send(conn, whole[:n])
			leave(t, conn, i)
		}
	}
}

func rudeSpoilt(t *testing.T, ch *local.ClickHouse) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, whole := 0, nativeInsert(t); i < len(whole); i++ {
		spoilt := bytes.Clone(whole)
		spoilt[i] ^= byte(1 + random.IntN(255))
		conn := open(t, ch.TCPAddr())
		send(conn, spoilt)
		if err := conn.CloseWrite(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			continue // it has closed already
		}
		toTheEnd(t, conn)
	}
}

// dialWith opens a client whose connections are sent to the channel.
func dialWith(t *testing.T, ch *local.ClickHouse) (clickhouse.Conn, chan *net.TCPConn) {
	t.Helper()
	conns := make(chan *net.TCPConn, 10)
	client, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{ch.TCPAddr()},
		DialContext: func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			if err == nil {
				conns <- conn.(*net.TCPConn)
			}
			return conn, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, conns
}

func rudeInsert(t *testing.T, ch *local.ClickHouse) {
	for i := range 6 {
		client, conns := dialWith(t, ch)
		batch, err := client.PrepareBatch(t.Context(), "INSERT INTO rude")
		if err != nil {
			t.Fatal(err)
		}
		for range i / 2 { // blocks that the server has, and no end
			for n := range uint64(10_000) {
				if err := batch.Append(n); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		leave(t, <-conns, i)
	}
}

func rudeSelect(t *testing.T, ch *local.ClickHouse) {
	for i := range 4 {
		client, conns := dialWith(t, ch)
		rows, err := client.Query(t.Context(), "SELECT number, repeat('x', 100) FROM numbers(1000000000)")
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		leave(t, <-conns, i)
		for rows.Next() { // what had arrived
		}
		if rows.Close() == nil && rows.Err() == nil {
			t.Error("the client read all of it before it was killed")
		}
	}
}

// rudeGarbage says random bytes: every first byte there is, in many lengths.
func rudeGarbage(t *testing.T, addr string) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 512 {
		said := make([]byte, 1+random.IntN(3000))
		for j := range said {
			said[j] = byte(random.Uint32())
		}
		said[0] = byte(i)
		conn := open(t, addr)
		send(conn, said)
		leave(t, conn, i/256)
	}
}

func rudeTLS(t *testing.T, addr string) {
	conn := open(t, addr)
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	err := tls.Client(conn, &tls.Config{ServerName: "localhost"}).Handshake()
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a TLS handshake: %v, want a refusal at once", err)
	}
	conn.Close()
}

func rudeHTTPToNative(t *testing.T, ch *local.ClickHouse) {
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /?query=SELECT+1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n1",
	} {
		conn := open(t, ch.TCPAddr())
		fmt.Fprint(conn, request)
		if got := string(toTheEnd(t, conn)); !strings.HasPrefix(got, "HTTP/1.0 400 ") {
			t.Errorf("%q is answered by %q, want a 400", request, got)
		}
	}
}
