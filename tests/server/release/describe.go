//go:build linux

package release

import (
	"os"
	"strings"
)

const logLines = 400

// describe logs what a pod says of itself and the end of its log.
func (p *Pod) describe() {
	tb := p.release.TB
	if p.Running() {
		if _, body, err := p.Get("/status"); err != nil {
			tb.Logf("%s: /status: %v", p.Name, err)
		} else {
			tb.Logf("%s: %s", p.Name, body)
		}
	} else if p.command != nil {
		tb.Logf("%s: ended with code %d", p.Name, p.exit)
	}
	lines := strings.Split(p.Log(), "\n")
	tb.Logf("%s: the last lines of its log:\n%s", p.Name, strings.Join(lines[max(0, len(lines)-logLines):], "\n"))
}

// Log returns what the pod's containers have printed so far.
func (p *Pod) Log() string {
	content, err := os.ReadFile(p.log())
	if err != nil && !os.IsNotExist(err) {
		p.release.TB.Errorf("log of %s: %v", p.Name, err)
	}
	return string(content)
}
