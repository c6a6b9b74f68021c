//go:build alerts

package alerts

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// message is what Alertmanager posts to a webhook, as far as it is read here.
type message struct {
	Status string  `json:"status"`
	Alerts []alert `json:"alerts"`

	at   time.Time
	path string
}

type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// receiver is the webhook of both receivers of the sample.
type receiver struct {
	url string
	mu  sync.Mutex
	got []message
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

// ServeHTTP keeps a message.
func (r *receiver) ServeHTTP(out http.ResponseWriter, req *http.Request) {
	m := message{at: time.Now(), path: req.URL.Path}
	if err := json.NewDecoder(req.Body).Decode(&m); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, m)
}

// pages are the alerts that somebody was woken for, with the time of each.
func (r *receiver) pages() (pages []alert, at []time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.got {
		if m.path != "/page" {
			continue
		}
		for _, a := range m.Alerts {
			pages, at = append(pages, a), append(at, m.at)
		}
	}
	return pages, at
}

// find is the first page of an alert in a status, for a topic.
func (r *receiver) find(name, status, topic string) (alert, time.Time, bool) {
	pages, at := r.pages()
	for i, a := range pages {
		if a.Status == status && a.Labels["alertname"] == name && a.Labels["topic"] == topic {
			return a, at[i], true
		}
	}
	return alert{}, time.Time{}, false
}

// byMonitor is the last message of the monitor itself that has a status; none may be
// about another topic than the one that is not consumed.
func (r *receiver) byMonitor(t *testing.T, status string) (last message, ok bool) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.got {
		switch {
		case m.path != "/notify/T0K3N":
		case m.Alerts[0].Labels["topic"] != "runrate.subscriptions":
			t.Errorf("the monitor tells: %v", m.Alerts)
		case m.Status == status:
			last, ok = m, true
		}
	}
	return last, ok
}

// sample writes a committed file with other addresses, each of which must be in it.
func sample(t *testing.T, from, to string, addresses ...string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(addresses); i += 2 {
		if !strings.Contains(string(text), addresses[i]) {
			t.Fatalf("%s has no %s", from, addresses[i])
		}
	}
	if err := os.WriteFile(to, []byte(strings.NewReplacer(addresses...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watch starts Prometheus and Alertmanager by the committed rules and samples, in which
// only addresses are others, and returns the address of Prometheus.
func (p *pipeline) watch(t *testing.T, to *receiver) string {
	t.Helper()
	dir, prometheus := t.TempDir(), free(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	sample(t, rules+"/prometheus.yml", in("prometheus.yml"), "127.0.0.1:9093", alertmanager(t, to), `"127.0.0.1:8081"`, `"`+strings.Join(p.watched, `", "`)+`"`)
	sample(t, rules+"/runrate.rules.yml", in("runrate.rules.yml"))
	sample(t, rules+"/runrate-live.rules.yml", in("runrate-live.rules.yml"))
	start(t, program(t, "prometheus"), "--config.file="+in("prometheus.yml"), "--storage.tsdb.path="+in("prometheus"), "--web.listen-address="+prometheus)
	within(t, patience(), "Prometheus is ready", func() bool { return answers("http://" + prometheus + "/-/ready") })
	return "http://" + prometheus
}

// alertmanager starts Debian's Alertmanager by the committed sample, and returns its
// address. It reads default.tmpl where the package puts it; where that is not installed,
// a view of the file system of its own has it there.
func alertmanager(t *testing.T, to *receiver) (address string) {
	t.Helper()
	dir, address := t.TempDir(), free(t)
	config := filepath.Join(dir, "alertmanager.yml")
	sample(t, rules+"/alertmanager.yml", config, "http://127.0.0.1:9095", to.url)
	run := []string{program(t, "prometheus-alertmanager"), "--config.file=" + config, "--storage.path=" + dir, "--web.listen-address=" + address, "--cluster.listen-address="}
	if _, err := os.Stat("/usr/share/prometheus/alertmanager/default.tmpl"); err != nil {
		share, err := filepath.Abs(filepath.Join(root, ".cache/prometheus/usr/share"))
		if err != nil {
			t.Fatal(err)
		}
		run = append([]string{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", `mount --bind "$0" /usr/share && exec "$@"`, share}, run...)
	}
	start(t, run[0], run[1:]...)
	within(t, patience(), "Alertmanager is ready", func() bool { return answers("http://" + address + "/-/ready") })
	return address
}

// ask is the value of an expression at Prometheus, whose result is one number; "" if none.
func ask(t *testing.T, prometheus, expression string) string {
	t.Helper()
	resp, err := http.Get(prometheus + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Data.Result) != 1 {
		return ""
	}
	value, _ := answer.Data.Result[0].Value[1].(string)
	return value
}
