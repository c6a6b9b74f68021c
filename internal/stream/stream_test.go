package stream

import "testing"

// TestMurmur2: the vectors are those of Kafka's own UtilsTest.testMurmur2.
func TestMurmur2(t *testing.T) {
	for key, want := range map[string]int32{
		"21":                         -973932308,
		"foobar":                     -790332482,
		"a-little-bit-long-string":   -985981536,
		"a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestPartitionIsInRange(t *testing.T) {
	for _, n := range []int32{1, 2, 3, 4, 12, 1000} {
		for _, key := range []string{"", "a", "21", "foobar", "acct_42"} {
			if p := Partition([]byte(key), n); p < 0 || p >= n {
				t.Errorf("Partition(%q, %d) = %d", key, n, p)
			}
		}
	}
	// toPositive drops the sign bit; it does not negate.
	if got, want := Partition([]byte("21"), 1000), int32((int64(-973932308)&0x7fffffff)%1000); got != want {
		t.Errorf("Partition(21, 1000) = %d, want %d", got, want)
	}
}

func TestSourceString(t *testing.T) {
	if got := (Source{Usage.Topic(), 3}).String(); got != "runrate.usage/3" {
		t.Error(got)
	}
}
