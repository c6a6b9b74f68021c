package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

const secretAnnotation = "runrate-secret"

// secret marks a flag whose value may also be in a file, which the flag with -file at
// its end names, or its environment variable.
func secret(flags *pflag.FlagSet, name string) {
	if err := flags.SetAnnotation(name, secretAnnotation, nil); err != nil {
		panic(err) // no such flag
	}
	flags.String(name+"-file", "", "`file` that holds the value of --"+name)
}

// variable is the environment variable of a flag: RUNRATE_LOG_LEVEL of
// --log-level.
func variable(flag string) string {
	return "RUNRATE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line left out and the
// environment has, then those whose value is in a file. An empty variable counts as none.
func fromEnvironment(flags *pflag.FlagSet) error {
	given := givenFlags{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		value := os.Getenv(name)
		if value == "" || f.Name == "help" || given[f.Name] || given[twin(f.Name)] {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	})
	flags.VisitAll(func(f *pflag.Flag) {
		if _, ok := f.Annotations[secretAnnotation]; ok {
			errs = append(errs, given.fromFile(flags, f))
		}
	})
	return errors.Join(errs...)
}

// twin is the other flag of a secret: of its file, or of its value. The command line
// wins with either.
func twin(name string) string {
	if value, ok := strings.CutSuffix(name, "-file"); ok {
		return value
	}
	return name + "-file"
}

// givenFlags are the flags that the command line has, by name.
type givenFlags map[string]bool

// fromFile sets a secret whose file is named.
func (g givenFlags) fromFile(flags *pflag.FlagSet, f *pflag.Flag) error {
	file := flags.Lookup(twin(f.Name))
	path := file.Value.String()
	switch {
	case path == "":
		return nil
	case f.Changed:
		return fmt.Errorf("%s and %s are both set: keep one", g.told(f), g.told(file))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", g.told(file), err)
	}
	if err := flags.Set(f.Name, strings.TrimRight(string(content), "\r\n")); err != nil {
		return fmt.Errorf("%s: %w", g.told(file), err)
	}
	return nil
}

// told is by what a flag was set, in words.
func (g givenFlags) told(f *pflag.Flag) string {
	if g[f.Name] {
		return "--" + f.Name
	}
	return variable(f.Name)
}
