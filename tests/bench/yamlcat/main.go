// Command yamlcat copies manifests from its standard input to its standard output,
// and reads every document on the way with the library that post-render reads with:
// no post-renderer that looks at all objects can do less.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

func main() {
	debug.SetGCPercent(400) // as the plugin
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "yamlcat:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, to io.Writer) error {
	out := bufio.NewWriter(to)
	for stream := manifest.NewReader(in); ; {
		document, err := stream.Next()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		var object any
		if err := yaml.Unmarshal(document.Bytes, &object); err != nil {
			return err
		}
		if _, err := out.Write(document.Bytes); err != nil {
			return err
		}
	}
}
