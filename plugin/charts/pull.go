package charts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// pull has Helm pull a chart and unpack it: it knows the user's repositories
// and registries, and how to log in to them.
func pull(ctx context.Context, ref, version, folder string) error {
	helm, err := helmBinary()
	if err != nil {
		return err
	}
	args := []string{"pull", ref, "--untar", "--untardir", folder}
	if version != "" {
		args = append(args, "--version", version)
	}
	command := exec.CommandContext(ctx, helm, args...)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("helm pull: %w: %s", err, strings.TrimPrefix(strings.TrimSpace(said.String()), "Error: "))
	}
	return nil
}

// helmBinary is the Helm that runs the plugin, or else the one that a shell
// would find.
func helmBinary() (string, error) {
	if helm := os.Getenv("HELM_BIN"); helm != "" {
		return helm, nil
	}
	helm, err := exec.LookPath("helm")
	if err != nil {
		return "", errors.New(`helm is needed to pull it, and there is none in PATH: run "helm valkey lint", or give a directory or an archive`)
	}
	return helm, nil
}
