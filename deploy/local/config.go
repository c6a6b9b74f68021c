package local

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

var (
	//go:embed clickhouse_config.xml
	configText string
	//go:embed clickhouse_users.xml
	usersText string

	configTemplate = template.Must(template.New("config.xml").Funcs(template.FuncMap{"xml": escape}).Parse(configText))
)

// Analyst is the user of clickhouse_users.xml who only reads.
const Analyst = "analyst"

// settings fill clickhouse_config.xml.
type settings struct {
	Dir               string // of the part, absolute
	HTTPPort, TCPPort int
	Memory            int64  // bytes
	Instance          string // tells this server from any other that may answer
}

// writeConfig writes config.xml and users.xml into dir/config, anew at every
// start, and returns the path of the first. They serve the library and the
// binary alike.
func writeConfig(s settings) (string, error) {
	dir := filepath.Join(s.Dir, "config")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write ClickHouse's configuration: %w", err)
	}
	var b bytes.Buffer
	if err := configTemplate.Execute(&b, s); err != nil {
		return "", fmt.Errorf("write ClickHouse's configuration: %w", err)
	}
	path := filepath.Join(dir, "config.xml")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write ClickHouse's configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users.xml"), []byte(usersText), 0o600); err != nil {
		return "", fmt.Errorf("write ClickHouse's users: %w", err)
	}
	return path, nil
}

func escape(s string) (string, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}
