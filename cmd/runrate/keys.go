package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"runrate/producers/gateway/keys"
)

func keysCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Say who may send events through the gateway",
		Long: `Keys let services send events through runrate gateway --keys FILE. The file keeps of
each key its id, its SHA-256 and what it may do, never the key itself, which is told
once. A gateway takes changes of the file over within 5 seconds. To replace a key:
create another of the same name, have the service use it, and revoke the one before.`,
	}
	cmd.AddCommand(keysCreateCommand(a), keysListCommand(a), keysRevokeCommand(a))
	return cmd
}

// keysFile gives a command the flag of the file.
func keysFile(cmd *cobra.Command) *string {
	path := cmd.Flags().String("keys", "", "`file` of keys")
	if err := cmd.MarkFlagRequired("keys"); err != nil {
		panic(err) // no such flag
	}
	return path
}

func keysCreateCommand(a *app) *cobra.Command {
	var k keys.Key
	var notAfter string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a key, and print it once",
		Example: examples(
			"runrate keys create billing --keys keys.yaml",
			"runrate keys create gateway-eu --keys keys.yaml --type usage.recorded --source api-gateway/eu-1 --account-prefix eu_ --rate 5000 --not-after 2027-06-30T00:00:00Z",
		),
		Args: cobra.ExactArgs(1),
	}
	path := keysFile(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&k.Types, "type", nil, "`type` of event that it may send, once for each (default: all that are about an account)")
	f.StringArrayVar(&k.Accounts, "account-prefix", nil, "what the accounts it may send for begin with, once for each (default: all)")
	f.StringArrayVar(&k.Sources, "source", nil, "source that it may send for, once for each (default: all)")
	f.Float64Var(&k.Rate, "rate", 0, "events a second, averaged; 0 is without bound")
	f.StringVar(&notAfter, "not-after", "", "when it ends, RFC 3339 (default: when it is revoked)")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		var err error
		k.Name, k.Created = args[0], time.Now().UTC().Truncate(time.Second)
		if notAfter != "" {
			if k.NotAfter, err = time.Parse(time.RFC3339, notAfter); err != nil {
				return usagef("--not-after %q is no RFC 3339 time, such as 2027-06-30T00:00:00Z", notAfter)
			}
		}
		made, secret, err := keys.New(k)
		if err != nil {
			return usageError{err}
		}
		if err := keys.Change(*path, func(s *keys.Set) error { s.Keys = append(s.Keys, made); return nil }); err != nil {
			return err
		}
		fmt.Fprintf(a.err, "key %s of %s, which is told this once; send it as Authorization: Bearer KEY\n", made.ID, made.Name)
		a.printf("%s\n", secret)
		return nil
	}
	return cmd
}

func keysListCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "Show the keys, and what each may do", Example: examples("runrate keys list --keys keys.yaml"), Args: cobra.NoArgs}
	path := keysFile(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		text, err := os.ReadFile(*path)
		if err != nil {
			return err
		}
		set, err := keys.Parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", *path, err)
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "id\tname\tstate\ttypes\taccounts\tsources\trate\tnot after")
		all := func(of []string) string {
			if len(of) == 0 {
				return "all"
			}
			return strings.Join(of, ",")
		}
		for _, k := range set.Keys {
			until, rate := "", "unbounded"
			if !k.NotAfter.IsZero() {
				until = k.NotAfter.UTC().Format(time.RFC3339)
			}
			if k.Rate > 0 {
				rate = fmt.Sprintf("%g/s", k.Rate)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, k.State(time.Now()), all(k.Types), all(k.Accounts), all(k.Sources), rate, until)
		}
		return w.Flush()
	}
	return cmd
}

func keysRevokeCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "revoke ID", Short: "End a key, within 5 seconds", Example: examples("runrate keys revoke 1f3a9c04 --keys keys.yaml"), Args: cobra.ExactArgs(1)}
	path := keysFile(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return keys.Change(*path, func(s *keys.Set) error {
			i := slices.IndexFunc(s.Keys, func(k keys.Key) bool { return k.ID == args[0] })
			if i < 0 {
				return fmt.Errorf("%s has no key with the id %.64q: runrate keys list shows them", *path, args[0])
			}
			if s.Keys[i].Revoked.IsZero() {
				s.Keys[i].Revoked = time.Now().UTC().Truncate(time.Second)
			}
			a.printf("%s of %s is revoked\n", s.Keys[i].ID, s.Keys[i].Name)
			return nil
		})
	}
	return cmd
}
