package gen_test
import ("slices";"strings";"runrate/internal/money")
func sortStrings(s []string) { slices.Sort(s) }
func fix(a money.Amount) string { s := a.String(); i, f, _ := strings.Cut(s, "."); return i+"."+f+strings.Repeat("0", 12-len(f)) }
