package kafkacluster

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestClusterID(t *testing.T) {
	for range 2000 { // one of 64 would begin with "-"
		id := clusterID()
		if b, err := base64.RawURLEncoding.DecodeString(id); err != nil || len(b) != 16 || strings.HasPrefix(id, "-") {
			t.Fatalf("%q: %v", id, err)
		}
	}
}
