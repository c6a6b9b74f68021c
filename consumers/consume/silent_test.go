package consume

import (
	"net"
	"testing"

	"go.uber.org/zap"

	"runrate/internal/stream"
)

// TestFirstBrokerHangs: consumers join their group, and a rebuild takes its lock,
// while the first of the brokers that they are given takes connections and does not
// answer.
func TestFirstBrokerHangs(t *testing.T) {
	t.Parallel()
	w := newPipeline(t, 1)
	hangs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangs.Close() })
	behind, all := append([]string{hangs.Addr().String()}, w.brokers...), w.brokers
	w.brokers = behind
	w.consume()
	w.brokers = all
	w.history()
	w.settle()
	if got := w.numbers(); got != numbers {
		t.Errorf("%s, want %s", got, numbers)
	}
	w.brokers = behind
	if err := Rebuild(t.Context(), stream.Usage.Topic(), "a test", Change{}, w.options(zap.NewNop())); err != nil {
		t.Fatal(err)
	}
	if got := w.numbers(); got != numbers {
		t.Errorf("after a rebuild: %s, want %s", got, numbers)
	}
}
