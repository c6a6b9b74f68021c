package money

import (
	"slices"
	"testing"
)

func TestIsCurrency(t *testing.T) {
	for _, code := range []string{"USD", "EUR", "JPY", "AED", "ZWG", "VED", "VES", "SLE", "XCG", "XAD", "MRU", "STN", "XAU", "CLF"} {
		if !IsCurrency(code) {
			t.Errorf("%s is a currency", code)
		}
	}
	for _, code := range []string{
		"", "U", "US", "USDX", "usd", "Usd", "US ", "U$D", "ÄÖ", "\xff\xff\xff", "AAA", "ZZZ", "BTC",
		"XTS", "XXX", "DEM", "FRF", "HRK", "BGN", "ANG", "CUC", "SLL", "ZWL", "VEF", "MRO", "STD", "LTL",
	} {
		if IsCurrency(code) {
			t.Errorf("%q is no currency in force", code)
		}
	}
}

func TestCurrencyTable(t *testing.T) {
	var codes []string
	for i := 0; i < len(currencyCodes); i += 3 {
		codes = append(codes, currencyCodes[i:i+3])
	}
	if len(codes) != 176 || !slices.IsSorted(codes) || len(slices.Compact(codes)) != 176 {
		t.Fatalf("%d codes, want 176, in order, each once", len(codes))
	}
}
