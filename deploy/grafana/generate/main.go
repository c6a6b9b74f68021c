// Command generate writes the dashboards as JSON: deploy/grafana/dashboards/NAME.json
// below the current directory, the root of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"runrate/deploy/grafana"
)

func main() {
	for _, b := range grafana.Boards() {
		text, err := b.JSON()
		if err == nil {
			err = os.WriteFile(filepath.Join("deploy/grafana/dashboards", b.Name+".json"), text, 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}
