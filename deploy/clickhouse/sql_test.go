package clickhouse_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"runrate/test/guarded"
)

// file is what users.d/runrate.xml says of roles.
type file struct {
	Roles struct {
		Each []struct {
			XMLName xml.Name
			Grants  []string `xml:"grants>query"`
		} `xml:",any"`
	} `xml:"roles"`
	Profiles struct {
		Each []struct {
			XMLName  xml.Name
			Settings []struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
				Bounds  []struct {
					XMLName xml.Name
					Min     string    `xml:"min"`
					Max     string    `xml:"max"`
					Fixed   *struct{} `xml:"readonly"`
				} `xml:",any"`
			} `xml:",any"`
		} `xml:",any"`
	} `xml:"profiles"`
	Quotas struct {
		Each []struct {
			XMLName  xml.Name
			Interval struct {
				Duration string `xml:"duration"`
				Limits   []struct {
					XMLName xml.Name
					Value   string `xml:",chardata"`
				} `xml:",any"`
			} `xml:"interval"`
		} `xml:",any"`
	} `xml:"quotas"`
}

// sql is what roles.sql has to be for the file.
func (f file) sql() []string {
	var out []string
	for _, r := range f.Roles.Each {
		name := r.XMLName.Local
		out = append(out, "CREATE ROLE IF NOT EXISTS "+name)
		for _, g := range r.Grants {
			if g == "GRANT TABLE ENGINE ON Atomic" { // which no statement can
				g = "GRANT TABLE ENGINE ON *"
			} else if strings.HasPrefix(g, "GRANT TABLE ENGINE") {
				continue // one of all
			}
			out = append(out, g+" TO "+name)
		}
	}
	for _, p := range f.Profiles.Each {
		bounds := map[string]string{}
		var settings []string
		for _, s := range p.Settings {
			for _, b := range s.Bounds {
				text := ""
				if b.Min != "" {
					text += " MIN " + b.Min
				}
				if b.Max != "" {
					text += " MAX " + b.Max
				}
				if b.Fixed != nil {
					text += " READONLY"
				}
				bounds[b.XMLName.Local] = text
			}
		}
		for _, s := range p.Settings {
			if name, value := s.XMLName.Local, s.Value; name != "constraints" {
				if value == "throw" {
					value = "'throw'"
				}
				settings = append(settings, name+" = "+value+bounds[name])
			}
		}
		name := p.XMLName.Local
		out = append(out, "CREATE SETTINGS PROFILE OR REPLACE "+name+" SETTINGS "+strings.Join(settings, ", ")+" TO "+name)
	}
	for _, q := range f.Quotas.Each {
		var limits []string
		for _, l := range q.Interval.Limits {
			limits = append(limits, l.XMLName.Local+" = "+l.Value)
		}
		name := q.XMLName.Local
		out = append(out, fmt.Sprintf("CREATE QUOTA OR REPLACE %s KEYED BY user_name FOR INTERVAL %s second MAX %s TO %s", name, q.Interval.Duration, strings.Join(limits, ", "), name))
	}
	slices.Sort(out)
	return out
}

// TestSQLIsTheFile: roles.sql says what the file says, which the other tests try; and the
// server reads it, twice. A server that keeps users made by SQL does what it says; the
// library has no place for them, and says so only once it has understood a statement.
func TestSQLIsTheFile(t *testing.T) {
	text, err := os.ReadFile("users.d/runrate.xml")
	if err != nil {
		t.Fatal(err)
	}
	var f file
	if err := xml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile("roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, s := range strings.Split(regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(string(text), ""), ";") {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			statements = append(statements, s)
		}
	}
	got, want := slices.Sorted(slices.Values(statements)), f.sql()
	if !slices.Equal(got, want) {
		t.Errorf("roles.sql:\n%s\nusers.d/runrate.xml:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(want) < 12 {
		t.Errorf("the file has %d statements", len(want))
	}
	conn := as(t, guarded.Start(t), "")
	for _, s := range append(statements, statements...) {
		err := conn.Exec(t.Context(), s)
		if code(err) == 495 { // ACCESS_STORAGE_READONLY: it was read, and everything in it is known
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// TestPage: docs/ACCESS.md lists the grants of the file.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("users.d/runrate.xml")
	if err != nil {
		t.Fatal(err)
	}
	var f file
	if err := xml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/ACCESS.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range f.Roles.Each {
		for _, g := range r.Grants {
			rights, on, _ := strings.Cut(strings.TrimPrefix(g, "GRANT "), " ON ")
			want = append(want, fmt.Sprintf("| %s | %s | %s |", strings.TrimPrefix(r.XMLName.Local, "runrate_"), rights, on))
		}
	}
	var got []string
	_, after, _ := strings.Cut(string(page), "| role | rights | on |")
	for line := range strings.Lines(after) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| ") {
			got = append(got, line)
		} else if len(got) > 0 {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/ACCESS.md:\n%s\nthe file:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
