package local

import (
	"encoding/json"
	"fmt"
)

// serverSpec tells a child which ClickHouse to run on what.
type serverSpec struct {
	Engine string // path of libchdb.so, or of the binary
	Dir    string // of the part, for the version file
	Config string // path of config.xml
}

func readSpec[T any](arg string) (T, error) {
	var spec T
	if err := json.Unmarshal([]byte(arg), &spec); err != nil {
		return spec, fmt.Errorf("read the argument of a child process: %w", err)
	}
	return spec, nil
}
