// Command generate writes the Go form of the Protobuf schemas beside them. It
// compiles them with protocompile, a Protobuf compiler in Go, and hands the
// result to protoc-gen-go, both at the versions in go.mod: no protoc, no
// download besides Go modules, the same bytes on every machine.
//
// Run it in the folder schemas/: go generate ./schemas
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/pluginpb"
)

// files are the schemas, as paths from schemas/.
var files = []string{"events/v1/event.proto", "snapshot/v1/snapshot.proto"}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{"."}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(context.Background(), files...)
	if err != nil {
		return err
	}

	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: files,
		Parameter:      proto.String("paths=source_relative"),
	}
	// A file stands after those that it imports.
	added := map[string]bool{}
	for _, file := range compiled {
		for i := range file.Imports().Len() {
			if imported := file.Imports().Get(i); !added[imported.Path()] {
				added[imported.Path()] = true
				request.ProtoFile = append(request.ProtoFile, protoutil.ProtoFromFileDescriptor(imported))
			}
		}
		request.ProtoFile = append(request.ProtoFile, protoutil.ProtoFromFileDescriptor(file))
	}

	response, err := plugin(request)
	if err != nil {
		return err
	}
	for _, file := range response.File {
		if err := os.WriteFile(file.GetName(), []byte(file.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// plugin runs protoc-gen-go.
func plugin(request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	in, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "run", "google.golang.org/protobuf/cmd/protoc-gen-go")
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("protoc-gen-go: %w", err)
	}
	response := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(out, response); err != nil {
		return nil, fmt.Errorf("protoc-gen-go's answer: %w", err)
	}
	if response.Error != nil {
		return nil, fmt.Errorf("protoc-gen-go: %s", response.GetError())
	}
	return response, nil
}
