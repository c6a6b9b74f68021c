package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

const secretAnnotation = "runrate-secret"

// secret marks a flag whose value may also be in a file named by the
// environment variable with _FILE at its end.
func secret(flags *pflag.FlagSet, name string) {
	if err := flags.SetAnnotation(name, secretAnnotation, nil); err != nil {
		panic(err) // no such flag
	}
}

// variable is the environment variable of a flag: RUNRATE_LOG_LEVEL of
// --log-level.
func variable(flag string) string {
	return "RUNRATE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line left out and the
// environment has. An empty variable counts as none.
func fromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" {
			return
		}
		name := variable(f.Name)
		value := os.Getenv(name)
		if _, ok := f.Annotations[secretAnnotation]; ok {
			file := os.Getenv(name + "_FILE")
			if file != "" && value != "" {
				errs = append(errs, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name))
				return
			}
			if file != "" {
				content, err := os.ReadFile(file)
				if err != nil {
					errs = append(errs, fmt.Errorf("%s_FILE: %w", name, err))
					return
				}
				name, value = name+"_FILE", strings.TrimRight(string(content), "\r\n")
			}
		}
		if value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	})
	return errors.Join(errs...)
}
