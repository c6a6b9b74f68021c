// Command cmd prints the table of package lagtraces; `make lag-traces` runs it.
package main

import (
	"fmt"

	"runrate/test/lagtraces"
)

func main() { fmt.Print(lagtraces.Table()) }
