package program

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/schemas/topics"
	"runrate/test/guarded"
)

// secrets are the values that nothing may tell, by what they are.
type secrets map[string]string

// in says which of them a text has, as it is or in another writing.
func (s secrets) in(text string) (names []string) {
	for name, value := range s {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), strconv.Quote(value), hex.EncodeToString([]byte(value)),
			base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value))} {
			if strings.Contains(text, strings.Trim(form, `"`)) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// secretive is a Kafka that asks for a password and a ClickHouse with roles, and the ways
// in which a program is told the passwords.
type secretive struct {
	t          *testing.T
	kafka      string
	clickhouse string
	secrets
}

const kafkaPassword = "kafka/pa55%+word"

func newSecretive(t *testing.T) *secretive {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "u", kafkaPassword))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	k.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		return clockTopic(request.(*kmsg.ProduceRequest))
	})
	s := &secretive{t: t, kafka: k.ListenAddrs()[0], clickhouse: guarded.Start(t).TCPAddr(), secrets: secrets{"Kafka's password": kafkaPassword}}
	for _, role := range guarded.Users {
		s.secrets["ClickHouse's password of the "+role] = guarded.Password(role)
	}
	return s
}

// clockTopic answers an append to runrate.clock with the time, as Kafka does.
func clockTopic(request *kmsg.ProduceRequest) (kmsg.Response, error, bool) {
	if len(request.Topics) != 1 || request.Topics[0].Topic != topics.Clock {
		return nil, nil, false
	}
	response := request.ResponseKind().(*kmsg.ProduceResponse)
	topic := kmsg.NewProduceResponseTopic()
	topic.Topic = topics.Clock
	partition := kmsg.NewProduceResponseTopicPartition()
	partition.LogAppendTime = time.Now().UnixMilli()
	topic.Partitions = append(topic.Partitions, partition)
	response.Topics = append(response.Topics, topic)
	return response, nil, true
}

// file is a file that holds a value.
func (s *secretive) file(value string) string {
	path := filepath.Join(s.t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// byFiles are the settings of a role whose passwords are in files.
func (s *secretive) byFiles(role string) []string {
	return []string{
		"RUNRATE_LOG_LEVEL=debug", "RUNRATE_ADMIN_LISTEN=127.0.0.1:0",
		"RUNRATE_BROKERS=" + s.kafka, "RUNRATE_KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "RUNRATE_KAFKA_SASL_USERNAME=u", "RUNRATE_KAFKA_SASL_PASSWORD_FILE=" + s.file(kafkaPassword),
		"RUNRATE_CLICKHOUSE=" + s.clickhouse, "RUNRATE_CLICKHOUSE_USER=" + guarded.Name(role), "RUNRATE_CLICKHOUSE_PASSWORD_FILE=" + s.file(guarded.Password(role)),
	}
}

// byVariables are the settings of a role whose passwords are in the environment, that of
// ClickHouse within the DSN.
func (s *secretive) byVariables(role string) []string {
	dsn := &url.URL{Scheme: "clickhouse", User: url.UserPassword(guarded.Name(role), guarded.Password(role)), Host: s.clickhouse}
	return []string{
		"RUNRATE_LOG_LEVEL=debug", "RUNRATE_ADMIN_LISTEN=127.0.0.1:0",
		"RUNRATE_BROKERS=" + s.kafka, "RUNRATE_KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "RUNRATE_KAFKA_SASL_USERNAME=u", "RUNRATE_KAFKA_SASL_PASSWORD=" + kafkaPassword,
		"RUNRATE_CLICKHOUSE=" + dsn.String(),
	}
}

// start starts a command with settings. When it ends or the test does, what it wrote is
// searched.
func (s *secretive) start(settings []string, args ...string) *program {
	cmd := exec.Command(binary, args...)
	cmd.Env = environment(settings...)
	p := start(s.t, cmd)
	s.t.Cleanup(func() { s.search(strings.Join(args, " ")+", what it wrote", p.out.String()+p.err.String()) })
	s.processes(p.cmd.Process.Pid, strings.Join(args, " "))
	return p
}

// search reports the secrets in a text.
func (s *secretive) search(what, text string) {
	s.t.Helper()
	for _, name := range s.in(text) {
		s.t.Errorf("%s tells %s:\n%s", what, name, text)
	}
}

// processes searches the arguments of a process and of its children, and the children's
// environment: they need no secret of their parent's.
func (s *secretive) processes(pid int, what string) {
	s.t.Helper()
	read := func(pid int, file string) string {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			return "" // it has ended
		}
		return string(b)
	}
	s.search(what+", its arguments", read(pid, "cmdline"))
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range threads {
		children, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(children)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				s.t.Fatal(err)
			}
			s.search(what+", the environment of a child", read(child, "environ"))
			s.processes(child, what+", a child")
		}
	}
}

// get searches what is answered at a path, and returns it.
func (s *secretive) get(address, path string) string {
	s.t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.search("GET "+path, fmt.Sprint(resp.Header)+string(body))
	return string(body)
}

// ended says whether a program has.
func ended(p *program) bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// admin is where a command says that its admin listener is.
func admin(t *testing.T, p *program) (address string) {
	t.Helper()
	within(t, "the admin listener is named", func() bool {
		said := p.err.String() + p.out.String()
		_, after, found := strings.Cut(said, "metrics http://127.0.0.1:") // the gateway has a door, too
		if !found {
			_, after, found = strings.Cut(said, "http://127.0.0.1:")
		}
		port := after[:max(0, strings.IndexFunc(after+" ", func(r rune) bool { return r < '0' || r > '9' }))]
		address = "127.0.0.1:" + port
		return found && port != ""
	})
	return address
}
