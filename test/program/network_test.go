package program

import (
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/test/posting"
)

// distant is a Kafka that clients reach through a proxy only, which it tells as its address.
type distant struct {
	proxy *toxiproxy.Proxy
	port  int
}

// elsewhere is a listener that says it is at another address.
type elsewhere struct {
	net.Listener
	at net.Addr
}

func (e elsewhere) Addr() net.Addr { return e.at }

func newDistant(t *testing.T) *distant {
	t.Helper()
	d := &distant{port: freePort(t)}
	at, err := net.ResolveTCPAddr("tcp", loopback(d.port))
	if err != nil {
		t.Fatal(err)
	}
	var real string
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, err
		}
		real = l.Addr().String()
		return elsewhere{l, at}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	d.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "kafka", loopback(d.port), real)
	if err := d.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.proxy.Stop)
	return d
}

// toxic makes the network bad until mend.
func (d *distant) toxic(t *testing.T, text string) (mend func()) {
	t.Helper()
	toxic, err := d.proxy.Toxics.AddToxicJson(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return func() {
		if err := d.proxy.Toxics.RemoveToxic(t.Context(), toxic.Name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBadNetwork: the network between door, consumers and Kafka is slow, in small pieces,
// silent, reset and cut, and the door is killed, all while events come in. Every event that was
// answered 202, or listed as accepted in a 422, is counted exactly once.
func TestBadNetwork(t *testing.T) {
	t.Parallel()
	d := newDistant(t)
	p := newPipeline(t, "--no-ticker", "--partitions=2", "--brokers="+loopback(d.port))
	p.kafka = d.port // so that commands reach it as the pipeline does
	p.start(t)
	p.ready(t)
	must(t, must(t, "", "prices", "example"), "prices", "publish", p.brokers(), "-")
	door := loopback(freePort(t))
	open := func() *program {
		g := start(t, exec.Command(binary, "gateway", "--without-keys", p.brokers(), "--listen", door, "--admin-listen", "127.0.0.1:0"))
		within(t, "the door is ready", func() bool {
			resp, err := http.Get("http://" + door + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
		return g
	}
	g := open()
	s := posting.Start("http://"+door+"/v1/events", 4)
	more := func(what string) {
		t.Helper()
		had := s.Count()
		within(t, "events are acknowledged: "+what, func() bool { return s.Count() >= had+200 })
	}
	retried := func() int { return strings.Count(g.err.String(), "send failed; trying again") }
	more("at first")
	for _, slow := range []string{
		`{"type":"latency","stream":"downstream","attributes":{"latency":100,"jitter":80}}`,
		`{"type":"bandwidth","stream":"upstream","attributes":{"rate":40}}`,
		`{"type":"slicer","stream":"upstream","attributes":{"average_size":300,"size_variation":200,"delay":50}}`,
	} {
		mend := d.toxic(t, slow)
		more(slow)
		mend()
	}
	for _, cut := range []string{
		`{"type":"timeout","stream":"downstream","attributes":{"timeout":1000}}`, // acknowledgements get lost
		`{"type":"timeout","stream":"upstream","attributes":{"timeout":1000}}`,
		`{"type":"reset_peer","stream":"downstream","attributes":{"timeout":50}}`,
		`{"type":"limit_data","stream":"upstream","attributes":{"bytes":3000}}`,
	} {
		had := retried()
		mend := d.toxic(t, cut)
		within(t, "the door tries again: "+cut, func() bool { return retried() > had })
		mend()
		more("after " + cut)
	}
	had := retried()
	d.proxy.Stop()
	within(t, "the door tries again: nothing listens", func() bool { return retried() > had })
	if err := d.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	more("after a cut")
	for range 2 {
		g.signal(t, syscall.SIGKILL)
		g.wait(t)
		g = open()
		more("after the door was killed")
	}
	counted(t, p, s)
	g.signal(t, syscall.SIGTERM)
	g.wait(t)
	p.signal(t, syscall.SIGTERM)
	p.wait(t)
}

// counted ends the senders and holds what was acknowledged to what is counted.
func counted(t *testing.T, p *pipeline, s *posting.Senders) {
	t.Helper()
	acknowledged, unanswered := s.End()
	must(t, tickAt("2026-11-23T12:00:00Z"), "publish", p.brokers(), "-")
	p.settle(t)
	ids := p.query(t, "SELECT id FROM usage_events WHERE source = '"+posting.Source+"'")
	for _, wrong := range posting.Compare(acknowledged, ids) {
		t.Error(wrong)
	}
	t.Logf("%d acknowledged, %d counted, %d tries without an answer or answered 503", len(acknowledged), len(ids), unanswered)
	if unanswered == 0 {
		t.Error("nothing was cut off: this test saw nothing")
	}
	p.verify(t)
}
