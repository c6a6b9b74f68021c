// Package guarded is a ClickHouse for tests in which the users of
// deploy/clickhouse/users.d are all that there are, but for the owner of the machine.
package guarded

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"runrate/deploy/local"
	"runrate/test/localtest"
)

// Users are those of the file, by their roles.
var Users = []string{"writer", "migrator", "monitor", "reader", "analyst"}

// strict is what the configuration of a server that is installed says of rights, and
// what may be asked of one.
const strict = `<clickhouse><access_control_improvements>
  <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
  <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
  <on_cluster_queries_require_cluster_grant>true</on_cluster_queries_require_cluster_grant>
  <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
</access_control_improvements></clickhouse>`

// Start starts one, which ends with the test. The program's environment has the hashes
// of the passwords, as a server's would, so tests that use it do not run in parallel
// with one another's start.
func Start(t testing.TB) *local.ClickHouse {
	t.Helper()
	dir := localtest.Dir(t)
	users, err := os.ReadFile(filepath.Join(Root(t), "deploy/clickhouse/users.d/runrate.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"users.d/runrate.xml": string(users), "config.d/strict.xml": strict} {
		path := filepath.Join(dir, "config", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range Users {
		t.Setenv("REVENUE_"+strings.ToUpper(user)+"_PASSWORD_SHA256", fmt.Sprintf("%x", sha256.Sum256([]byte(Password(user)))))
	}
	ch, err := local.StartClickHouse(t.Context(), local.Config{Dir: dir, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ch.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ch
}

// Name is a user's whole name.
func Name(role string) string { return "runrate_" + role }

// Password is a user's, unlike any other text.
func Password(role string) string { return "pa55-of-" + role + "-in-tests" }

// Root is the directory of the repository.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("where is the source?")
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}
