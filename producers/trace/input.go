package trace

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Input is one trace file and the product whose calls it holds.
type Input struct {
	Name    string // without directory and extension; part of the event ids
	Product string
	Open    func() (io.ReadCloser, error)
}

// Products by what a file's name contains.
const (
	ConversationProduct = "chat-large"      // "conv"
	CodeProduct         = "code-completion" // "code"
)

// Files are the inputs for arguments of the form FILE or FILE=PRODUCT. Without
// a product, the name tells: "conv" is chat-large, "code" is code-completion.
func Files(args []string) ([]Input, error) {
	var inputs []Input
	seen := make(map[string]string)
	for _, arg := range args {
		path, product, given := strings.Cut(arg, "=")
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if !given {
			product = productOf(name)
		}
		if product == "" {
			return nil, fmt.Errorf("%s: which product? name it as %s=PRODUCT, or let the name contain conv (%s) or code (%s)",
				path, path, ConversationProduct, CodeProduct)
		}
		if other, ok := seen[name]; ok {
			return nil, fmt.Errorf("%s and %s have the same name: their events would have the same ids", other, path)
		}
		seen[name] = path
		inputs = append(inputs, Input{Name: name, Product: product, Open: func() (io.ReadCloser, error) { return os.Open(path) }})
	}
	return inputs, nil
}

func productOf(name string) string {
	switch {
	case strings.Contains(name, "conv"):
		return ConversationProduct
	case strings.Contains(name, "code"):
		return CodeProduct
	}
	return ""
}

//go:embed sample/*.csv
var samples embed.FS

// Sample is a small trace of the same shape as the real ones, made up.
func Sample() []Input {
	var inputs []Input
	for _, name := range []string{"sample_conv", "sample_code"} {
		inputs = append(inputs, Input{Name: name, Product: productOf(name), Open: func() (io.ReadCloser, error) {
			return samples.Open("sample/" + name + ".csv")
		}})
	}
	return inputs
}
