package local

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

//go:embed clickhouse.sha512
var pins string

// Version is the version of the ClickHouse library that runrate is built and
// tested with, as its package is named, such as "26.7.3-stable.1".
var Version = regexp.MustCompile(`(?m)-(\d+\.\d+\.\S+)\.tgz$`).FindStringSubmatch(pins)[1]

// engine is where ClickHouse's code is: one of the two is set.
type engine struct {
	binary  string // a `clickhouse` executable
	library string // libchdb.so
}

// findEngine finds ClickHouse. What the configuration names wins, then a
// `clickhouse` binary on PATH, then the library that `make clickhouse` brought.
func findEngine(binary, library string) (engine, error) {
	switch {
	case binary != "" && library != "":
		return engine{}, fmt.Errorf("both a ClickHouse binary (%s) and a library (%s) are named: name one", binary, library)
	case library != "":
		if err := isFile(library); err != nil {
			return engine{}, fmt.Errorf("open the ClickHouse library that RUNRATE_CLICKHOUSE_LIB or its flag names: %w; correct it, or unset it and run `make clickhouse`", err)
		}
		return engine{library: library}, nil
	case binary != "":
		if err := isFile(binary); err != nil {
			return engine{}, fmt.Errorf("open the ClickHouse binary: %w", err)
		}
		return engine{binary: binary}, nil
	}
	if path, err := exec.LookPath("clickhouse"); err == nil {
		return engine{binary: path}, nil
	}
	tried := cachedLibraries()
	for _, path := range tried {
		if isFile(path) == nil {
			return engine{library: path}, nil
		}
	}
	return engine{}, fmt.Errorf("ClickHouse is missing: there is no clickhouse binary on PATH, and no library at any of %q: run `make clickhouse` in the repository, which brings it (about 180 MB), or name a libchdb.so with RUNRATE_CLICKHOUSE_LIB, or give the address of a running server with --clickhouse", tried)
}

// cachedLibraries lists where `make clickhouse` may have put the library: under
// the repository that this executable was built into (bin/runrate), or that the
// working directory is in.
func cachedLibraries() []string {
	var roots []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		roots = append(roots, filepath.Dir(exe), filepath.Dir(filepath.Dir(exe)))
	}
	if dir, err := os.Getwd(); err == nil {
		for {
			if isFile(filepath.Join(dir, "go.mod")) == nil {
				roots = append(roots, dir)
				break
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	paths := make([]string, len(roots))
	for i, root := range roots {
		paths[i] = filepath.Join(root, ".cache", "clickhouse", Version, "libchdb.so")
	}
	return paths
}

func isFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &os.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return nil
}
