package kafkacluster_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kafkacluster "runrate/test/kafka"
)

// fetchRun runs a copy of fetch.sh that pins one jar, holding "true\n", as Kafka
// 1.0, with a stand-in for mvn, whose script is given ("" for no mvn at all).
func fetchRun(t *testing.T, dir, mvn string, args ...string) (string, error) {
	t.Helper()
	home, bin := t.TempDir(), t.TempDir()
	script, err := os.ReadFile("fetch.sh")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"fetch.sh": string(script), "pom.xml": "<id>kafka-1.0</id>",
		"kafka-1.0.sha256": fmt.Sprintf("%x  a.jar\n", sha256.Sum256([]byte("true\n"))),
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, tool := range []string{"sh", "dirname", "grep", "cat", "ls", "sed", "tr", "mkdir", "mktemp", "rm", "mv", "cmp", "diff", "sha256sum", "shasum", "perl"} {
		if path, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(tool, text string) {
		if err := os.WriteFile(filepath.Join(bin, tool), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("java", "exit 0")
	if mvn != "" {
		// $out is the directory that the jars go to.
		write("mvn", `for a; do case $a in -DoutputDirectory=*) out=${a#*=}; mkdir -p "$out";; esac; done`+"\n"+mvn)
	}
	if len(args) == 0 {
		args = []string{"1.0", dir}
	}
	cmd := exec.Command(filepath.Join(bin, "sh"), append([]string{filepath.Join(home, "fetch.sh")}, args...)...)
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestFetchRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		mvn  string
		args []string
		want []string
	}{
		"no version":      {"", []string{""}, []string{"say which version", "1.0"}},
		"another version": {"", []string{"2.0"}, []string{"Kafka 2.0 is not pinned here", "1.0"}},
		"a path":          {"", []string{"../1.0"}, []string{"is none of 1.0"}},
		"no mvn":          {"", nil, []string{"mvn is not installed", "Install Apache Maven"}},
		"mvn fails":       {"echo no network >&2; exit 1", nil, []string{"no network", "mvn could not bring Kafka 1.0"}},
		"no jars":         {"exit 0", nil, []string{"brought no jars"}},
		"wrong checksum":  {`echo evil >"$out/a.jar"`, nil, []string{"not the pinned ones", "a.jar"}},
		"one too many":    {`echo true >"$out/a.jar"; echo true >"$out/b.jar"`, nil, []string{"not the pinned ones", "> ", "b.jar"}},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			out, err := fetchRun(t, filepath.Join(parent, "1.0"), c.mvn, c.args...)
			if err == nil {
				t.Fatalf("it succeeded: %s", out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q does not say %q", out, want)
				}
			}
			if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
}

func TestFetchOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "1.0")
	if out, err := fetchRun(t, dir, `echo true >"$out/a.jar"`); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// The second time there is nothing to do: no mvn, no network, no word.
	if out, err := fetchRun(t, dir, ""); err != nil || out != "" {
		t.Fatalf("%v: %s", err, out)
	}
	// A jar that is damaged, or was not fetched, is noticed and mended.
	for name, text := range map[string]string{"a.jar": "damaged\n", "b.jar": "true\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := fetchRun(t, dir, ""); err == nil {
			t.Errorf("%s is taken: %s", name, out)
		}
		if out, err := fetchRun(t, dir, `echo true >"$out/a.jar"`); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the jars there is %v, %v", left, err)
	}
}

// TestPinned: both releases are pinned, each with Kafka itself among its jars.
func TestPinned(t *testing.T) {
	for _, version := range []string{kafkacluster.Version, kafkacluster.OldVersion} {
		pins, err := os.ReadFile("kafka-" + version + ".sha256")
		if err != nil || !strings.Contains(string(pins), "  kafka_2.13-"+version+".jar\n") {
			t.Errorf("Kafka %s: %v", version, err)
		}
	}
}

// TestMissing: without jars or Java, the error says how to get them.
func TestMissing(t *testing.T) {
	want := func(err error, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v\ndoes not say %q", err, part)
			}
		}
	}
	config := kafkacluster.Config{Dir: t.TempDir(), Jars: t.TempDir()}
	_, err := kafkacluster.Start(t.Context(), config)
	want(err, "Apache Kafka "+kafkacluster.Version+" is missing", "test/kafka/fetch.sh "+kafkacluster.Version)
	jar := filepath.Join(config.Jars, "kafka_2.13-"+kafkacluster.Version+".jar")
	if err := os.WriteFile(jar, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JAVA_HOME", "/nowhere")
	_, err = kafkacluster.Start(t.Context(), config)
	want(err, "JAVA_HOME", "Java 17")
	t.Setenv("JAVA_HOME", "")
	path := os.Getenv("PATH")
	t.Setenv("PATH", "")
	_, err = kafkacluster.Start(t.Context(), config)
	want(err, "java is missing", "install a JRE")

	// A Java that fails: its own words are in the error.
	t.Setenv("PATH", path)
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	java := "#!/bin/sh\necho java.lang.UnsupportedClassVersionError >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(home, "bin", "java"), []byte(java), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JAVA_HOME", home)
	began := time.Now()
	_, err = kafkacluster.Start(t.Context(), config)
	want(err, "ended by itself", "exit status 1", "this Java is too old", "format.log")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}
