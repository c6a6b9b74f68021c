package kafkacluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// findJars is the directory of the release's jars.
func findJars(c Config) (string, error) {
	dir := c.Jars
	if dir == "" {
		root, err := repository()
		if err != nil {
			return "", fmt.Errorf("find the jars of Kafka %s: %w", c.Version, err)
		}
		dir = filepath.Join(root, ".cache", "kafka", c.Version)
	}
	// fetch.sh puts the directory there in one step, verified.
	jar := filepath.Join(dir, "kafka_2.13-"+c.Version+".jar")
	if _, err := os.Stat(jar); err != nil {
		return "", fmt.Errorf("Apache Kafka %s is missing: there is no %s: run `test/kafka/fetch.sh %s` in the repository, which brings it (about 45 MB, with Maven; `make test-kafka` does so too)", c.Version, jar, c.Version)
	}
	return dir, nil
}

// findJava is the java program: JAVA_HOME's, or the one on PATH.
func findJava() (string, error) {
	const how = "Kafka runs on Java 17 or newer: install a JRE (Debian: openjdk-17-jre-headless)"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java := filepath.Join(home, "bin", "java")
		if _, err := os.Stat(java); err != nil {
			return "", fmt.Errorf("JAVA_HOME is set, but names no Java: %w; correct or unset it. %s", err, how)
		}
		return java, nil
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("java is missing: %w. %s", err, how)
	}
	return java, nil
}

// repository is the directory of go.mod at or above the working directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("the working directory is in no Go module: name the jars' directory")
		}
		dir = parent
	}
}
