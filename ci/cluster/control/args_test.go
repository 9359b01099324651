package control

import (
	"strings"
	"testing"
)

// No question may leave the machine, and a name that does not exist must be known not to.
func TestDNSForwardsNothing(t *testing.T) {
	text := corefile()
	if strings.Contains(text, "forward") {
		t.Error("the DNS forwards")
	}
	if !strings.Contains(text, "rcode NXDOMAIN") {
		t.Error("foreign names get no answer")
	}
}

func TestFlagsAreComplete(t *testing.T) {
	var p Plane
	for _, args := range [][]string{p.etcd(), p.controllers(), p.scheduler()} {
		for _, a := range args[1:] {
			if name, value, ok := strings.Cut(a, "="); ok && value == "" {
				t.Errorf("%s: %s has no value", args[0], name)
			}
		}
	}
}
