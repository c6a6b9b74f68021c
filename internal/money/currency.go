package money

// currencyCodes are the alphabetic codes in force of ISO 4217, list one
// (currencies, funds and precious metals), as of 2026-01-01: up to amendment 180
// (DEFINITIONS M9). Not among them are XTS (for tests) and XXX (no currency), which
// are no money, and withdrawn codes: BGN since that day, ANG, CUC, HRK, SLL, ...
//
// It is our own table because golang.org/x/text/currency accepts withdrawn
// codes (DEM) and lower case, and lacks recent ones (XCG).
const currencyCodes = "AEDAFNALLAMDAOAARSAUDAWGAZN" +
	"BAMBBDBDTBHDBIFBMDBNDBOBBOVBRLBSDBTNBWPBYNBZD" +
	"CADCDFCHECHFCHWCLFCLPCNYCOPCOUCRCCUPCVECZK" +
	"DJFDKKDOPDZDEGPERNETBEURFJDFKP" +
	"GBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUF" +
	"IDRILSINRIQDIRRISKJMDJODJPY" +
	"KESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBPLKRLRDLSLLYD" +
	"MADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZN" +
	"NADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQAR" +
	"RONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZL" +
	"THBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUSNUYIUYUUYWUZS" +
	"VEDVESVNDVUVWST" +
	"XADXAFXAGXAUXBAXBBXBCXBDXCDXCGXDRXOFXPDXPFXPTXSUXUA" +
	"YERZARZMWZWG"

// currencySet has a bit for each of the 26^3 possible codes.
var currencySet = func() (set [26*26*26/64 + 1]uint64) {
	for i := 0; i < len(currencyCodes); i += 3 {
		n := codeIndex(currencyCodes[i : i+3])
		set[n/64] |= 1 << (n % 64)
	}
	return set
}()

// codeIndex numbers the codes AAA to ZZZ from 0; anything else is below 0.
func codeIndex(code string) int {
	if len(code) != 3 {
		return -1
	}
	n := 0
	for i := range 3 {
		if code[i] < 'A' || code[i] > 'Z' {
			return -1
		}
		n = n*26 + int(code[i]-'A')
	}
	return n
}

// IsCurrency says whether code is an alphabetic currency code of ISO 4217 in
// force, in upper case.
func IsCurrency(code string) bool {
	n := codeIndex(code)
	return n >= 0 && currencySet[n/64]&(1<<(n%64)) != 0
}
