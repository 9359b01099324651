//go:build linux

package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const checkTimeout = 5 * time.Second

// check asks this pod's own probe, for those who want an exec probe.
func check(ctx context.Context, args, environ []string) error {
	probe := "ready"
	if len(args) > 0 {
		probe = args[0]
	}
	if len(args) > 1 || !slices.Contains([]string{"startup", "live", "ready"}, probe) {
		return usageError("check takes one of startup, live, ready")
	}
	address := ":9121"
	for _, variable := range environ {
		if value, ok := strings.CutPrefix(variable, "ENTRYPOINT_HTTP_ADDRESS="); ok && value != "" {
			address = value
		}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usageError(fmt.Sprintf("ENTRYPOINT_HTTP_ADDRESS is %q: use an address to listen at, such as :9121", address))
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/"+probe, nil)
	if err != nil {
		return fmt.Errorf("ask the probe: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the probe: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("not %s: %s", probe, strings.TrimSpace(string(reason)))
	}
	return nil
}
