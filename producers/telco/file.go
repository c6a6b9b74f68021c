package telco

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"runrate/internal/money"
)

// Customer is one row: a customer with its one subscription.
type Customer struct {
	ID      string
	Tenure  int // months before the end, 0..MaxTenure
	Plan    string
	Monthly money.Amount // not negative
	Churned bool
}

// MaxTenure bounds a tenure, in months: 50 years.
const MaxTenure = 600

// File is a file read whole, in its order.
type File struct {
	Name      string // without directory and extension; part of the events' source
	Customers []Customer
}

// Summary is what a file holds.
type Summary struct {
	Customers, Churned   int
	Monthly, ChurnedAway money.Amount // MonthlyCharges of all and of the churned
}

// Open reads a file.
func Open(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	return Read(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), f)
}

//go:embed sample/sample_telco.csv
var sample []byte

// Sample is a small file of the same shape as the real one, made up.
func Sample() (File, error) { return Read("sample_telco", bytes.NewReader(sample)) }

// header names the columns that count, in any order among any others.
var header = [...]string{"customerID", "tenure", "Contract", "MonthlyCharges", "Churn"}

// Read reads a file of that name. It must hold at least one customer, and none
// twice.
func Read(name string, in io.Reader) (File, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	fields, err := r.Read()
	if err != nil {
		return File{}, fmt.Errorf("%s: read the header: %w", name, noEOF(err))
	}
	var at [len(header)]int
	for i, column := range header {
		if at[i] = index(fields, column); at[i] < 0 {
			return File{}, fmt.Errorf("%s: no column %s: not a file of %s", name, column, strings.Join(header[:], ","))
		}
	}
	file := File{Name: name}
	seen := map[string]bool{}
	for {
		fields, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return File{}, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		c, err := customer(fields[at[0]], fields[at[1]], fields[at[2]], fields[at[3]], fields[at[4]])
		if err == nil && seen[c.ID] {
			err = fmt.Errorf("customerID %s is there twice", c.ID)
		}
		if err != nil {
			return File{}, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		seen[c.ID] = true
		file.Customers = append(file.Customers, c)
	}
	if len(file.Customers) == 0 {
		return File{}, fmt.Errorf("%s holds no customers", name)
	}
	return file, nil
}

func customer(id, tenure, contract, monthly, churn string) (Customer, error) {
	c := Customer{ID: strings.Clone(id), Plan: slug(contract)}
	var err error
	if c.ID == "" {
		return c, errors.New("no customerID")
	}
	if c.Tenure, err = strconv.Atoi(tenure); err != nil || c.Tenure < 0 || c.Tenure > MaxTenure {
		return c, fmt.Errorf("tenure %q: must be a number of months, 0 to %d", tenure, MaxTenure)
	}
	if c.Plan == "" {
		return c, errors.New("no Contract")
	}
	if c.Monthly, err = money.Parse(monthly); err != nil {
		return c, fmt.Errorf("MonthlyCharges %w", err)
	}
	if c.Monthly.Sign() < 0 {
		return c, fmt.Errorf("MonthlyCharges %s is negative", monthly)
	}
	switch churn {
	case "Yes":
		c.Churned = true
	case "No":
	default:
		return c, fmt.Errorf("Churn %q is neither Yes nor No", churn)
	}
	return c, nil
}

// slug is a name in lower case with dashes: month-to-month of Month-to-month,
// one-year of One year.
func slug(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), "-")
}

// Summary adds the file up; ok is false when a sum is out of range.
func (f File) Summary() (s Summary, ok bool) {
	for _, c := range f.Customers {
		s.Customers++
		s.Monthly = s.Monthly.Plus(c.Monthly)
		if c.Churned {
			s.Churned++
			s.ChurnedAway = s.ChurnedAway.Plus(c.Monthly)
		}
	}
	return s, s.Monthly.InRange() && s.ChurnedAway.InRange()
}

// longest is the longest tenure.
func (f File) longest() int {
	var longest int
	for _, c := range f.Customers {
		longest = max(longest, c.Tenure)
	}
	return longest
}

func index(fields []string, name string) int {
	for i, f := range fields {
		if strings.TrimPrefix(f, "\ufeff") == name {
			return i
		}
	}
	return -1
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
